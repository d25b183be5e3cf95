"""Price arithmetic: laws that always hold, worked examples, and the published cases where they are at hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bss.catalog.models import PriceTier
from bss.catalog.services import pricing
from bss.catalog.services.pricing import Tier
from kernel.errors import Invalid
from tests.factories.bss_catalog import make_price

CASES = Path(__file__).resolve().parents[4] / "shared" / "cases" / "billing-cases.json"

units = st.integers(min_value=0, max_value=10_000_000).map(lambda whole: Decimal(whole) / 1000)
amounts = st.integers(min_value=0, max_value=10_000_000).map(lambda whole: Decimal(whole) / 10_000)
# How fast a machine draws examples says nothing about prices.
UNTIMED = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


@st.composite
def ladders(draw: st.DrawFn) -> list[Tier]:
    """One to five rising tiers, the last one without a limit."""
    cents = draw(st.sets(st.integers(min_value=100, max_value=900_000), max_size=4))
    bounds: list[Decimal | None] = [Decimal(bound) / 100 for bound in sorted(cents)]
    return [Tier(bound, draw(amounts), draw(amounts)) for bound in [*bounds, None]]


@UNTIMED
@given(ladders(), units)
def test_graduated_counts_every_unit_once(tiers: list[Tier], quantity: Decimal) -> None:
    charge = pricing.graduated(tiers, quantity)

    assert sum(step.units for step in charge.steps) == quantity
    assert charge.amount == sum(step.units * step.unit + step.flat for step in charge.steps)


@UNTIMED
@given(ladders(), units, units)
def test_graduated_never_falls_when_the_quantity_rises(
    tiers: list[Tier], quantity: Decimal, more: Decimal
) -> None:
    assert pricing.graduated(tiers, quantity).amount <= pricing.graduated(tiers, quantity + more).amount


@UNTIMED
@given(ladders(), units)
def test_graduated_splits_without_loss(tiers: list[Tier], quantity: Decimal) -> None:
    without_flats = [Tier(tier.up_to, tier.unit) for tier in tiers]

    whole = pricing.graduated_over_time(without_flats, [(quantity, quantity)]).amount if quantity else 0

    assert whole == pricing.graduated(without_flats, quantity).amount


@UNTIMED
@given(ladders(), st.lists(st.integers(min_value=1, max_value=500), min_size=1, max_size=5))
def test_what_is_added_and_removed_for_the_same_time_costs_its_flats_alone(
    tiers: list[Tier], steps: list[int]
) -> None:
    there = [(Decimal(step), Decimal(step)) for step in steps]
    back = [(-count, -weighted) for count, weighted in reversed(there)]

    amount = pricing.graduated_over_time(tiers, [*there, *back]).amount

    flats = sum(step.flat for step in pricing.graduated(tiers, Decimal(sum(steps))).steps)
    assert abs(amount - flats) < Decimal("1e-15")


@UNTIMED
@given(amounts, units)
def test_one_endless_tier_is_a_price_per_unit(price: Decimal, quantity: Decimal) -> None:
    ladder = [Tier(None, price)]

    assert (
        pricing.graduated(ladder, quantity).amount
        == pricing.volume(ladder, quantity).amount
        == pricing.per_unit(price, quantity).amount
    )


@UNTIMED
@given(st.integers(min_value=1, max_value=100), amounts, units, units)
def test_packages_bought_bit_by_bit_cost_what_they_cost_at_once(
    size: int, price: Decimal, first: Decimal, second: Decimal
) -> None:
    width = Decimal(size)

    together = pricing.package(width, price, first + second).amount
    apart = (
        pricing.package(width, price, first).amount
        + pricing.package(width, price, second, before=first).amount
    )

    assert together == apart


@UNTIMED
@given(st.lists(amounts, max_size=6), amounts)
def test_a_percentage_without_conditions_is_linear(values: list[Decimal], rate: Decimal) -> None:
    assert pricing.percentage(values, rate).amount == sum(values, Decimal(0)) * rate / 100


@UNTIMED
@given(amounts, amounts, amounts)
def test_a_ceiling_is_never_passed(amount: Decimal, maximum: Decimal, before: Decimal) -> None:
    due = pricing.capped(amount, maximum=maximum, before=before)

    assert 0 <= due <= amount
    assert before + due <= max(maximum, before)


@pytest.mark.parametrize(
    "tiers",
    [
        [],
        [Tier(Decimal(10)), Tier(Decimal(5)), Tier(None)],
        [Tier(None), Tier(Decimal(5))],
        [Tier(Decimal(5)), Tier(Decimal(5)), Tier(None)],
    ],
)
def test_tiers_out_of_order_are_refused(tiers: list[Tier]) -> None:
    with pytest.raises(Invalid) as refusal:
        pricing.graduated(tiers, Decimal(1))

    assert refusal.value.code == "price.tiers"


def test_units_beyond_the_last_tier_are_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        pricing.volume([Tier(Decimal(5), Decimal(1))], Decimal(6))

    assert refusal.value.code == "price.beyondTiers"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"amount": Decimal(5)}, "35"),
        ({"amount": Decimal(5), "free_units": 3}, "20"),
        ({"amount": Decimal(5), "model": "flat"}, "5"),
        ({"amount": Decimal(5), "model": "package", "package_size": 3}, "15"),
        ({"model": "graduated", "amount": 0}, "18"),
        ({"model": "volume", "amount": 0}, "14"),
    ],
)
def test_a_stored_price_is_charged_by_its_model(values: dict[str, Any], expected: str) -> None:
    price = make_price(**values)
    if price.model in {"graduated", "volume"}:
        PriceTier.objects.create(price=price, unit=2)
        PriceTier.objects.create(price=price, up_to=4, unit=3)

    assert pricing.charge(price, 7).amount == Decimal(expected)


@pytest.mark.django_db
def test_a_usage_price_has_no_amount_of_its_own() -> None:
    with pytest.raises(Invalid, match="tariff"):
        pricing.charge(make_price(kind="usage"), 1)


# ------------------------------------------------------------------------------------------ published cases


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def _tiers(rows: Any) -> list[Tier]:
    if isinstance(rows, str):
        return _written_tiers(rows)
    return [
        Tier(
            None if row["up_to"] is None else _decimal(row["up_to"]),
            _decimal(row.get("unit", row.get("percent", 0))),
            _decimal(row["flat"]),
        )
        for row in rows
    ]


def _written_tiers(text: str) -> list[Tier]:
    """`0.0010 to 10000, …, 0.0004 above; flat 10 each`."""
    ladder, _sep, rest = text.partition("; flat ")
    fixed = _decimal(rest.split()[0])
    tiers = []
    for part in ladder.split(", "):
        words = part.split()
        tiers.append(Tier(None if words[1] == "above" else _decimal(words[2]), _decimal(words[0]), fixed))
    return tiers


def _values(case: dict[str, Any]) -> list[Decimal]:
    for name in ("transactions", "events_amounts"):
        if name in case:
            return [_decimal(value) for value in case[name]]
    totals = [0, *case.get("running_totals", []), case["amount"]]
    if "running_totals" in case:
        return [_decimal(after) - _decimal(before) for before, after in pairwise(totals)]
    return [_decimal(case["amount"]) / case["events"]] * case["events"]


def _percentage(case: dict[str, Any]) -> Decimal:
    optional = {
        "free_value": case.get("free_amount"),
        "minimum": case.get("min_per_event"),
        "maximum": case.get("max_per_event"),
    }
    return pricing.percentage(
        _values(case),
        _decimal(case["rate"]),
        fixed=_decimal(case.get("fixed", 0)),
        free_events=case.get("free_events"),
        **{name: _decimal(value) for name, value in optional.items() if value is not None},
    ).amount


def _package(case: dict[str, Any]) -> Decimal:
    return pricing.package(
        _decimal(case["package_size"]),
        _decimal(case["price"]),
        _decimal(case["units"]),
        free=_decimal(case.get("free_units", 0)),
        before=_decimal(case.get("units_before", 0)),
    ).amount


def _over_time(case: dict[str, Any]) -> Decimal:
    changes = zip(
        map(_decimal, case["event_units"]), map(_decimal, case["event_units_prorated"]), strict=True
    )
    return pricing.graduated_over_time(_tiers(case["tiers"]), changes).amount


def _capped(case: dict[str, Any]) -> Decimal:
    tiers, before = _tiers(case["tiers"]), _decimal(case["units_before"])
    after = before + _decimal(case["units_in_period"])
    gross = pricing.graduated(tiers, after).amount - pricing.graduated(tiers, before).amount
    return pricing.capped(gross, maximum=_decimal(case["maximum"]), before=_decimal(case["billed_before"]))


KINDS: dict[str, Callable[[dict[str, Any]], Decimal]] = {
    "charge_graduated": lambda case: pricing.graduated(_tiers(case["tiers"]), _decimal(case["units"])).amount,
    "charge_graduated_percentage": lambda case: (
        pricing.graduated_percentage(_tiers(case["tiers"]), _decimal(case["amount"])).amount
    ),
    "charge_graduated_prorated": _over_time,
    "charge_package": _package,
    "charge_percentage": _percentage,
    "charge_volume": lambda case: pricing.volume(_tiers(case["tiers"]), _decimal(case["units"])).amount,
    "maximum_spend": _capped,
    "minimum_spend": lambda case: pricing.topped_up(
        _decimal(case["billed_before"]), minimum=_decimal(case["minimum"])
    ),
}


def _published() -> list[Any]:
    if not CASES.exists():
        return [
            pytest.param(None, marks=pytest.mark.skip(reason="the published billing cases are not at hand"))
        ]
    cases = json.loads(CASES.read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["id"]) for case in cases if case["kind"] in KINDS]


@pytest.mark.parametrize("case", _published())
def test_published_case(case: dict[str, Any]) -> None:
    expected = next(
        _decimal(case["expected"][name])
        for name in ("amount", "charge", "top_up")
        if name in case["expected"]
    )

    amount = KINDS[case["kind"]](case["input"])

    # A figure printed with two decimals is compared with two: the source rounded once, at the end.
    assert round(amount, max(2, -int(expected.as_tuple().exponent))) == expected
