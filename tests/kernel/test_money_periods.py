"""Exact money and half-open periods: properties and the corners that bite."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kernel import money, periods
from kernel.errors import Invalid
from kernel.money import Money, Point
from kernel.periods import Period

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=6)
days = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 12, 31))


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("1.005", "EUR", "1.01"),
        ("-1.005", "EUR", "-1.01"),
        ("0.5", "JPY", "1"),
        ("1.0005", "BHD", "1.001"),
        ("2.675", "EUR", "2.68"),
    ],
)
def test_lines_round_half_up_to_the_minor_unit(amount: str, currency: str, rounded: str) -> None:
    assert money.round_at(Point.LINE, Decimal(amount), currency) == Decimal(rounded)


def test_records_keep_six_decimals() -> None:
    assert money.round_at(Point.RECORD, Decimal("0.12345650"), "EUR") == Decimal("0.123457")


@given(amounts)
def test_a_credit_mirrors_its_charge(amount: Decimal) -> None:
    assert money.round_at(Point.LINE, -amount, "EUR") == -money.round_at(Point.LINE, amount, "EUR")


@given(st.integers(min_value=-(2**62), max_value=2**62))
def test_micros_lose_nothing(micros: int) -> None:
    assert money.to_micros(money.from_micros(micros)) == micros


def test_micros_refuse_finer_amounts() -> None:
    with pytest.raises(Invalid):
        money.to_micros(Decimal("0.0000001"))


def test_currencies_do_not_mix() -> None:
    with pytest.raises(Invalid):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")


@given(
    st.decimals(min_value=-(10**6), max_value=10**6, places=2),
    st.lists(st.decimals(min_value=0, max_value=1000, places=2), min_size=1, max_size=12),
)
def test_spread_parts_sum_exactly_and_stay_within_a_cent(amount: Decimal, weights: list[Decimal]) -> None:
    parts = money.spread(amount, weights, "EUR")
    assert sum(parts) == amount
    whole = sum(weights)
    if whole:
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - amount * weight / whole) <= Decimal("0.01")


def test_money_for_people_in_both_languages() -> None:
    value = Money(Decimal("1234.56"), "EUR")
    assert value.format("en") == "€1,234.56"
    assert value.format("fr") == "1\u202f234,56\xa0€"


@given(days, days, days, days)
def test_overlap_is_what_both_contain(a: date, b: date, c: date, d: date) -> None:
    first, second = Period(min(a, b), max(a, b)), Period(min(c, d), max(c, d))
    shared = first.overlap(second)
    for day in {a, b, c, d}:
        assert (shared is not None and day in shared) == (day in first and day in second)


def test_periods_never_run_backwards() -> None:
    with pytest.raises(Invalid):
        Period(date(2026, 2, 1), date(2026, 1, 1))


@given(days, st.integers(1, 31), st.sampled_from([1, 3, 12]))
def test_cycles_tile_the_calendar(start: date, anchor: int, months: int) -> None:
    run = list(periods.cycles(start, start + timedelta(days=800), anchor, months))
    assume(run)
    assert start <= run[0].start < start + timedelta(days=32)
    for before, after in itertools.pairwise(run):
        assert before.end == after.start
        assert after.start.day == periods.clip_day(after.start.year, after.start.month, anchor).day


@given(days, st.integers(1, 31))
def test_every_day_lies_in_its_cycle(day: date, anchor: int) -> None:
    assert day in periods.enclosing_cycle(day, anchor)


def test_an_anchor_of_31_is_clipped_and_comes_back() -> None:
    starts = [p.start for p in periods.cycles(date(2027, 12, 31), date(2028, 6, 1), 31)]
    assert starts == [
        date(2027, 12, 31),
        date(2028, 1, 31),
        date(2028, 2, 29),
        date(2028, 3, 31),
        date(2028, 4, 30),
        date(2028, 5, 31),
    ]


def test_days_start_at_local_midnight_on_both_clock_changes() -> None:
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    assert periods.start_of(spring, "Europe/Paris") == datetime(2026, 3, 28, 23, tzinfo=UTC)
    length = periods.start_of(spring + timedelta(days=1), "Europe/Paris") - periods.start_of(
        spring, "Europe/Paris"
    )
    assert length == timedelta(hours=23)
    length = periods.start_of(autumn + timedelta(days=1), "Europe/Paris") - periods.start_of(
        autumn, "Europe/Paris"
    )
    assert length == timedelta(hours=25)
    assert periods.local_date(datetime(2026, 3, 28, 23, 30, tzinfo=UTC), "Europe/Paris") == spring
