"""Measuring a service level from its log: pure, deterministic, replayable at any date.

The same events give the same result whatever order they arrived in: they are put in order of event time first. Every
cause has its own intervals, which are united, so two incidents at once are one downtime. What is left of it after
pauses and planned work that was announced in time, cut to the agreed hours, is what counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any, NamedTuple
from uuid import UUID

from kernel import calendars
from service_mgmt.levels.models import SlaClockEvent
from service_mgmt.levels.services import spans
from service_mgmt.levels.services.spans import Span

Kind = SlaClockEvent.Kind
PLACES = Decimal("0.000001")
MICROSECOND = timedelta(microseconds=1)


class Happening(NamedTuple):
    """What a clock event says, without the database."""

    id: UUID
    kind: str
    at: datetime
    cause_id: UUID | None = None
    label: str = ""
    notified: datetime | None = None
    voids: UUID | None = None


@dataclass(frozen=True)
class Terms:
    """What the definition of a service level says about measuring."""

    target: Decimal
    calendar: calendars.Hours | None = None
    exclude_maintenance: bool = True
    maintenance_notice: timedelta = timedelta(0)
    time_to_restore: timedelta | None = None


@dataclass(frozen=True)
class Outage:
    """One counted interval of downtime, with the causes that were down in it; `open` when it had not ended."""

    start: datetime
    end: datetime
    counted: timedelta
    causes: tuple[str, ...]
    open: bool
    late: bool


@dataclass(frozen=True)
class Measured:
    """What the log says about a period, exactly.

    `agreed` = agreed hours less pauses; `downtime` counts against the target; `excluded` was down in planned work with
    notice; `running` says that the service is down, and counts, at the end of what is known.
    """

    start: datetime
    end: datetime
    target: Decimal
    agreed: timedelta
    downtime: timedelta
    excluded: timedelta
    paused: timedelta
    outages: tuple[Outage, ...] = ()
    running: bool = False
    windows: tuple[Span, ...] = field(default=(), repr=False)

    @property
    def availability(self) -> Decimal:
        """Percent of the agreed time, cut to six decimals; 100 where nothing was agreed."""
        if not self.agreed:
            return Decimal(100)
        good, whole = (self.agreed - self.downtime) // MICROSECOND, self.agreed // MICROSECOND
        return (Decimal(100) * good / whole).quantize(PLACES, rounding=ROUND_DOWN)

    def below(self, percent: Decimal) -> bool:
        """Whether the availability is below `percent`, decided on whole microseconds."""
        good, whole = (self.agreed - self.downtime) // MICROSECOND, self.agreed // MICROSECOND
        return bool(whole) and 100 * good < percent * whole

    @property
    def breached(self) -> bool:
        """Whether the target is missed, or a repair took longer than promised."""
        return self.below(self.target) or self.late_repairs > 0

    @property
    def late_repairs(self) -> int:
        """Outages longer than the time to restore."""
        return sum(outage.late for outage in self.outages)

    @property
    def allowed(self) -> timedelta:
        """Downtime that the target leaves in the agreed time of the whole period, cut to the microsecond."""
        whole = self.agreed // MICROSECOND
        return int((100 - self.target) * whole / 100) * MICROSECOND


class Cause(NamedTuple):
    """Intervals of one cause; `open` when the last one had not ended."""

    label: str
    spans: list[Span]
    open: bool


def agreed_hours(terms: Terms, start: datetime, end: datetime) -> list[Span]:
    """The agreed hours of a period, in UTC: days with a clock change have their real length."""
    if terms.calendar is None:
        return [(start, end)] if start < end else []
    return spans.union(calendars.openings(terms.calendar, start, end))


def measure(
    happenings: Iterable[Happening],
    *,
    terms: Terms,
    start: datetime,
    end: datetime,
    at: datetime,
    hours: list[Span] | None = None,
) -> Measured:
    """Measure [start, end) by the events up to `at`; what is down then is down until `at`, or until `end`.

    `hours` may bring the agreed hours along, where many services share them.
    """
    # In one zone, Python subtracts wall times: an hour would be lost or won at a clock change.
    start, end, at = (instant.astimezone(UTC) for instant in (start, end, at))
    known = _standing([event for event in happenings if event.at <= at])
    hours = agreed_hours(terms, start, end) if hours is None else hours
    downs = _causes(known, Kind.DOWN, Kind.UP, at)
    pauses = _causes(known, Kind.PAUSE, Kind.RESUME, at)
    windows = _planned(known, terms, at)
    down, paused, planned = (
        spans.union(s for c in found for s in c.spans) for found in (downs, pauses, windows)
    )
    agreed = spans.without(hours, paused)
    # A pause that nobody ended goes on: it is not known only until `at`.
    if any(cause.open for cause in pauses):
        agreed = spans.cut(agreed, [(start, min(end, at))] if start < at else [])
    owed = spans.cut(down, agreed)
    counted = spans.without(owed, planned)
    return Measured(
        start=start,
        end=end,
        target=terms.target,
        agreed=spans.length(agreed),
        downtime=spans.length(counted),
        excluded=spans.length(owed) - spans.length(counted),
        paused=spans.length(hours) - spans.length(agreed),
        outages=tuple(
            _outages(down, counted, downs, spans.union([*paused, *planned]), terms, start, end, at)
        ),
        running=at < end
        and any(cause.open for cause in downs)
        and not any(cause.open for cause in (*pauses, *windows)),
        windows=tuple(agreed),
    )


def _standing(events: Collection[Happening]) -> list[Happening]:
    """Events that were not taken back, in order of event time."""
    void = {event.voids for event in events if event.voids is not None}
    rank = {kind: position for position, kind in enumerate(Kind.values)}
    return sorted(
        (
            event._replace(at=event.at.astimezone(UTC))
            for event in events
            if event.kind != Kind.VOID and event.id not in void
        ),
        # At one instant a beginning goes before its end: an interval of no length, and nothing is left open.
        key=lambda event: (event.at, rank[event.kind], str(event.cause_id), str(event.id)),
    )


def _causes(
    events: Iterable[Happening],
    begin: str,
    finish: str,
    at: datetime,
    keep: Callable[[Happening], bool] = lambda _event: True,
) -> list[Cause]:
    """Per cause, the intervals from each `begin` to the next `finish`; an open one lasts until `at`."""
    rows: dict[UUID | None, list[Happening]] = defaultdict(list)
    for event in events:
        if event.kind in {begin, finish}:
            rows[event.cause_id].append(event)
    found = []
    for mine in rows.values():
        since: datetime | None = None
        intervals: list[Span] = []
        for event in mine:
            if event.kind == begin and since is None and keep(event):
                since = event.at
            elif event.kind == finish and since is not None:
                intervals.append((since, event.at))
                since = None
        if since is not None:
            intervals.append((since, at))
        label = next((row.label for row in mine if row.label), "")
        found.append(Cause(label, spans.union(intervals), since is not None))
    return found


def _planned(events: Iterable[Happening], terms: Terms, at: datetime) -> list[Cause]:
    """Planned work that does not count: announced, with proof, as long ahead as promised."""
    if not terms.exclude_maintenance:
        return []

    def proven(event: Happening) -> bool:
        return event.notified is not None and event.notified <= event.at - terms.maintenance_notice

    return _causes(events, Kind.MAINTENANCE_START, Kind.MAINTENANCE_END, at, proven)


def _outages(
    down: list[Span],
    counted: list[Span],
    causes: list[Cause],
    left_out: list[Span],
    terms: Terms,
    start: datetime,
    end: datetime,
    at: datetime,
) -> Iterable[Outage]:
    """What counts in [start, end), outage by outage. A repair is late in the month it ends in, by its whole length."""
    for span in down:
        inside = spans.cut([span], counted)
        if not inside:
            continue
        late = False
        if terms.time_to_restore is not None and start < span[1] <= end:
            whole = spans.cut(spans.without([span], left_out), agreed_hours(terms, *span))
            late = spans.length(whole) > terms.time_to_restore
        yield Outage(
            start=inside[0][0],
            end=inside[-1][1],
            counted=spans.length(inside),
            causes=tuple(sorted({c.label for c in causes if c.label and spans.cut(c.spans, [span])})),
            open=span[1] == at and any(cause.open for cause in causes),
            late=late,
        )


def as_json(outages: Iterable[Outage]) -> list[dict[str, Any]]:
    """Outages as a result keeps them: instants in ISO 8601, counted seconds as exact decimal text."""
    return [
        {
            "start": _iso(outage.start),
            "end": _iso(outage.end),
            "seconds": f"{Decimal(outage.counted // MICROSECOND).scaleb(-6).normalize():f}",
            "causes": list(outage.causes),
            "late": outage.late,
        }
        for outage in outages
    ]


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
