"""Doors of the clock log: start, stop, pause, planned work, and taking back what was wrong; and reading it again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from kernel import calendars, clock, events, journal, periods
from kernel.errors import Invalid
from oss.incidents.models import Incident
from service_mgmt.levels.models import SlaAgreement, SlaClockEvent, SlaDefinition
from service_mgmt.levels.services import measuring
from service_mgmt.levels.services.measuring import Happening, Measured, Terms
from service_mgmt.levels.services.spans import Span

Kind = SlaClockEvent.Kind
MICROSECOND = timedelta(microseconds=1)


def start_clock(
    *,
    service_ids: Iterable[UUID],
    at: datetime,
    incident_id: UUID | None = None,
    cause_id: UUID | None = None,
    label: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> int:
    """Services went down at `at` because of an incident (or another cause); returns how many were written down anew.

    Set-based, and the same again writes nothing.
    """
    return _log(Kind.DOWN, service_ids, at, incident_id, cause_id, label, evidence)


def stop_clock(
    *,
    service_ids: Iterable[UUID],
    at: datetime,
    incident_id: UUID | None = None,
    cause_id: UUID | None = None,
    label: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> int:
    """Services work again since `at`, as far as that cause goes. As `start_clock`."""
    return _log(Kind.UP, service_ids, at, incident_id, cause_id, label, evidence)


def pause_clock(
    *, service_ids: Iterable[UUID], at: datetime, cause_id: UUID | None = None, label: str = ""
) -> int:
    """From `at` on the service is out on purpose (suspension): nothing is owed."""
    return _log(Kind.PAUSE, service_ids, at, None, cause_id, label, None)


def resume_clock(
    *, service_ids: Iterable[UUID], at: datetime, cause_id: UUID | None = None, label: str = ""
) -> int:
    """The pause is over."""
    return _log(Kind.RESUME, service_ids, at, None, cause_id, label, None)


def record_maintenance(
    *,
    notified: Mapping[UUID, datetime | None],
    start: datetime,
    cause_id: UUID,
    label: str,
    end: datetime | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> int:
    """Planned work on services: service id → when its customer was told (None = no proof, the downtime counts)."""
    rows = [
        _row(Kind.MAINTENANCE_START, service_id, start, None, cause_id, label, evidence, told)
        for service_id, told in notified.items()
    ]
    if end is not None:
        rows += [
            _row(Kind.MAINTENANCE_END, service_id, end, None, cause_id, label, evidence)
            for service_id in notified
        ]
    return _write(rows)


def end_maintenance(*, service_ids: Iterable[UUID], at: datetime, cause_id: UUID, label: str) -> int:
    """Planned work that had no known end is over."""
    return _log(Kind.MAINTENANCE_END, service_ids, at, None, cause_id, label, None)


def take_back(*, event: SlaClockEvent, reason: str, at: datetime | None = None) -> SlaClockEvent:
    """Declare an event wrong. It stays in the log, and counts no more. Raises Invalid without a reason, or twice."""
    if not reason.strip():
        raise Invalid(_("Say why"), code="sla.voidReason", fields={"reason": _("This is needed")})
    if event.kind == Kind.VOID or event.voided_by.exists():
        raise Invalid(_("This was taken back already"), code="sla.voidTwice")
    with transaction.atomic():
        row = _row(
            Kind.VOID, event.service_id, event.at, None, event.cause_id, event.cause_label, {"reason": reason}
        )
        row.voids = event
        row.save(force_insert=True)
        journal.record("sla_clock_event.void", event, after={"void": str(row.pk)}, reason=reason)
        events.publish(events.ObjectCreated(row._meta.label, row.pk))
    return row


# ------------------------------------------------------------------------------------------------------------ reading


def terms_of(definition: SlaDefinition) -> Terms:
    """What a definition says about measuring."""
    return Terms(
        target=definition.availability_target,
        calendar=definition.calendar,
        exclude_maintenance=definition.exclude_maintenance,
        maintenance_notice=definition.maintenance_notice,
        time_to_restore=definition.time_to_restore,
    )


def happenings_of(service_ids: Collection[UUID], until: datetime) -> dict[UUID, list[Happening]]:
    """The log of services up to `until`, in one query."""
    found: dict[UUID, list[Happening]] = defaultdict(list)
    rows = SlaClockEvent.objects.filter(service_id__in=service_ids, at__lte=until).order_by("at", "id")
    for service_id, *values in rows.values_list(
        "service_id", "id", "kind", "at", "cause_id", "cause_label", "notified", "voids_id"
    ):
        found[service_id].append(Happening(*values))
    return found


def replay(
    *, agreement: SlaAgreement, start: datetime, end: datetime, at: datetime | None = None
) -> Measured:
    """What an agreement's log says about [start, end) by `at`; cut to the agreement's own period."""
    at = at or clock.now()
    log = happenings_of([agreement.service_id], at)[agreement.service_id]
    return _measure(agreement, log, start, end, at)


def month_of(agreement: SlaAgreement, at: datetime) -> date:
    """The month that `at` lies in, where the agreement's customer is."""
    return periods.local_date(at, agreement.time_zone).replace(day=1)


