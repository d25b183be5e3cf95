"""Half-open periods [start, end) and the calendar arithmetic of cycles. An open end is None."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kernel.errors import Invalid


@dataclass(frozen=True)
class Period:
    """Days from `start` up to, but not including, `end`; None = open-ended."""

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise Invalid(
                f"a period cannot end ({self.end}) before it starts ({self.start})", code="period.reversed"
            )

    def __contains__(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    def __bool__(self) -> bool:
        return self.end is None or self.end > self.start

    @property
    def days(self) -> int:
        """Length in days; raises Invalid for an open end."""
        if self.end is None:
            raise Invalid("an open period has no length", code="period.open")
        return (self.end - self.start).days

    def overlap(self, other: Period) -> Period | None:
        """The days both share, or None."""
        start = max(self.start, other.start)
        ends = [end for end in (self.end, other.end) if end is not None]
        end = min(ends) if ends else None
        return Period(start, end) if end is None or end > start else None


def clip_day(year: int, month: int, day: int) -> date:
    """`day` of a month, clipped to its last day: an anchor of 31 is 28, 29 or 30 where needed, and comes back."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def add_months(day: date, months: int, *, anchor: int | None = None) -> date:
    """Calendar addition. `anchor` is the wanted day of month (default: that of `day`), clipped to the month's end."""
    index = day.year * 12 + day.month - 1 + months
    return clip_day(index // 12, index % 12 + 1, anchor or day.day)


def anchored_on_or_after(day: date, anchor: int) -> date:
    """First day on or after `day` that falls on the anchor day of its month."""
    candidate = clip_day(day.year, day.month, anchor)
    return candidate if candidate >= day else add_months(candidate, 1, anchor=anchor)


def enclosing_cycle(day: date, anchor: int, months: int = 1) -> Period:
    """The cycle of `months` months, anchored on a day of month, that contains `day` (for months = 1)
    or that starts at the latest anchor not after `day`."""
    start = clip_day(day.year, day.month, anchor)
    if start > day:
        start = add_months(start, -1, anchor=anchor)
    return Period(start, add_months(start, months, anchor=anchor))


def cycles(start: date, until: date, anchor: int, months: int = 1) -> Iterator[Period]:
    """Whole cycles from the first anchor on or after `start` whose start lies before `until`."""
    first = anchored_on_or_after(start, anchor)
    count = 0
    while (begin := add_months(first, count * months, anchor=anchor)) < until:
        yield Period(begin, add_months(first, (count + 1) * months, anchor=anchor))
        count += 1


def start_of(day: date, zone: str) -> datetime:
    """The instant (UTC) at which a local day starts. Days have 23 to 25 hours where clocks change."""
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local_date(instant: datetime, zone: str) -> date:
    """The day of an instant in a zone."""
    return instant.astimezone(ZoneInfo(zone)).date()


def days_between(start: date, end: date) -> Iterator[date]:
    """Each day of [start, end)."""
    for offset in range((end - start).days):
        yield start + timedelta(days=offset)
