"""Service hours and the business clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import calendars, clock
from kernel.errors import Invalid, NotAllowed
from kernel.models import BusinessCalendar, ClockSetting, Holiday, JournalEntry

OFFICE = {str(day): [["08:00", "12:00"], ["13:00", "18:00"]] for day in range(5)}


class Office:
    """Office hours in Paris with French holidays, without a database."""

    time_zone = "Europe/Paris"
    country = "FR"
    hours = OFFICE


class Always:
    """Round the clock in Paris."""

    time_zone = "Europe/Paris"
    country = ""
    hours = {str(day): [["00:00", "24:00"]] for day in range(7)}


def test_a_night_and_a_lunch_do_not_count() -> None:
    start = datetime(2026, 1, 15, 16, 0, tzinfo=UTC)  # 17:00 in Paris
    end = datetime(2026, 1, 16, 13, 0, tzinfo=UTC)  # 14:00 the next day
    assert calendars.open_time(Office(), start, end) == timedelta(hours=1 + 4 + 1)


def test_public_holidays_are_closed() -> None:
    start = datetime(2026, 7, 14, 0, 0, tzinfo=UTC)
    assert calendars.open_time(Office(), start, start + timedelta(hours=20)) == timedelta(0)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
)
def test_a_full_day_has_its_real_length_when_clocks_change(day: date, hours: int) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=6)
    window = list(calendars.openings(Always(), start, start + timedelta(days=3)))
    lengths = {(b - a) for a, b in window}
    assert timedelta(hours=hours) in lengths


@given(
    st.integers(0, 365 * 86400).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s)),
    st.timedeltas(timedelta(seconds=1), timedelta(hours=60)),
)
def test_due_is_exactly_the_allowed_time_away(start: datetime, allowed: timedelta) -> None:
    end = calendars.due(Office(), start, allowed)
    assert calendars.open_time(Office(), start, end) == allowed


def test_a_calendar_that_never_opens_is_an_error() -> None:
    class Never(Office):
        hours: dict[str, list[list[str]]] = {}

    with pytest.raises(Invalid):
        calendars.due(Never(), datetime(2026, 1, 1, tzinfo=UTC), timedelta(minutes=1))


@pytest.mark.django_db
def test_a_calendar_row_adds_its_own_closed_days() -> None:
    row = BusinessCalendar.objects.create(name="Office", time_zone="Europe/Paris", country="FR", hours=OFFICE)
    Holiday.objects.create(calendar=row, day=date(2026, 1, 16), name="Inventory")
    start = datetime(2026, 1, 16, 0, 0, tzinfo=UTC)
    assert calendars.open_time(row, start, start + timedelta(hours=20)) == timedelta(0)


@pytest.mark.django_db
def test_the_clock_moves_forward_for_everybody_and_leaves_a_trace() -> None:
    target = clock.now() + timedelta(days=40)
    clock.move_to(target)
    assert abs(clock.now() - target) < timedelta(seconds=5)
    assert ClockSetting.objects.get().offset > timedelta(days=39)
    assert JournalEntry.objects.filter(verb="clock.moved").count() == 1
    with pytest.raises(NotAllowed):
        clock.move_to(target - timedelta(days=1))
    ClockSetting.objects.all().delete()
    clock.forget()


@pytest.mark.django_db
def test_production_time_cannot_be_moved(settings: Any) -> None:
    settings.CLOCK_MOVABLE = False
    with pytest.raises(NotAllowed):
        clock.move_to(clock.system_now() + timedelta(days=1))


def test_a_frozen_clock_stands_still_in_its_block_only() -> None:
    instant = datetime(2026, 1, 1, tzinfo=UTC)
    with clock.frozen(instant):
        assert clock.now() == instant
        assert clock.today("Europe/Paris") == date(2026, 1, 1)


@pytest.mark.django_db
def test_what_a_machine_stamped_follows_the_moved_clock() -> None:
    stamped = clock.system_now()
    assert clock.from_system(stamped) == stamped
    clock.move_to(clock.now() + timedelta(days=3))
    assert abs(clock.from_system(stamped) - stamped - timedelta(days=3)) < timedelta(seconds=5)
    ClockSetting.objects.all().delete()
    clock.forget()
