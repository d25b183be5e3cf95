"""Day counting: published examples, and what must hold for any dates."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss.billing.services.proration import (
    Convention,
    Slice,
    Timing,
    bases,
    difference,
    first_boundary,
    share,
    slices,
)
from bss.billing.services.totals import Taxed, document_totals
from kernel.errors import Invalid
from kernel.money import Point, round_at
from kernel.periods import Period, add_months

CASES = Path(__file__).resolve().parents[4] / "shared" / "cases" / "billing-cases.json"
MONTHS = {"monthly": 1, "quarterly": 3, "annual": 12}
day = date.fromisoformat


def cases(*kinds: str) -> list[Any]:
    if not CASES.exists():
        return [pytest.param({}, id="absent", marks=pytest.mark.skip(reason="shared/cases is not there"))]
    found = [case for case in json.loads(CASES.read_text(encoding="utf-8")) if case["kind"] in kinds]
    return [pytest.param(case, id=case["id"]) for case in found]


def total(found: list[Slice]) -> Fraction:
    return sum((item.share for item in found), Fraction(0))


def amount(price: str, part: Fraction) -> Decimal:
    return round_at(Point.LINE, Decimal(price) * part.numerator / part.denominator, "EUR")


def convention(named: Any) -> Convention:
    return Convention.FIXED_30 if named == 30 else Convention.ACTUAL


# --- published examples ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("recurring_proration_in_advance"))
def test_cycles_billed_in_advance(case: dict[str, Any]) -> None:
    given_ = case["input"]
    found = slices(
        day(given_["start"]),
        day(given_["end"]) if given_["end"] else None,
        through=day(given_["invoice_target_date"]),
        anchor=given_["bill_cycle_day"],
        months=MONTHS[given_["billing_period"]],
    )
    assert total(found) == Fraction(case["expected"]["billed_cycles_fraction"])


@pytest.mark.parametrize("case", cases("proration_fraction"))
def test_shares_of_a_period(case: dict[str, Any]) -> None:
    given_ = case["input"]
    start, end = day(given_["from"]), day(given_["next_cycle_date"])
    got = share(
        Period(start, end), Period(add_months(end, -1), end), convention(given_["days_in_month_convention"])
    )
    assert f"{float(got):.9f}" == case["expected"]["fraction"]


@pytest.mark.parametrize("case", cases("leading_proration_amount"))
def test_the_first_short_period(case: dict[str, Any]) -> None:
    given_ = case["input"]
    start = day(given_.get("subscription_start") or given_["start"])
    anchor = given_.get("bill_cycle_day") or given_["bcd"]
    rule = convention(given_.get("days_in_month_convention"))
    (found,) = slices(start, None, through=start, anchor=anchor, convention=rule)
    price = given_.get("monthly_price") or given_["monthly"]
    assert amount(price, found.share) == Decimal(case["expected"]["first_invoice_amount"])


@pytest.mark.parametrize("case", cases("trailing_proration_credit"))
def test_the_unused_end_is_given_back(case: dict[str, Any]) -> None:
    given_ = case["input"]
    paid = Period(*map(day, given_["paid_period"]))
    ((sign, found),) = difference(
        paid.start,
        day(given_["cancel_immediate_on"]),
        paid,
        through=paid.start,
        anchor=paid.start.day,
        convention=convention(given_["days_in_month_convention"]),
    )
    assert sign * amount(given_["monthly_price"], found.share) == Decimal(
        case["expected"]["repair_adjustment"]
    )


@pytest.mark.parametrize("case", cases("termination_proration"))
def test_both_ends_counted(case: dict[str, Any]) -> None:
    given_ = case["input"]
    start, last = map(day, given_["period"])
    base = Period(start, last + timedelta(days=1))
    part = Period(day(given_["started"]), day(given_["terminated"]))
    got = share(part, base, Convention.INCLUSIVE, months=3, final=True)
    assert amount("910.00", got) == Decimal(case["expected"]["fee"])


@pytest.mark.parametrize("case", cases("invoice_total"))
def test_items_and_balance_up_to_a_day(case: dict[str, Any]) -> None:
    given_ = case["input"]
    target = day(given_["target"])
    if "start" in given_:
        found = slices(day(given_["start"]), None, through=target, anchor=given_["bcd"])
        nets = [amount("10.00", item.share) for item in found]
    else:
        # 5.00 from September, 10.00 from October, 30.00 from November: a new price closes the one before it.
        edges = [day("2011-09-01"), day("2011-10-01"), day("2011-11-01"), None]
        nets = [
            amount(price, item.share)
            for price, start, end in zip(("5.00", "10.00", "30.00"), edges, edges[1:], strict=False)
            for item in slices(start, end, through=target, anchor=1)  # type: ignore[arg-type]
        ]
    assert (len(nets), sum(nets)) == (case["expected"]["items"], Decimal(case["expected"]["balance"]))


@pytest.mark.parametrize("case", cases("credit_note_rounding"))
def test_credits_round_as_charges_do(case: dict[str, Any]) -> None:
    given_, expected = case["input"], case["expected"]
    exact = Decimal(given_["plan_cents"]) / 100 * given_["unused_days"] / given_["period_days"]
    net = round_at(Point.LINE, exact, "EUR")
    totals = document_totals([Taxed(-net, "S", Decimal(given_["tax_percent"]))], currency="EUR")
    assert [-int(part * 100) for part in (totals.net, totals.tax, totals.gross)] == [
        expected["net_cents"], expected["tax_cents"], expected["total_cents"],
    ]  # fmt: skip


@pytest.mark.parametrize("case", cases("bill_run_vat"))
def test_vat_on_each_subscriber(case: dict[str, Any]) -> None:
    percent = Decimal(case["input"]["vat_percent"])
    nets = [Decimal(net) for net in case["input"]["two_subscribers_net"]]
    each = [document_totals([Taxed(net, "S", percent)], currency="EUR").gross for net in nets]
    whole = document_totals([Taxed(net, "S", percent) for net in nets], currency="EUR").gross
    assert each == [Decimal(value) for value in case["expected"]["after_vat"]]
    assert whole == Decimal(case["expected"]["total"])


def _taxed(row: dict[str, Any]) -> Taxed:
    return Taxed(Decimal(row["net"]), row["cat"], None if row["vat"] is None else Decimal(row["vat"]))


@pytest.mark.parametrize("case", cases("einvoice_totals"))
def test_document_totals_of_en_16931(case: dict[str, Any]) -> None:
    given_, expected = case["input"], case["expected"]
    lines = [_taxed(row) for row in given_["lines"]]
    letters = {item.percent: item.category for item in lines}
    extra = [
        (
            row["charge"],
            Taxed(Decimal(row["amount"]), letters.get(Decimal(row["vat"]), "S"), Decimal(row["vat"])),
        )
        for row in given_["document_allowances_charges"]
    ]
    totals = document_totals(
        lines,
        currency=given_["currency"],
        allowances=[item for charge, item in extra if not charge],
        charges=[item for charge, item in extra if charge],
        prepaid=Decimal(expected.get("PrepaidAmount", "0")),
        rounded_to=Decimal(1) if Decimal(expected.get("PayableRoundingAmount", "0")) else None,
    )
    breakdown = {(t.category, t.percent): (t.base, t.tax) for t in totals.breakdown}
    assert breakdown == {
        (row["cat"], None if row["percent"] is None else Decimal(row["percent"])): (
            Decimal(row["base"]),
            Decimal(row["tax"]),
        )
        for row in expected["vat_breakdown"]
    }
    got = {
        "vat_total": totals.tax, "LineExtensionAmount": totals.lines, "TaxExclusiveAmount": totals.net,
        "TaxInclusiveAmount": totals.gross, "AllowanceTotalAmount": totals.allowances, "ChargeTotalAmount": totals.charges,
        "PayableRoundingAmount": totals.rounding, "PayableAmount": totals.payable,
    }  # fmt: skip
    for name, value in got.items():
        if name in expected:
            assert value == Decimal(expected[name]), name


# --- what must hold for any dates ---------------------------------------------------------------------------------------

days = st.dates(date(2023, 1, 1), date(2029, 12, 31))
spans = st.integers(0, 800).map(lambda n: timedelta(days=n))
anchors = st.integers(1, 31)
rules = st.sampled_from([Convention.ACTUAL, Convention.FIXED_30, Convention.INCLUSIVE, Convention.FULL])


@given(start=days, anchor=anchors, months=st.sampled_from([1, 3, 12]))
def test_cycles_follow_each_other_without_gap_and_anchors_come_back(
    start: date, anchor: int, months: int
) -> None:
    found = []
    for base in bases(start, anchor, months):
        found.append(base)
        if len(found) == 14:
            break
    assert found[0].start <= start < found[0].end  # type: ignore[operator]
    assert all(one.end == two.start for one, two in pairwise(found))
    boundary = first_boundary(start, anchor, months)
    assert [base.start for base in found if base.start >= boundary][:3] == [
        add_months(boundary, n * months, anchor=anchor) for n in range(3)
    ]


@given(start=days, length=spans, anchor=anchors, cut=spans, months=st.sampled_from([1, 3]))
def test_parts_of_actual_days_add_up_to_the_whole(
    start: date, length: timedelta, anchor: int, cut: timedelta, months: int
) -> None:
    """Charged in one go or in two runs: the shares are the same."""
    end = start + length
    far = end + timedelta(days=900)
    whole = total(slices(start, end, through=far, anchor=anchor, months=months))
    through = min(start + cut, far)
    first = slices(start, end, through=through, anchor=anchor, months=months)
    rest = (
        difference(start, end, Period(start, first[-1].period.end), through=far, anchor=anchor, months=months)
        if first
        else [(1, item) for item in slices(start, end, through=far, anchor=anchor, months=months)]
    )
    assert total(first) + sum((sign * item.share for sign, item in rest), Fraction(0)) == whole


@given(
    start=days,
    length=spans,
    anchor=anchors,
    rule=rules,
    months=st.sampled_from([1, 3]),
    timing=st.sampled_from(Timing),
)
def test_asked_again_there_is_nothing_left(
    start: date, length: timedelta, anchor: int, rule: Convention, months: int, timing: Timing
) -> None:
    through = start + length
    terms: dict[str, Any] = {
        "through": through,
        "anchor": anchor,
        "months": months,
        "timing": timing,
        "convention": rule,
    }
    found = slices(start, None, **terms)
    if found:
        assert difference(start, None, Period(start, found[-1].period.end), **terms) == []


@given(start=days, kept=spans, anchor=anchors)
def test_ending_early_gives_back_what_was_not_used(start: date, kept: timedelta, anchor: int) -> None:
    through = start + timedelta(days=70)
    paid = slices(start, None, through=through, anchor=anchor)
    end = min(start + kept, paid[-1].period.end)  # type: ignore[type-var]
    back = difference(start, end, Period(start, paid[-1].period.end), through=through, anchor=anchor)
    used = total(slices(start, end, through=through, anchor=anchor))
    assert total(paid) + sum((sign * item.share for sign, item in back), Fraction(0)) == used


@pytest.mark.parametrize(("part", "base"), [(("2026-01-01", None), ("2026-01-01", "2026-02-01"))])
def test_an_open_period_cannot_be_prorated(part: Any, base: Any) -> None:
    with pytest.raises(Invalid):
        share(Period(day(part[0]), None), Period(*map(day, base)))


def test_a_leap_day_counts() -> None:
    (found,) = slices(day("2028-02-15"), day("2028-03-01"), through=day("2028-02-15"), anchor=1)
    assert found.share == Fraction(15, 29)
