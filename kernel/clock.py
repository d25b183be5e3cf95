"""The business clock.

`now()` is the time of the business: invoices, clocks and promise dates run on it. It equals the system clock in
production; the demo and the tests may move it forward (`move_to`) or freeze it (`frozen`). Technical times
(created, heartbeat, retry) use `system_now()`. Doors read the clock once and pass `at=` down.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from kernel.errors import NotAllowed

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)
_cache: tuple[float, timedelta] = (float("-inf"), timedelta(0))
CACHE_SECONDS = 1.0


def system_now() -> datetime:
    """Aware UTC time of the machine."""
    return datetime.now(UTC)


def now() -> datetime:
    """Aware UTC business time."""
    if (instant := _frozen.get()) is not None:
        return instant
    if not settings.CLOCK_MOVABLE:
        return system_now()
    return system_now() + _offset()


def from_system(instant: datetime) -> datetime:
    """Business time of an instant that a machine stamped (an element's syslog line, a session's start).

    The same instant in production; in a demo whose clock was moved, as far ahead as the business clock is.
    """
    return instant + (_offset() if settings.CLOCK_MOVABLE else timedelta(0))


def today(zone: str = "UTC") -> date:
    """Business date in an IANA time zone (billing days are days of the account's zone)."""
    return now().astimezone(ZoneInfo(zone)).date()


def _offset() -> timedelta:
    # Read at most once a second: the clock is asked many times in one request.
    global _cache
    read_at, value = _cache
    if time.monotonic() - read_at > CACHE_SECONDS:
        from kernel.models import ClockSetting

        value = ClockSetting.objects.values_list("offset", flat=True).first() or timedelta(0)
        _cache = (time.monotonic(), value)
    return value


def forget() -> None:
    """Drop the cached offset, so that the next `now()` reads it again."""
    global _cache
    _cache = (float("-inf"), timedelta(0))


def move_to(instant: datetime) -> timedelta:
    """Shift the business clock of the whole installation so that it now shows `instant`; returns the offset.

    Raises NotAllowed in production, and when `instant` lies before the present business time: issued documents
    and numbers never go back.
    """
    if not settings.CLOCK_MOVABLE:
        raise NotAllowed("The business clock of a production system cannot be moved.", code="clock.immovable")
    from kernel import journal
    from kernel.models import ClockSetting

    forget()
    if instant < now():
        raise NotAllowed("The business clock only moves forward.", code="clock.backwards")
    offset = instant - system_now()
    with transaction.atomic():
        before = now()
        ClockSetting.objects.update_or_create(id=1, defaults={"offset": offset})
        journal.note("clock.moved", "kernel.ClockSetting", before={"now": before}, after={"now": instant})
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('trunkline_clock', '')")
    forget()
    return offset


@contextmanager
def frozen(instant: datetime) -> Iterator[datetime]:
    """Hold the business clock at `instant` inside the block, in this thread or task only (for replays and tests)."""
    token = _frozen.set(instant)
    try:
        yield instant
    finally:
        _frozen.reset(token)
