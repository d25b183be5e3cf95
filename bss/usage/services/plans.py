"""What rating needs of a tariff, compiled once: zones by prefix, bands by local hours, rates in whole micro-units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from math import lcm
from uuid import UUID
from zoneinfo import ZoneInfo

from kernel.errors import Invalid

DAY_MINUTES = 1440
HOLIDAY = 7  # day number of a public holiday, Monday is 0
DIGITS = 15  # longest E.164 number
ENDLESS = 2**62
# Prices × the common divisor of a tariff must leave room in 64 bits for the sum over a record's parts.
FINEST = 10**18


@dataclass(frozen=True)
class Slot:
    """A rate from the `from_unit`-th second (or byte) of a record on. Amounts are whole micro-units.

    `price` is per `per` units, counted in whole steps: one of `first`, then of `step` units. `connect`, `minimum` and
    `maximum` (0 = none) are read from the first slot of the rate in force at the start.
    """

    from_unit: int = 0
    connect: int = 0
    price: int = 0
    per: int = 60
    first: int = 1
    step: int = 1
    minimum: int = 0
    maximum: int = 0

    def counted(self, units: int) -> int:
        """Units after whole steps."""
        return (
            self.first
            if units <= self.first
            else self.first + -(-(units - self.first) // self.step) * self.step
        )

    def steps(self, units: int) -> int:
        """How many steps that is."""
        return 1 + max(0, -(-(units - self.first) // self.step))


@dataclass(frozen=True)
class Rate:
    """The slots of one zone in one band, by `from_unit`, the first from 0."""

    slots: tuple[Slot, ...]

    def slot_at(self, unit: int) -> Slot:
        """The slot in which the `unit`-th unit (from 0) falls."""
        return [slot for slot in self.slots if slot.from_unit <= unit][-1]

    def charged(self, units: int) -> tuple[int, int]:
        """(units charged, steps counted). Steps start anew in each slot and never reach past its end."""
        if units <= 0:
            return 0, 0
        slot = self.slot_at(units - 1)
        ends = [later.from_unit for later in self.slots if later.from_unit > slot.from_unit]
        counted = slot.from_unit + slot.counted(units - slot.from_unit)
        return min([counted, *ends]), slot.steps(units - slot.from_unit)


@dataclass(frozen=True)
class Hours:
    """Local minutes [start, end) of one day in which a band is in force."""

    day: int
    start: int
    end: int
    band: str


@dataclass(frozen=True)
class Plan:
    """One revision of a tariff. `time_zone` empty = that of the account. Band "" = outside all hours."""

    id: UUID
    version: str
    currency: str
    service: str = "voice"
    prefixes: Mapping[str, str] = field(default_factory=dict)
    hours: tuple[Hours, ...] = ()
    default_band: str = ""
    # (zone or None, band or None) → rate; None = any.
    rates: Mapping[tuple[str | None, str | None], Rate] = field(default_factory=dict)
    time_zone: str = ""
    holidays: frozenset[date] = field(default_factory=frozenset)

    @cached_property
    def divisor(self) -> int:
        """Common multiple of what prices are per: costs are exact in micro-units ÷ divisor. Raises Invalid."""
        slots = [slot for rate in self.rates.values() for slot in rate.slots]
        common = lcm(*(slot.per for slot in slots)) if slots else 1
        if common * max((slot.price for slot in slots), default=0) > FINEST:
            raise Invalid(
                f"tariff {self.version} has prices too fine to be rated exactly", code="tariff.tooFine"
            )
        return common

    @cached_property
    def zones(self) -> list[str]:
        """Zone codes in a fixed order."""
        return sorted({*self.prefixes.values(), *(zone for zone, _band in self.rates if zone is not None)})

    @cached_property
    def bands(self) -> list[str]:
        """Codes of the bands that are ever in force, in a fixed order."""
        days = range(HOLIDAY + 1 if self.holidays else HOLIDAY)
        filled = [sum(hours.end - hours.start for hours in self.hours if hours.day == day) for day in days]
        rest = {self.default_band} if min(filled) < DAY_MINUTES else set()
        return sorted(rest | {hours.band for hours in self.hours if hours.day in days})

    def sold(self, zone: str | None) -> bool:
        """Whether a zone has a rate at every hour: sold at all hours or not at all."""
        return all(self.rate(zone, band) is not None for band in self.bands)

    def zone_of(self, number: str) -> str | None:
        """Zone of a +number by its longest prefix: longest by length, whatever the prices."""
        digits = number.lstrip("+")
        for length in range(min(len(digits), DIGITS), 0, -1):
            if (zone := self.prefixes.get(digits[:length])) is not None:
                return zone
        return None

    def band_at(self, local: datetime) -> str:
        """Band in force at a local wall-clock time."""
        day = HOLIDAY if local.date() in self.holidays else local.weekday()
        minute = local.hour * 60 + local.minute
        found = (hours.band for hours in self.hours if hours.day == day and hours.start <= minute < hours.end)
        return next(found, self.default_band)

    def rate(self, zone: str | None, band: str) -> Rate | None:
        """Rate of a zone in a band: the more precise wins, zone first."""
        for key in ((zone, band), (zone, None), (None, band), (None, None)):
            if (rate := self.rates.get(key)) is not None:
                return rate
        return None

    def ranges(self) -> list[tuple[int, str | None, int]]:
        """The prefixes as disjoint ranges of 15-digit numbers, in order: (first number, zone, length of the prefix).

        Each range ends where the next begins; zone None = no prefix covers it.
        """
        edges = {0}
        for prefix in self.prefixes:
            width = 10 ** (DIGITS - len(prefix))
            edges |= {int(prefix) * width, (int(prefix) + 1) * width}
        found: list[tuple[int, str | None, int]] = []
        for edge in sorted(edges):
            digits = f"{edge:0{DIGITS}d}" if edge < 10**DIGITS else ""
            length = next((n for n in range(len(digits), 0, -1) if digits[:n] in self.prefixes), 0)
            found.append((edge, self.prefixes[digits[:length]] if length else None, length))
        return found

    def segments(self, zone: str, first: date, last: date) -> list[tuple[int, str]]:
        """Bands over the local days `first` … `last` as (start in epoch seconds, band), in order; each lasts until
        the next starts. Exact over clock changes: each band is read from the wall clock at the segment's start."""
        info = ZoneInfo(zone)
        starts = sorted({instant for day in _days(first, last) for instant in self._edges(day, info)})
        found: list[tuple[int, str]] = []
        for instant in starts:
            band = self.band_at(datetime.fromtimestamp(instant, info))
            if not found or found[-1][1] != band:
                found.append((instant, band))
        return found

    def _edges(self, day: date, info: ZoneInfo) -> Iterator[int]:
        minutes = {
            0,
            *(hours.start for hours in self.hours),
            *(hours.end % DAY_MINUTES for hours in self.hours),
        }
        midnight = datetime.combine(day, time.min)
        for minute in minutes:
            local = midnight + timedelta(minutes=minute)
            for fold in (0, 1):  # an hour that clocks repeat has the edge twice
                yield int(local.replace(tzinfo=info, fold=fold).timestamp())
        if (change := clock_change(midnight, info)) is not None:
            yield change


def clock_change(midnight: datetime, info: ZoneInfo) -> int | None:
    """The instant (epoch seconds) at which clocks change on the local day that begins at `midnight`, if they do."""
    begin = int(midnight.replace(tzinfo=info).timestamp())
    end = int((midnight + timedelta(days=1)).replace(tzinfo=info).timestamp())
    before = datetime.fromtimestamp(begin, info).utcoffset()
    if before == datetime.fromtimestamp(end, info).utcoffset():
        return None
    while end - begin > 1:
        middle = (begin + end) // 2
        begin, end = (
            (middle, end) if datetime.fromtimestamp(middle, info).utcoffset() == before else (begin, middle)
        )
    return end


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
