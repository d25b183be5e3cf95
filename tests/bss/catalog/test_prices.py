"""Doors of prices and tariffs, eligibility and the simulator."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from bss.catalog import services
from bss.catalog.events import PriceSuperseded
from bss.catalog.models import OfferingPrice, ProductOffering, Tariff
from bss.catalog.services import characteristics
from bss.catalog.services.pricing import Tier
from kernel.errors import DomainError, IllegalMove, Invalid, StaleVersion
from kernel.models import OutboxEvent
from tests.factories.bss_catalog import (
    launch_offering,
    make_allowance,
    make_bundle_item,
    make_offering,
    make_price,
    make_specification,
    make_tariff,
    make_zone_plan,
)

pytestmark = pytest.mark.django_db


def sold(**values: Any) -> OfferingPrice:
    """A price of 50 € a month on an offer on sale."""
    price = make_price(**values)
    launch_offering(price.offering)
    return OfferingPrice.objects.get(pk=price.pk)


# ---------------------------------------------------------------------------------------------------- prices


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"kind": "recurring", "occasion": "activation"}, {"occasion"}),
        ({"kind": "recurring", "period_months": 0}, {"period_months"}),
        ({"kind": "one_off", "timing": "advance"}, {"timing"}),
        ({"kind": "usage"}, {"tariff"}),
        ({"kind": "one_off", "amount": Decimal(-1)}, {"amount"}),
        ({"kind": "recurring", "model": "graduated"}, {"tiers"}),
        ({"kind": "recurring", "tiers": [Tier(None)]}, {"tiers"}),
        ({"kind": "recurring", "model": "package"}, {"package_size"}),
        ({"kind": "recurring", "currency": "euro"}, {"currency"}),
        ({"kind": "recurring", "valid_to": date(2020, 1, 1)}, {"valid_to"}),
        ({"kind": "gift"}, {"kind"}),
    ],
)
def test_a_price_that_does_not_hold_together_is_refused(values: dict[str, Any], fields: set[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        services.add_price(offering=make_offering(launch=False), code="x", name_en="X", **values)

    assert fields <= set(refusal.value.fields)
    assert not OfferingPrice.objects.exists()


def test_a_code_is_in_force_once_at_a_time() -> None:
    price = make_price(valid_to=date(2026, 1, 1))

    with pytest.raises(Invalid, match="in force"):
        services.add_price(
            offering=price.offering, code="monthly", kind="recurring", valid_from=date(2025, 12, 1)
        )
    services.add_price(offering=price.offering, code="monthly", kind="recurring", valid_from=date(2026, 1, 1))


def test_an_open_price_is_edited_with_its_tiers() -> None:
    price = make_price()

    changed = services.change_price(
        price=price, version=1, model="volume", amount=Decimal(0), tiers=[Tier(None, Decimal(3))]
    )

    assert (changed.model, changed.tiers.get().unit) == ("volume", 3)
    with pytest.raises(StaleVersion):
        services.change_price(price=changed, version=1, name_en="Late")
    services.remove_price(price=changed)
    assert not OfferingPrice.objects.exists()


def test_a_sold_price_is_superseded_and_never_edited(now: datetime) -> None:
    price = sold()
    day = now.date() + timedelta(days=17)

    for edit in (services.change_price, services.remove_price):
        with pytest.raises(DomainError, match="sold price"):
            edit(price=price)
    new = services.supersede_price(price=price, day=day, amount=Decimal(55), reason="inflation")

    price.refresh_from_db()
    assert (price.amount, price.valid_to) == (50, day)
    assert (new.amount, new.valid_from, new.supersedes, new.released) == (55, day, price, now)
    assert [row.amount for row in price.offering.prices.in_force(day - timedelta(days=1))] == [50]
    assert [row.amount for row in price.offering.prices.in_force(day)] == [55]
    assert OutboxEvent.objects.get(name=PriceSuperseded.name).payload["day"] == day.isoformat()


def test_tiers_follow_a_superseded_price_unless_new_ones_are_given(now: datetime) -> None:
    offering = make_offering(launch=False)
    services.add_price(
        offering=offering,
        code="seats",
        kind="recurring",
        model="volume",
        name_en="S",
        tiers=[Tier(None, Decimal(9))],
    )
    launch_offering(offering)
    price = offering.prices.get()

    kept = services.supersede_price(price=price, day=now.date(), timing="arrears")
    changed = services.supersede_price(
        price=kept, day=now.date() + timedelta(days=1), tiers=[Tier(None, Decimal(8))]
    )

    assert (kept.tiers.get().unit, kept.timing, changed.tiers.get().unit) == (9, "arrears", 8)


def test_what_was_sold_was_sold(now: datetime) -> None:
    price = sold()

    with pytest.raises(Invalid, match="today or later"):
        services.supersede_price(price=price, day=now.date() - timedelta(days=1), amount=Decimal(1))
    with pytest.raises(Invalid, match="today or later"):
        services.end_price(price=price, day=date(2025, 6, 1))
    services.end_price(price=price, day=now.date())
    with pytest.raises(Invalid, match="ended"):
        services.supersede_price(price=price, day=now.date() + timedelta(days=1), amount=Decimal(1))
    with pytest.raises(Invalid, match="never released"):
        services.supersede_price(price=make_price(), day=now.date(), amount=Decimal(1))


def test_a_price_may_wait_for_its_offer() -> None:
    first = services.draft_price(name_en="Installation", amount=Decimal(90))
    second = services.draft_price(name_en="Installation", amount=Decimal(80))
    offering = make_offering(launch=False)

    services.assign_price(price=first, offering=offering)

    assert offering.prices.get() == first
    assert second.code == "installation-2"
    twin = services.draft_price(name_en="Installation", amount=Decimal(70))
    assert twin.code == "installation"
    with pytest.raises(Invalid, match="price of this code"):
        services.assign_price(price=twin, offering=offering)
    with pytest.raises(Invalid, match="was on sale"):
        services.assign_price(price=second, offering=make_offering())


# --------------------------------------------------------------------------------------------------- tariffs


def test_the_longest_prefix_decides() -> None:
    plan = make_zone_plan({"world": ["3"], "france": ["33"], "mobile": ["336", "337"]})

    found = {
        number: services.zone_of(plan=plan, number=number)
        for number in ("+33612345678", "33412", "3212", "44")
    }

    assert {number: zone and zone.code for number, zone in found.items()} == {
        "+33612345678": "mobile", "33412": "france", "3212": "world", "44": None,
    }  # fmt: skip


def test_prefixes_are_digits_and_belong_to_one_zone() -> None:
    plan = services.create_zone_plan(code="plan", name_en="Plan")
    zone = services.add_zone(plan=plan, code="fr", name_en="France", prefixes=["+33", "33 "])

    assert list(zone.prefixes.values_list("prefix", flat=True)) == ["33"]
    assert services.set_prefixes(zone=zone, prefixes=["331", "332"]) == 2
    with pytest.raises(Invalid, match="Not a prefix: 3x"):
        services.set_prefixes(zone=zone, prefixes=["3x"])
    with pytest.raises(Invalid, match=r"331 \(fr\)"):
        services.add_zone(plan=plan, code="other", name_en="Other", prefixes=["331"])


def test_a_calendar_has_one_band_for_the_rest() -> None:
    peak = {"name_en": "Peak", "hours": [(0, 480, 1140)]}

    calendar = services.create_calendar(
        code="c", name_en="C", bands={"peak": peak, "off": {"name_en": "Off"}}
    )

    assert calendar.bands.get(is_default=True).code == "off"
    with pytest.raises(Invalid, match="one band has no hours"):
        services.create_calendar(code="d", name_en="D", bands={"peak": peak})
    for hours, words in (((0, 1000, 1200), "same hour"), ((8, 0, 1), "one day"), ((1, 5, 5), "one day")):
        with pytest.raises(Invalid, match=words):
            services.create_calendar(
                code="e",
                name_en="E",
                bands={"peak": peak, "x": {"name_en": "X", "hours": [hours]}, "off": {"name_en": "Off"}},
            )


def test_rates_are_set_while_the_tariff_is_a_draft() -> None:
    tariff = make_tariff()
    zone = tariff.zone_plan.zones.first()

    services.set_rates(
        tariff=tariff, rates=[{"price": Decimal("0.1")}, {"zone": zone, "price": Decimal("0.2")}]
    )

    assert tariff.rates.count() == 2
    foreign = make_tariff()
    for rates, words in (
        ([{"price": 1}, {"price": 2}], "Two rates"),
        ([{"zone": foreign.zone_plan.zones.first()}], "another plan"),
        ([{"band": foreign.calendar.bands.first()}], "another calendar"),
        ([{"next_step": 0}], "Steps"),
    ):
        with pytest.raises(Invalid, match=words):
            services.set_rates(tariff=tariff, rates=rates)
    Tariff.objects.filter(pk=tariff.pk).update(status="released")
    tariff.refresh_from_db()
    with pytest.raises(Invalid, match="new revision"):
        services.set_rates(tariff=tariff, rates=[])


def test_a_tariff_is_revised_by_copy() -> None:
    tariff = make_tariff()
    rates = set(tariff.rates.values_list("zone", "band", "price", "connect_fee", "first_step"))

    copy = services.new_tariff_revision(tariff=tariff)

    assert (copy.code, copy.revision, copy.status) == (tariff.code, 2, "draft")
    assert set(copy.rates.values_list("zone", "band", "price", "connect_fee", "first_step")) == rates
    with pytest.raises(Invalid, match="taken"):
        services.create_tariff(code=tariff.code, name_en="Again", service="voice")


def test_a_tariff_in_use_is_not_retired() -> None:
    price = sold(kind="usage", name_en="Calls")

    with pytest.raises(Invalid, match="still use"):
        services.retire_tariff(tariff=price.tariff)
    with pytest.raises(IllegalMove):
        services.retire_tariff(tariff=make_tariff())
    services.retire(offering=ProductOffering.objects.get(pk=price.offering_id))
    assert services.retire_tariff(tariff=Tariff.objects.get(pk=price.tariff_id)).status == "retired"


# ------------------------------------------------------------------------------- characteristics, eligibility


def test_values_come_from_specification_offer_and_customer_in_this_order() -> None:
    specification = make_specification(
        characteristics=[
            {"name": "speed", "type": "integer", "default": 10},
            {"name": "ip", "type": "string", "choices": ["dynamic", "static"], "default": "dynamic"},
            {"name": "ratio", "type": "number", "required": True},
            {"name": "ipv6", "type": "boolean"},
        ]
    )
    offering = make_offering(specification=specification, characteristics={"speed": 100})

    values = characteristics.effective(offering, {"ip": "static", "ratio": "0.5", "ipv6": "on"})

    assert values == {"speed": 100, "ip": "static", "ratio": 0.5, "ipv6": True}
    with pytest.raises(Invalid) as refusal:
        characteristics.effective(offering, {"speed": 50, "ip": "any", "colour": "red", "ipv6": "maybe"})
    assert set(refusal.value.fields) == {
        f"characteristics.{name}" for name in ("speed", "ip", "colour", "ipv6", "ratio")
    }


@pytest.mark.parametrize(
    ("offering", "words"),
    [
        ({"segments": ["residential"]}, "segment"),
        ({"credit_classes": ["A"]}, "credit class B"),
        ({"areas": ["PAR", "LIL"]}, "at this site"),
    ],
)
def test_offers_say_why_they_cannot_be_sold(offering: dict[str, Any], words: str) -> None:
    make_offering(name_en="A plain one")
    make_offering(name_en="B special", **offering)
    make_offering(launch=False)
    customer, site = (
        SimpleNamespace(segment="business", credit_class="B"),
        SimpleNamespace(location_code="LYO-1"),
    )

    rows = services.eligible(customer=customer, site=site)

    assert [row.offering.name_en for row in rows] == ["A plain one", "B special"]
    assert [row.ok for row in rows] == [True, False]
    assert words in rows[1].why_not[0]


def test_rules_between_offers_look_at_what_is_held() -> None:
    offering = make_offering()
    services.set_relations(offering=offering, requires=["base"], excludes=["rival"])

    assert services.why_not(offering, held={"base"}) == ()
    assert services.why_not(offering, held={"rival"}) == ("Needs base", "Not together with rival")


def test_eligibility_takes_the_same_queries_for_many_offers(django_assert_num_queries: Any) -> None:
    for _index in range(6):
        make_offering()

    with django_assert_num_queries(2):
        assert len(services.eligible()) == 6


# ------------------------------------------------------------------------------------------------- simulator


def _bundle() -> ProductOffering:
    access, voice = make_offering(launch=False, code="access"), make_offering(launch=False, code="voice")
    make_price(offering=access)
    make_price(offering=access, kind="one_off")
    make_price(offering=voice, code="channel", amount=Decimal("9.99"), period_months=3)
    make_price(offering=voice, kind="usage", name_en="Calls")
    make_allowance(offering=voice)
    bundle = make_offering(launch=False, is_bundle=True)
    make_bundle_item(bundle=bundle, offering=launch_offering(access))
    make_bundle_item(
        bundle=bundle, offering=launch_offering(voice), minimum=0, default=0, maximum=4, position=2
    )
    return launch_offering(bundle)


def test_a_basket_is_priced_line_by_line() -> None:
    result = services.simulate(offering=_bundle(), quantity=2, options={"voice": 2})

    assert [(line.price.kind, line.offering.code, line.quantity, line.amount) for line in result.lines] == [
        ("one_off", "access", 2, Decimal("180.00")),
        ("recurring", "access", 2, Decimal("100.00")),
        ("recurring", "voice", 4, Decimal("39.96")),
        ("usage", "voice", 4, Decimal(0)),
    ]
    assert (result.once, result.monthly) == (Decimal(180), Decimal("113.32"))
    assert [allowance.quantity for allowance in result.allowances] == [300]
    assert len(result.usage) == 1
    assert result.first_total is None


def test_options_keep_within_the_bundle() -> None:
    bundle = _bundle()

    assert len(services.simulate(offering=bundle).lines) == 2
    with pytest.raises(Invalid, match="from 0 to 4"):
        services.simulate(offering=bundle, options={"voice": 5})
    with pytest.raises(Invalid, match="Not in this bundle: tv"):
        services.simulate(offering=bundle, options={"tv": 1})


def test_an_offer_is_not_sold_in_every_currency() -> None:
    with pytest.raises(Invalid, match="not sold in USD"):
        services.simulate(offering=sold().offering, currency="USD")


def test_the_first_bill_comes_from_billing(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    def bill(*, lines: Any, account: Any, start: datetime) -> services.FirstBill:
        rows = [
            services.BillLine(line.price.name_en, start.date(), date(2026, 2, 1), line.amount / 2)
            for line in lines
        ]
        return services.FirstBill(tuple(rows), Decimal(5))

    monkeypatch.setattr(services.FIRST_BILL, "_fillers", {"t": bill})

    result = services.simulate(offering=sold().offering)

    assert (result.first_total, result.first_gross) == (Decimal("25.00"), Decimal("30.00"))
    assert result.first_bill is not None
    assert result.first_bill[0].start == now.date()
