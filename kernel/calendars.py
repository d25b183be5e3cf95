"""Service hours and holidays: how long something really was open, and when a target falls due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import holidays

from kernel.errors import Invalid

HORIZON_DAYS = 3700


class Hours(Protocol):
    """What the functions need of a calendar (kernel.models.BusinessCalendar has it)."""

    time_zone: str
    country: str
    hours: dict[str, list[list[str]]]


def closed_days(calendar: Hours, years: set[int]) -> set[date]:
    """Public holidays of the calendar's country in `years` and the calendar's own extra days."""
    days: set[date] = set()
    if calendar.country:
        days |= set(holidays.country_holidays(calendar.country, years=years))
    extra = getattr(calendar, "extra_holidays", None)
    if extra is not None:
        days |= set(extra.values_list("day", flat=True))
    return days


def openings(calendar: Hours, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Open intervals (UTC, half-open) of the calendar inside [start, end), in order.

    Local wall times are turned into UTC before any arithmetic: a shift over a clock change keeps its real length.
    """
    zone = ZoneInfo(calendar.time_zone)
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    closed = closed_days(calendar, set(range(day.year, last.year + 1)))
    while day <= last:
        if day not in closed:
            for opens, closes in calendar.hours.get(str(day.weekday()), []):
                begin, finish = _instant(day, opens, zone), _instant(day, closes, zone)
                if (lower := max(begin, start)) < (upper := min(finish, end)):
                    yield lower.astimezone(UTC), upper.astimezone(UTC)
        day += timedelta(days=1)


def open_time(calendar: Hours | None, start: datetime, end: datetime) -> timedelta:
    """Service time between two instants; without a calendar every second counts (24 × 7)."""
    if end <= start:
        return timedelta(0)
    if calendar is None:
        return end - start
    return sum((finish - begin for begin, finish in openings(calendar, start, end)), timedelta(0))


def due(calendar: Hours | None, start: datetime, allowed: timedelta) -> datetime:
    """The instant at which `allowed` service time after `start` has passed. Raises Invalid if it never does."""
    if calendar is None:
        return start + allowed
    left, cursor = allowed, start
    while (cursor - start).days < HORIZON_DAYS:
        window = cursor + timedelta(days=30)
        for begin, finish in openings(calendar, cursor, window):
            if left <= finish - begin:
                return begin + left
            left -= finish - begin
        cursor = window
    raise Invalid("the calendar never opens long enough", code="calendar.neverOpen")


def _instant(day: date, clock: str, zone: ZoneInfo) -> datetime:
    if clock == "24:00":
        return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=zone).astimezone(UTC)