def bounds(agreement: SlaAgreement, month: date) -> tuple[datetime, datetime]:
    """First instant of a month and of the next one, where the agreement's customer is."""
    first = month.replace(day=1)
    following = periods.add_months(first, 1)
    return periods.start_of(first, agreement.time_zone), periods.start_of(following, agreement.time_zone)


def replay_month(*, agreements: Iterable[SlaAgreement], month: date, at: datetime) -> dict[UUID, Measured]:
    """Agreement id → its month as known by `at`; one query for all logs, hours worked out once a definition and zone."""
    rows = list(agreements)
    logs = happenings_of([row.service_id for row in rows], at)
    hours: dict[tuple[Any, ...], list[Span]] = {}
    found = {}
    for row in rows:
        start, end = _within(row, *bounds(row, month))
        terms = terms_of(row.definition)
        key = (row.definition.calendar_id, start, end)
        if key not in hours:
            hours[key] = measuring.agreed_hours(terms, start, end)
        found[row.pk] = measuring.measure(
            logs[row.service_id], terms=terms, start=start, end=end, at=at, hours=hours[key]
        )
    return found


@dataclass(frozen=True)
class Forecast:
    """How a running month stands: downtime left before the target is missed, and when that is if it stays down.

    `likely` is the availability at the month's end if the rest goes like the month so far.
    """

    month: date
    measured: Measured
    left: timedelta
    breach_at: datetime | None
    likely: Decimal

    @property
    def minutes_left(self) -> int:
        """Whole minutes of downtime left; 0 when the target is missed."""
        return max(0, self.left // timedelta(minutes=1))


def forecast(*, agreement: SlaAgreement, at: datetime | None = None) -> Forecast:
    """How the present month of an agreement stands."""
    at = at or clock.now()
    return forecasts(agreements=[agreement], at=at)[agreement.pk]


def forecasts(*, agreements: Iterable[SlaAgreement], at: datetime) -> dict[UUID, Forecast]:
    """The same for many agreements, with one query for their logs."""
    found: dict[UUID, Forecast] = {}
    by_month: dict[date, list[SlaAgreement]] = defaultdict(list)
    for agreement in agreements:
        by_month[month_of(agreement, at)].append(agreement)
    for month, rows in by_month.items():
        measured = replay_month(agreements=rows, month=month, at=at)
        for row in rows:
            found[row.pk] = _forecast(row, month, measured[row.pk], at)
    return found


def _forecast(agreement: SlaAgreement, month: date, measured: Measured, at: datetime) -> Forecast:
    left = measured.allowed - measured.downtime
    breach_at = None
    if measured.running and left >= timedelta(0):
        # One microsecond past what is allowed is the first that breaks it.
        due = calendars.due(agreement.definition.calendar, at, left + MICROSECOND)
        breach_at = due if due < measured.end else None
    elapsed = sum((min(end, at) - start for start, end in measured.windows if start < at), timedelta(0))
    share = Decimal(measured.downtime // MICROSECOND) / (elapsed // MICROSECOND) if elapsed else Decimal(0)
    return Forecast(month, measured, left, breach_at, (100 * (1 - share)).quantize(measuring.PLACES))


def _measure(
    agreement: SlaAgreement, log: Iterable[Happening], start: datetime, end: datetime, at: datetime
) -> Measured:
    begin, finish = _within(agreement, start, end)
    return measuring.measure(log, terms=terms_of(agreement.definition), start=begin, end=finish, at=at)


def _within(agreement: SlaAgreement, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    begin = max(start, agreement.starts)
    finish = min(end, agreement.ends) if agreement.ends else end
    return begin, max(begin, finish)


# ------------------------------------------------------------------------------------------------------------ writing


def _log(
    kind: Kind,
    service_ids: Iterable[UUID],
    at: datetime,
    incident_id: UUID | None,
    cause_id: UUID | None,
    label: str,
    evidence: Mapping[str, Any] | None,
) -> int:
    if incident_id is not None and not label:
        label = str(Incident.objects.values_list("number", flat=True).get(pk=incident_id))
    rows = [
        _row(kind, service_id, at, incident_id, cause_id or incident_id, label, evidence)
        for service_id in sorted(set(service_ids))
    ]
    return _write(rows)


def _row(
    kind: Kind,
    service_id: UUID,
    at: datetime,
    incident_id: UUID | None,
    cause_id: UUID | None,
    label: str,
    evidence: Mapping[str, Any] | None,
    notified: datetime | None = None,
) -> SlaClockEvent:
    return SlaClockEvent(
        service_id=service_id,
        kind=kind,
        at=at,
        incident_id=incident_id,
        cause_id=cause_id,
        cause_label=label[:60],
        notified=notified,
        evidence=journal.plain(evidence or {}),
        by_label=journal.context().actor,
    )


def _write(rows: list[SlaClockEvent]) -> int:
    """Insert what is new, in one statement a thousand rows; returns how many that were."""
    if not rows:
        return 0
    with transaction.atomic():
        SlaClockEvent.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
        return SlaClockEvent.objects.filter(pk__in=[row.pk for row in rows]).count()
