"""The clocks of a ticket: first answer and solution, worked out from what happened to it.

Nothing is counted up: the service time taken is the sum of the intervals in which the ticket was ours to work on, cut
to the hours of its calendar. So a pause, a change of target or a late entry can never lose time that was counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from bss.care.models import TicketStatusChange, TroubleTicket
from kernel import calendars, clock
from kernel.models import BusinessCalendar

Step = tuple[str, datetime]
Interval = tuple[datetime, datetime | None]


class State(models.TextChoices):
    """What a clock does now, or how it ended."""

    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    MET = "met", _("In time")
    MISSED = "missed", _("Too late")


@dataclass(frozen=True)
class Clock:
    """One named clock: `used` of `target` in the hours of `calendar` (None: 24 × 7), missed at `due`.

    `due` is None while the clock is paused. `late` says that the target is or was missed, running or not.
    """

    name: str
    target: timedelta
    used: timedelta
    due: datetime | None
    state: State
    late: bool
    calendar: BusinessCalendar | None
    reason: str = ""

    @property
    def left(self) -> timedelta:
        """Service time left; negative when it is used up."""
        return self.target - self.used


def running(steps: Sequence[Step]) -> list[Interval]:
    """Intervals in which the solution is owed, from the status changes in order; the last one may be open."""
    intervals: list[Interval] = []
    since: datetime | None = None
    for status, at in steps:
        runs = status in TroubleTicket.RUNNING
        if runs and since is None:
            since = at
        elif not runs and since is not None:
            intervals.append((since, at))
            since = None
    if since is not None:
        intervals.append((since, None))
    return intervals


def used(intervals: Sequence[Interval], calendar: calendars.Hours | None, at: datetime) -> timedelta:
    """Service time of the intervals up to `at`."""
    return sum(
        (
            calendars.open_time(calendar, start, at if end is None else min(end, at))
            for start, end in intervals
        ),
        timedelta(0),
    )


def due(
    intervals: Sequence[Interval], calendar: calendars.Hours | None, target: timedelta
) -> datetime | None:
    """The instant at which `target` was or will be used up; None when the clock rests before that."""
    left = target
    for start, end in intervals:
        taken = None if end is None else calendars.open_time(calendar, start, end)
        if taken is None or left <= taken:
            return calendars.due(calendar, start, left)
        left -= taken
    return None


def steps_of(ticket: TroubleTicket) -> list[Step]:
    """The status changes of a ticket in order of business time."""
    return list(
        TicketStatusChange.objects.filter(ticket=ticket).order_by("at", "id").values_list("status", "at")
    )


def clocks_of(ticket: TroubleTicket, *, at: datetime | None = None) -> list[Clock]:
    """The clocks of a ticket as they stand at `at`, first answer before solution; none where nothing was promised."""
    at = at or clock.now()
    found = []
    if ticket.respond_within is not None:
        found.append(_answer(ticket, ticket.respond_within, at))
    if ticket.resolve_within is not None:
        found.append(_solution(ticket, ticket.resolve_within, at))
    return found


def _answer(ticket: TroubleTicket, target: timedelta, at: datetime) -> Clock:
    # A pause stops the solution alone: whoever waits for a first word waits all the time.
    until = ticket.responded or ticket.ended
    taken = calendars.open_time(ticket.calendar, ticket.opened, min(until, at) if until else at)
    late = taken > target
    state = State.RUNNING if until is None else (State.MISSED if late else State.MET)
    return Clock("respond", target, taken, ticket.respond_due, state, late, ticket.calendar)


def _solution(ticket: TroubleTicket, target: timedelta, at: datetime) -> Clock:
    intervals = running(steps_of(ticket))
    taken = used(intervals, ticket.calendar, at)
    late = taken > target
    if ticket.status == TroubleTicket.Status.PENDING:
        state, reason = State.PAUSED, ticket.status_reason
    elif ticket.is_open:
        state, reason = State.RUNNING, ""
    else:
        state, reason = (State.MISSED if late else State.MET), ""
    return Clock(
        "resolve",
        target,
        taken,
        due(intervals, ticket.calendar, target),
        state,
        late,
        ticket.calendar,
        reason,
    )
