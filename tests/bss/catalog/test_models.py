"""What the database itself guards about offers, prices and tariffs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from bss.catalog.models import OfferingPrice, PriceTier, ProductOffering, TariffRate, TimeBandHours
from tests.factories.bss_catalog import (
    launch_offering,
    make_allowance,
    make_bundle_item,
    make_calendar,
    make_offering,
    make_price,
    make_tariff,
    make_zone_plan,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "one_off", "occasion": ""},
        {"kind": "one_off", "period_months": 1},
        {"kind": "recurring", "timing": ""},
        {"kind": "recurring", "period_months": 0},
        {"kind": "usage", "tariff": None},
        {"kind": "usage", "amount": 1},
    ],
)
def test_a_price_has_what_its_kind_needs(values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="bss_price_fits_kind"):
        make_price(**values)


def test_of_one_price_code_one_is_in_force_a_day() -> None:
    price = make_price(valid_to=date(2026, 1, 1))

    make_price(offering=price.offering, valid_from=date(2026, 1, 1))
    make_price(offering=price.offering, currency="USD")
    with pytest.raises(IntegrityError, match="bss_price_one_in_force"):
        make_price(offering=price.offering, valid_from=date(2025, 12, 31), valid_to=date(2026, 1, 1))


def test_one_revision_of_an_offer_is_launched() -> None:
    first = make_offering()
    second = make_offering(launch=False, code=first.code, revision=2)

    with pytest.raises(IntegrityError, match="bss_offering_one_launched"):
        launch_offering(second)


@pytest.mark.parametrize(("minimum", "default", "maximum"), [(1, 0, 1), (0, 2, 1), (0, 0, 0)])
def test_a_bundle_counts_its_members(minimum: int, default: int, maximum: int) -> None:
    with pytest.raises(IntegrityError, match="bss_bundle_cardinality"):
        make_bundle_item(minimum=minimum, default=default, maximum=maximum)


def test_bands_of_a_calendar_do_not_overlap() -> None:
    calendar = make_calendar()
    off_peak = calendar.bands.get(is_default=True)

    with pytest.raises(IntegrityError, match="bss_hours_one_band_at_a_time"):
        TimeBandHours.objects.create(
            calendar=calendar, band=off_peak, day=0, start_minute=600, end_minute=660
        )


def test_a_prefix_leads_to_one_zone_of_a_plan() -> None:
    with pytest.raises(IntegrityError, match="bss_prefix_once_a_plan"):
        make_zone_plan({"national": ["33"], "other": ["33"]})


def _sold() -> OfferingPrice:
    offering = make_offering(launch=False)
    price = make_price(offering=offering, model="graduated", amount=0)
    PriceTier.objects.create(price=price, unit=Decimal(5))
    make_price(offering=offering, kind="usage", name_en="Calls")
    make_allowance(offering=offering).zones.set(make_zone_plan().zones.all()[:1])
    launch_offering(offering)
    return OfferingPrice.objects.get(pk=price.pk)


EDITS: dict[str, Callable[[OfferingPrice], Any]] = {
    "the amount": lambda price: OfferingPrice.objects.filter(pk=price.pk).update(amount=1),
    "the price itself": lambda price: OfferingPrice.objects.filter(pk=price.pk).delete(),
    "a tier": lambda price: price.tiers.update(unit=1),
    "one tier more": lambda price: PriceTier.objects.create(price=price, up_to=10, unit=1),
    "a rate": lambda price: TariffRate.objects.update(price=F("price") * 2),
    "one rate less": lambda price: TariffRate.objects.all().delete(),
    "peak hours": lambda price: TimeBandHours.objects.update(end_minute=1200),
    "the allowance": lambda price: price.offering.allowances.update(quantity=1),
    "the allowance's zones": lambda price: price.offering.allowances.get().zones.clear(),
    "what is sold": lambda price: ProductOffering.objects.filter(pk=price.offering_id).update(
        characteristics={"downstream_mbps": 1}
    ),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_what_was_sold_is_never_edited(edit: Callable[[OfferingPrice], Any]) -> None:
    price = _sold()

    with pytest.raises(IntegrityError, match="is released"), transaction.atomic():
        edit(price)


def test_a_sold_price_may_end_and_a_sold_offer_may_be_retold() -> None:
    price = _sold()

    OfferingPrice.objects.filter(pk=price.pk).update(valid_to=date(2027, 1, 1))
    ProductOffering.objects.filter(pk=price.offering_id).update(
        description_en="Clearer words", status="retired"
    )

    assert ProductOffering.objects.get(pk=price.offering_id).status == "retired"


def test_an_open_offer_is_edited_freely() -> None:
    price = make_price()
    tariff = make_tariff()

    OfferingPrice.objects.filter(pk=price.pk).update(amount=1)
    tariff.rates.update(price=1)
    price.delete()

    assert not OfferingPrice.objects.exists()
