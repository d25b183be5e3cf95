"""The rating rules written for reading: one record at a time, one second at a time.

The engine that rates files (`rating`) must agree with these functions on every record; tests hold them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import groupby
from zoneinfo import ZoneInfo

from bss.usage.services.plans import Plan, Rate


@dataclass(frozen=True)
class Charge:
    """What one record costs and why. Amounts are whole micro-units, units seconds or bytes."""

    zone: str | None
    band: str  # in force at the start
    charged: int  # units after steps
    steps: int  # counted in the last slot reached
    taken: int  # of `charged`, units that allowances covered
    parts: tuple[tuple[str, int], ...]  # units paid for in each band, in order of time
    connect: int
    micros: int


@dataclass(frozen=True)
class Unrated:
    """Why a record has no price: `unknown_zone` or `no_rate`."""

    reason: str


def rate_call(
    plan: Plan,
    number: str,
    started: datetime,
    seconds: int,
    *,
    zone: str,
    covered: int = 0,
    opens: bool = True,
) -> Charge | Unrated:
    """Charge of a call to `number` begun at `started` (aware) that lasted `seconds`.

    - The zone is that of the longest prefix; steps are those of the rate in force at the start.
    - Allowances cover the first `covered` seconds. The connect fee is due once a session (`opens`), if the rate in
      force at the start has one and no allowance covers the start.
    - Each second that is left costs what the rate of the band it falls in asks for it, on the wall clock of the
      tariff's zone (or else of the account's, `zone`).
    - Nothing is rounded but the sum: half up to the micro-unit (rounding point RECORD).
    """
    info = ZoneInfo(plan.time_zone or zone)
    moment = started.replace(microsecond=0)

    def band_of(unit: int) -> str:
        return plan.band_at((moment + timedelta(seconds=unit)).astimezone(info))

    destination = plan.zone_of(number)
    first_rate = plan.rate(destination, band_of(0))
    if first_rate is None or not plan.sold(destination):
        return Unrated("no_rate" if destination else "unknown_zone")
    charged, steps = first_rate.charged(seconds)
    taken = min(charged, covered)
    bands, cost = [], Fraction(0)
    for unit in range(taken, charged):
        band = band_of(unit)
        rate = plan.rate(destination, band) or first_rate
        slot = rate.slot_at(unit)
        cost += Fraction(slot.price, slot.per)
        bands.append(band)
    connect = first_rate.slots[0].connect if opens and not taken and charged else 0
    parts = tuple((band, len(list(run))) for band, run in groupby(bands))
    micros = _bounded(first_rate, connect + _half_up(cost), paid=charged > taken)
    return Charge(destination, band_of(0), charged, steps, taken, parts, connect, micros)


def rate_volume(
    plan: Plan, started: datetime, volume: int, *, zone: str, covered: int = 0
) -> Charge | Unrated:
    """Charge of a data report of `volume` bytes: the whole report belongs to the band in force at its start."""
    band = plan.band_at(started.astimezone(ZoneInfo(plan.time_zone or zone)))
    rate = plan.rate(None, band)
    if rate is None or not plan.sold(None):
        return Unrated("no_rate")
    charged, steps = rate.charged(volume)
    taken = min(charged, covered)
    edges = [*(slot.from_unit for slot in rate.slots), charged]
    cost = Fraction(0)
    for slot, start, end in zip(rate.slots, edges, edges[1:], strict=False):
        paid = max(0, min(end, charged) - max(start, taken))
        cost += Fraction(slot.price * paid, slot.per)
    connect = rate.slots[0].connect if not taken and charged else 0
    micros = _bounded(rate, connect + _half_up(cost), paid=charged > taken)
    parts = ((band, charged - taken),) if charged > taken else ()
    return Charge(None, band, charged, steps, taken, parts, connect, micros)


def _half_up(amount: Fraction) -> int:
    return int((amount + Fraction(1, 2)).__floor__())


def _bounded(rate: Rate, micros: int, *, paid: bool) -> int:
    """The least and the most one record may cost; what an allowance covers whole has no least cost."""
    slot = rate.slots[0]
    if paid and micros < slot.minimum:
        return slot.minimum
    return min(micros, slot.maximum) if slot.maximum else micros


def consume(left: list[int], wanted: int) -> int:
    """Take `wanted` from the allowances in `left`, first to last, changing them; returns what was covered."""
    covered = 0
    for index, available in enumerate(left):
        part = min(available, wanted - covered)
        left[index] -= part
        covered += part
    return covered
