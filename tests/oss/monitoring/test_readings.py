"""Rates between two readings: wraps, resets, gaps."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oss.monitoring.services.readings import TICKS, Counters, rates, restarted
from tests.factories.oss_monitoring import AT, later

LONGEST = timedelta(minutes=5)


def told(seconds: float, *, uptime: int | None = None, **values: int) -> Counters:
    return Counters(later(seconds), 100_000 + int(seconds * 100) if uptime is None else uptime, values)


def between(before: Counters, after: Counters, speed_mbps: int = 1000) -> dict[str, float]:
    return rates(before, after, speed_mbps=speed_mbps, longest=LONGEST)


def test_octets_become_bits_a_second() -> None:
    found = between(told(0, in_octets=1000, in_errors=5), told(10, in_octets=13_500, in_errors=25))

    assert found == {"port.in": 10_000, "port.in_errors": 2}


def test_a_counter_of_32_bits_wraps() -> None:
    assert between(told(0, in_errors=2**32 - 10), told(10, in_errors=10)) == {"port.in_errors": 2}


def test_a_counter_of_64_bits_that_fell_was_reset() -> None:
    assert between(told(0, in_octets=10**12), told(10, in_octets=500)) == {}


@given(rate=st.integers(0, 10**9), start=st.integers(2**64 - 10**9, 2**64 - 1))
def test_a_counter_of_64_bits_wraps_too(rate: int, start: int) -> None:
    octets = rate // 8
    found = between(told(0, in_octets=start), told(10, in_octets=(start + octets * 10) % 2**64))

    assert found == {"port.in": octets * 8}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (told(0, in_octets=0), told(301, in_octets=10)),
        (told(0, in_octets=0), told(0, in_octets=10)),
        (told(10, in_octets=0), told(0, in_octets=10)),
        (told(0, uptime=500_000, in_octets=1000), told(10, uptime=300, in_octets=5000)),
    ],
    ids=["gap", "same moment", "backwards", "restart"],
)
def test_there_is_no_rate_across_a(before: Counters, after: Counters) -> None:
    assert between(before, after) == {}


def test_an_impossible_rate_is_a_fault_of_the_agent() -> None:
    assert between(told(0, in_octets=0), told(10, in_octets=10**12)) == {}


def test_counters_that_one_reading_lacks_are_left_out() -> None:
    assert between(told(0, in_octets=0), told(10, in_octets=0, in_errors=3)) == {"port.in": 0}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(1000, 1500, False), (1000, 10, True), (TICKS - 200, 300, False), (TICKS - 90_000, 300, True)],
)
def test_uptime_that_wraps_is_no_restart(before: int, after: int, expected: bool) -> None:
    assert restarted(before, after, timedelta(seconds=5)) is expected


@given(
    st.lists(st.integers(0, 10**8), min_size=2, max_size=20),
    st.integers(1, 60),
)
def test_rates_are_never_negative_and_add_up(steps: list[int], seconds: int) -> None:
    total, readings = 0, []
    for turn, step in enumerate(steps):
        total += step
        readings.append(told(turn * seconds, in_octets=total % 2**64))
    found = [between(a, b, 1_000_000).get("port.in", 0) for a, b in pairwise(readings)]

    assert all(rate >= 0 for rate in found)
    assert sum(found) * seconds / 8 == pytest.approx(sum(steps[1:]))
    assert readings[0].at == AT
