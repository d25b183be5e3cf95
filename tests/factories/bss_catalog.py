"""Makers of catalogue entries, straight through the models."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from bss.catalog.models import (
    Allowance,
    BundleItem,
    Catalog,
    Category,
    OfferingPrice,
    OfferingRelation,
    PriceTier,
    ProductOffering,
    ProductSpecification,
    Tariff,
    TariffCalendar,
    TariffRate,
    TimeBand,
    TimeBandHours,
    Zone,
    ZonePlan,
    ZonePrefix,
)
from kernel import clock
from tests.factories.rest import sample

START = date(2025, 1, 1)
_serial = count(1)

DOWNSTREAM = {
    "name": "downstream_mbps",
    "type": "integer",
    "label_en": "Download speed",
    "label_fr": "Débit descendant",
    "unit": "Mbit/s",
    "required": True,
    "minimum": 1,
    "maximum": 10_000,
}


def make_category(**overrides: Any) -> Category:
    """A shelf without a catalogue."""
    number = next(_serial)
    return Category.objects.create(
        **{"code": f"shelf-{number}", "name_en": f"Shelf {number}", "name_fr": f"Rayon {number}", **overrides}
    )


def make_catalog(**overrides: Any) -> Catalog:
    """An empty catalogue."""
    number = next(_serial)
    return Catalog.objects.create(
        **{
            "code": f"catalog-{number}",
            "name_en": f"Catalogue {number}",
            "name_fr": f"Catalogue {number}",
            **overrides,
        }
    )


def make_specification(**overrides: Any) -> ProductSpecification:
    """An internet access with one characteristic, launched."""
    number = next(_serial)
    values = {
        "code": f"internet-{number}",
        "name_en": f"Internet access {number}",
        "name_fr": f"Accès internet {number}",
        "characteristics": [DOWNSTREAM],
        "status": "launched",
        **overrides,
    }
    return ProductSpecification.objects.create(**values)


def make_offering(*, launch: bool = True, **overrides: Any) -> ProductOffering:
    """An offer on sale since 2025, without prices; `launch=False` leaves it in design, open for edits."""
    number = next(_serial)
    values: dict[str, Any] = {
        "code": f"offer-{number}",
        "name_en": f"Offer {number}",
        "name_fr": f"Offre {number}",
        "valid_from": START,
        **overrides,
    }
    if not values.get("is_bundle") and "specification" not in values:
        values["specification"] = make_specification()
    if not values.get("is_bundle") and "characteristics" not in values:
        values["characteristics"] = {"downstream_mbps": 100}
    offering = ProductOffering.objects.create(**values)
    return launch_offering(offering) if launch else offering


def launch_offering(offering: ProductOffering) -> ProductOffering:
    """Put an offer on sale with its prices and their tariffs, without asking anybody."""
    now = clock.now()
    Tariff.objects.filter(prices__offering=offering, status="draft").update(status="released")
    offering.prices.filter(released=None).update(released=now)
    ProductOffering.objects.filter(pk=offering.pk).update(status="launched", launched=now)
    offering.refresh_from_db()
    return offering


def make_price(**overrides: Any) -> OfferingPrice:
    """50 € a month in advance on an open offer; `kind="one_off"` and `kind="usage"` fill in what these need."""
    offering = overrides.pop("offering", None) or make_offering(launch=False)
    kind = overrides.get("kind", OfferingPrice.Kind.RECURRING)
    by_kind: dict[str, dict[str, Any]] = {
        "recurring": {"code": "monthly", "amount": Decimal(50), "period_months": 1, "timing": "advance"},
        "one_off": {"code": "setup", "amount": Decimal(90), "occasion": "activation"},
        "usage": {"code": "voice"},
    }
    values = {
        "kind": kind,
        "name_en": "Monthly fee",
        "name_fr": "Abonnement",
        "valid_from": START,
        **by_kind[str(kind)],
        **overrides,
    }
    if kind == OfferingPrice.Kind.USAGE and "tariff" not in values:
        values["tariff"] = make_tariff()
    return OfferingPrice.objects.create(offering=offering, **values)


def make_bundle_item(**overrides: Any) -> BundleItem:
    """A member that a bundle always holds once."""
    bundle = overrides.pop("bundle", None) or make_offering(launch=False, is_bundle=True)
    offering = overrides.pop("offering", None) or make_offering()
    return BundleItem.objects.create(bundle=bundle, offering=offering, **overrides)


def make_allowance(**overrides: Any) -> Allowance:
    """300 minutes shared on the account, on an open offer."""
    offering = overrides.pop("offering", None) or make_offering(launch=False)
    values = {
        "code": "minutes-300",
        "name_en": "300 minutes",
        "name_fr": "300 minutes",
        "unit": "min",
        "quantity": 300,
        "shared": True,
        **overrides,
    }
    return Allowance.objects.create(offering=offering, **values)


def make_zone_plan(zones: dict[str, list[str]] | None = None, **overrides: Any) -> ZonePlan:
    """A plan of zones with their prefixes; by default national fixed, national mobile and Europe."""
    number = next(_serial)
    plan = ZonePlan.objects.create(
        **{"code": f"zones-{number}", "name_en": f"Zones {number}", "name_fr": f"Zones {number}", **overrides}
    )
    wanted = zones or {"national": ["33"], "mobile": ["336", "337"], "europe": ["32", "34", "49"]}
    for code, prefixes in wanted.items():
        zone = Zone.objects.create(plan=plan, code=code, name_en=code.title(), name_fr=code.title())
        ZonePrefix.objects.bulk_create(ZonePrefix(plan=plan, zone=zone, prefix=prefix) for prefix in prefixes)
    return plan


def make_calendar(**overrides: Any) -> TariffCalendar:
    """Peak on working days from 8 to 19 in Paris, off-peak else and on holidays."""
    number = next(_serial)
    calendar = TariffCalendar.objects.create(
        **{
            "code": f"peak-{number}",
            "name_en": "Peak hours",
            "name_fr": "Heures pleines",
            "country": "FR",
            **overrides,
        }
    )
    peak = TimeBand.objects.create(calendar=calendar, code="peak", name_en="Peak", name_fr="Heures pleines")
    TimeBand.objects.create(
        calendar=calendar, code="off-peak", name_en="Off-peak", name_fr="Heures creuses", is_default=True
    )
    TimeBandHours.objects.bulk_create(
        TimeBandHours(calendar=calendar, band=peak, day=day, start_minute=8 * 60, end_minute=19 * 60)
        for day in range(5)
    )
    return calendar


def make_tariff(**overrides: Any) -> Tariff:
    """A draft voice tariff with zones, peak hours and a rate in each zone and band, 30/6 in Europe."""
    number = next(_serial)
    values = {
        "code": f"voice-{number}",
        "service": Tariff.Service.VOICE,
        "name_en": f"Business voice {number}",
        "name_fr": f"Voix pro {number}",
        **overrides,
    }
    if "zone_plan" not in values:
        values["zone_plan"] = make_zone_plan()
    if "calendar" not in values:
        values["calendar"] = make_calendar()
    tariff = Tariff.objects.create(**values)
    if tariff.zone_plan is None:
        return tariff
    prices = {"national": ("0.02", "0.01"), "mobile": ("0.12", "0.08"), "europe": ("0.15", "0.15")}
    bands: list[TimeBand | None] = (
        list(tariff.calendar.bands.order_by("-code")) if tariff.calendar else [None]
    )
    TariffRate.objects.bulk_create(
        TariffRate(
            tariff=tariff,
            zone=zone,
            band=band,
            connect_fee=Decimal("0.05"),
            price=Decimal(prices.get(zone.code, ("0.20", "0.20"))[index]),
            per=60,
            first_step=30 if zone.code == "europe" else 1,
            next_step=6 if zone.code == "europe" else 1,
        )
        for zone in tariff.zone_plan.zones.all()
        for index, band in enumerate(bands)
    )
    return tariff


# Samples of the REST resources


@sample(
    "620/catalog", body=lambda: {"name": "Business"}, patch=lambda row: {"name": "Other", "nameFr": "Autre"}
)
def catalogs(count: int) -> list[Catalog]:
    made = [make_catalog() for _index in range(count)]
    for catalog in made:
        make_category(catalog=catalog)
    return made


@sample(
    "620/category",
    body=lambda: {"name": "Fibre", "parentId": str(make_category().pk)},
    patch=lambda row: {"description": "Light in glass"},
)
def categories(count: int) -> list[Category]:
    made = [make_category() for _index in range(count)]
    for category in made:
        make_category(parent=category)
        make_offering(category=category)
    return made


@sample(
    "620/productSpecification",
    body=lambda: {
        "name": "Internet access",
        "productSpecCharacteristic": [
            {
                "name": "downstream",
                "valueType": "integer",
                "minCardinality": 1,
                "productSpecCharacteristicValue": [{"value": 100, "isDefault": True, "valueTo": 1000}],
            }
        ],
    },
    patch=lambda row: {"name": "Access", "lifecycleStatus": "Retired"},
)
def specifications(count: int) -> list[ProductSpecification]:
    return [make_specification() for _index in range(count)]


@sample(
    "620/productOffering",
    body=lambda: {
        "name": "Business Internet 100",
        "nameFr": "Internet Pro 100",
        "productSpecification": {"id": str(make_specification().pk)},
        "category": [{"id": str(make_category().pk)}],
        "prodSpecCharValueUse": [
            {"name": "downstream_mbps", "productSpecCharacteristicValue": [{"value": 100}]}
        ],
        "productOfferingPrice": [{"id": str(make_price().pk)}],
        "serviceLevelAgreement": {"id": "gold"},
    },
    patch=lambda row: {"description": "In other words"},
)
def offerings(count: int) -> list[ProductOffering]:
    made = []
    for _index in range(count):
        bundle = make_offering(launch=False, is_bundle=True, category=make_category(), sla_class="silver")
        make_bundle_item(bundle=bundle, offering=make_offering())
        make_price(offering=bundle)
        made.append(bundle)
    return made


@sample(
    "620/productOfferingPrice",
    body=lambda: {
        "name": "Monthly fee",
        "priceType": "recurring",
        "price": {"unit": "EUR", "value": 49.9},
        "productOffering": {"id": str(make_offering(launch=False).pk)},
    },
    patch=lambda row: {"name": "Fee", "proration": "thirty"},
)
def prices(count: int) -> list[OfferingPrice]:
    return [make_price(amount=Decimal(10 + index)) for index in range(count)]


def make_whole_offer() -> ProductOffering:
    """A bundle in design with something of everything its page shows."""
    offering = make_offering(launch=False, is_bundle=True, segments=["business"])
    make_bundle_item(bundle=offering)
    make_price(offering=offering, model="graduated", amount=0)
    PriceTier.objects.create(price=offering.prices.get(), up_to=5, unit=Decimal(3), flat=Decimal(1))
    make_price(offering=offering, kind="usage", name_en="Calls", name_fr="Appels")
    make_allowance(offering=offering)
    OfferingRelation.objects.create(offering=offering, kind="excludes", other_code="basic")
    return offering


SAMPLES = {
    "bss_catalog.ProductOffering": make_whole_offer,
    "bss_catalog.OfferingPrice": make_price,
    "bss_catalog.ProductSpecification": make_specification,
    "bss_catalog.Tariff": make_tariff,
    "bss_catalog.ZonePlan": make_zone_plan,
}
