"""The clocks of tickets: hours, pauses, targets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss.care import services
from bss.care.models import TroubleTicket
from bss.care.services import clocks
from bss.care.services.clocks import State
from kernel import calendars
from tests.factories.bss_care import OFFICE, make_calendar, make_target, make_ticket
from tests.factories.bss_customers import make_customer

PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)


class Office:
    """Hours without a database."""

    time_zone, country, hours = "Europe/Paris", "", OFFICE


def paris(day: int, hour: int, minute: int = 0, month: int = 1) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=PARIS).astimezone(UTC)


def test_time_runs_only_while_the_ticket_is_ours() -> None:
    start = paris(15, 10)
    steps = [
        ("acknowledged", start),
        ("in_progress", start + HOUR),
        ("pending", start + 2 * HOUR),
        ("in_progress", start + 5 * HOUR),
        ("held", start + 6 * HOUR),
        ("resolved", start + 7 * HOUR),
        ("in_progress", start + 9 * HOUR),
    ]

    intervals = clocks.running(steps)

    assert intervals == [
        (start, start + 2 * HOUR),
        (start + 5 * HOUR, start + 7 * HOUR),
        (start + 9 * HOUR, None),
    ]
    assert clocks.used(intervals, None, start + 10 * HOUR) == 5 * HOUR
    assert clocks.due(intervals, None, 6 * HOUR) == start + 11 * HOUR
    assert clocks.due(intervals, None, 3 * HOUR) == start + 6 * HOUR  # missed on the way


def test_a_resting_clock_has_no_due_time() -> None:
    start = paris(15, 10)

    assert clocks.due([(start, start + HOUR)], None, 2 * HOUR) is None


def test_a_pause_outside_the_hours_costs_nothing() -> None:
    # Friday 16:00 to Monday 10:00 is one hour of Friday and one of Monday.
    intervals = [(paris(16, 16), paris(16, 18)), (paris(19, 10), None)]

    assert clocks.used(intervals, Office(), paris(19, 11)) == 2 * HOUR
    assert clocks.due(intervals, Office(), 3 * HOUR) == paris(19, 12)


def test_the_night_of_the_clock_change_keeps_its_real_length() -> None:
    # 29 March 2026 has 23 hours in Paris: eight hours from midnight end at 09:00 by the wall.
    midnight = paris(29, 0, month=3)

    assert clocks.due([(midnight, None)], None, 8 * HOUR) == paris(29, 9, month=3)


moments = st.integers(0, 14 * 24 * 60).map(lambda minutes: paris(5, 0) + timedelta(minutes=minutes))


@given(
    times=st.lists(moments, min_size=1, max_size=12, unique=True).map(sorted),
    states=st.lists(
        st.sampled_from(["in_progress", "pending", "held", "resolved"]), min_size=12, max_size=12
    ),
    minutes=st.integers(1, 60 * 60),
    open_all_day=st.booleans(),
)
def test_the_target_is_used_up_exactly_when_it_falls_due(
    times: list[datetime], states: list[str], minutes: int, open_all_day: bool
) -> None:
    steps = [("acknowledged", times[0]), *zip(states, times[1:], strict=False)]
    calendar = None if open_all_day else Office()
    intervals, target = clocks.running(steps), timedelta(minutes=minutes)

    due = clocks.due(intervals, calendar, target)

    if due is None:
        assert intervals[-1][1] is not None
        assert clocks.used(intervals, calendar, paris(28, 0)) < target
    else:
        assert clocks.used(intervals, calendar, due) == target
        assert clocks.used(intervals, calendar, due - timedelta(microseconds=1)) < target


@given(times=st.lists(moments, min_size=2, max_size=10, unique=True).map(sorted))
def test_what_is_paused_and_what_is_used_make_up_the_whole_time(times: list[datetime]) -> None:
    steps = [("acknowledged", times[0])]
    steps += [("pending" if i % 2 == 0 else "in_progress", at) for i, at in enumerate(times[1:])]
    end = times[-1] + HOUR
    ours = clocks.running(steps)
    theirs = [
        (begin, next((at for _s, at in steps if at > begin), end))
        for state, begin in steps
        if state == "pending"
    ]

    taken = clocks.used(ours, Office(), end) + clocks.used(theirs, Office(), end)

    assert taken == calendars.open_time(Office(), times[0], end)


@pytest.mark.django_db
def test_a_ticket_shows_both_clocks_with_target_and_hours(now: datetime) -> None:
    calendar = make_calendar()
    make_target(severity="major", respond_within=2 * HOUR, resolve_within=8 * HOUR, calendar=calendar)
    ticket = make_ticket(severity="major")  # Thursday 11:00 in Paris

    respond, resolve = services.clocks_of(ticket, at=now + 3 * HOUR)

    assert (respond.name, respond.target, respond.due, respond.late) == (
        "respond",
        2 * HOUR,
        paris(15, 13),
        True,
    )
    assert (resolve.target, resolve.used, resolve.calendar) == (8 * HOUR, 3 * HOUR, calendar)
    assert resolve.due == ticket.resolve_due == paris(16, 11)
    assert (resolve.state, resolve.late, resolve.left) == (State.RUNNING, False, 5 * HOUR)


@pytest.mark.django_db
def test_waiting_for_the_customer_pauses_the_solution_and_not_the_first_answer(now: datetime) -> None:
    make_target()
    ticket = make_ticket()
    services.set_status(ticket=ticket, to="pending", reason="Which line is it?", at=now + HOUR / 2)

    respond, resolve = services.clocks_of(ticket, at=now + 3 * HOUR)

    assert (respond.state, respond.late) == (State.RUNNING, True)
    assert (resolve.state, resolve.used, resolve.due) == (State.PAUSED, HOUR / 2, None)
    assert (resolve.reason, ticket.resolve_due) == ("Which line is it?", None)
    services.set_status(ticket=ticket, to="in_progress", at=now + 10 * HOUR)
    assert ticket.resolve_due == now + 17.5 * HOUR


@pytest.mark.django_db
def test_a_solved_ticket_says_whether_it_was_in_time(now: datetime) -> None:
    make_target()
    in_time, late = make_ticket(), make_ticket()
    services.set_status(ticket=in_time, to="resolved", reason="Rebooted", at=now + HOUR)
    services.set_status(ticket=late, to="resolved", reason="Replaced", at=now + 9 * HOUR)

    states = [services.clocks_of(ticket, at=now + 99 * HOUR)[1].state for ticket in (in_time, late)]

    assert states == [State.MET, State.MISSED]
    assert (in_time.resolve_used, late.resolve_used) == (HOUR, 9 * HOUR)


@pytest.mark.django_db
def test_another_severity_brings_its_targets_and_keeps_the_pauses(now: datetime) -> None:
    make_target()
    make_target(severity="critical", respond_within=HOUR / 4, resolve_within=4 * HOUR)
    ticket = make_ticket()
    services.set_status(ticket=ticket, to="pending", reason="Away", at=now + HOUR)
    services.set_status(ticket=ticket, to="in_progress", at=now + 21 * HOUR)

    services.change_ticket(ticket=ticket, severity="critical")

    assert ticket.resolve_due == now + 24 * HOUR
    assert ticket.respond_due == now + HOUR / 4


@pytest.mark.django_db
def test_a_segment_has_its_own_target_before_the_general_one() -> None:
    make_target()
    make_target(segment="enterprise", resolve_within=2 * HOUR)

    both = [
        make_ticket(customer=make_customer(segment=segment)).resolve_within
        for segment in ("enterprise", "business")
    ]

    assert both == [2 * HOUR, 8 * HOUR]


@pytest.mark.django_db
def test_without_a_target_no_clock_runs() -> None:
    ticket = make_ticket()

    assert services.clocks_of(ticket) == []
    assert TroubleTicket.objects.get(pk=ticket.pk).resolve_due is None


@pytest.mark.django_db
def test_the_desk_is_installed_once() -> None:
    services.install_desk()
    services.install_desk()

    ticket = make_ticket(severity="major", customer=make_customer(segment="residential"))
    assert ticket.calendar is not None
    assert ticket.resolve_within == 24 * HOUR
