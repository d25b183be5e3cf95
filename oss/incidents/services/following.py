"""What incidents do when alarms move: open, change their root, grow, resolve."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from kernel import events, lifecycle
from oss.alarms.models import Alarm, ProbableCause, Severity
from oss.incidents.events import IncidentScopeChanged
from oss.incidents.models import CauseCode, Diagnosis, Incident, IncidentEntry
from oss.incidents.services import diagnosing, incidents, priority, timeline

# A root that was over again so soon when we heard of it is a blip: kept as an alarm, no incident.
BLIP = timedelta(seconds=30)
WORTHY = (Severity.CRITICAL, Severity.MAJOR)
Kind, Status = IncidentEntry.Kind, Incident.Status


@transaction.atomic
def root_found(*, root_id: UUID, symptom_ids: Iterable[UUID], at: datetime) -> Incident | None:
    """Open an incident for a new root, unless it is slight, planned or a blip; idempotent.

    A root that explains the roots of open incidents takes the oldest of them over, and the others are merged into it.
    """
    root = Alarm.objects.select_related("element", "link").get(pk=root_id)
    if root.raised_severity not in WORTHY or root.planned_outage or root.root_id is not None:
        return None
    if root.cleared is not None and root.cleared - root.raised < BLIP:
        return None
    held = list(
        Incident.objects.open()
        .filter(root_alarm__in=Alarm.objects.filter(root=root).values("pk"))
        .order_by("opened", "pk")
        .select_related("root_alarm")
    )
    incident = _take_over(held, root, at=at) if held else incidents.open_incident(root_alarm=root)
    if root.cleared is not None and incident.is_open:
        recovered(alarm_id=root.pk)
    elif incident.status == Status.OPEN and not incident.diagnoses.exists():
        diagnosing.diagnose(incident=incident)
    return incident


def _take_over(held: list[Incident], root: Alarm, *, at: datetime) -> Incident:
    incident = held[0]
    lifecycle.change(
        incident,
        root_alarm=root,
        title=root.specific_problem[:200],
        element=root.element,
        link=root.link,
        category=priority.category_of(root),
    )
    incident.root_alarm = root
    timeline.told(incident, Kind.ALARM, "rerooted", at=at, alarm=str(root))
    for other in held[1:]:
        incidents.merge(incident=other, into=incident, at=at)
    events.publish(IncidentScopeChanged(incident.pk, at))
    return incident


@transaction.atomic
def symptoms_joined(*, root_id: UUID, symptom_ids: Iterable[UUID], at: datetime) -> None:
    """More alarms belong to the root of an open incident: what it affects is worked out again."""
    ids = list(symptom_ids)
    incident = Incident.objects.open().filter(root_alarm=root_id).select_related("root_alarm").first()
    if incident is None or incident.root_alarm is None:
        return
    for other in Incident.objects.open().filter(root_alarm__in=ids).exclude(pk=incident.pk):
        incidents.merge(incident=other, into=incident, at=at)
    timeline.told(incident, Kind.ALARM, "symptoms", at=at, count=len(ids))
    if incident.affected_customers is None:
        ports = priority.ports_hit(incident.root_alarm)
        incidents.set_impact(incident=incident, impact=priority.impact_of(ports), at=at)
    events.publish(IncidentScopeChanged(incident.pk, at))


@transaction.atomic
def recovered(*, alarm_id: UUID) -> Incident | None:
    """The root of an open incident is over: it is mitigated and resolved since then, with the cause that is known."""
    incident = (
        Incident.objects.open().filter(root_alarm=alarm_id).select_related("root_alarm").locked().first()
    )
    if incident is None or incident.root_alarm is None or incident.root_alarm.cleared is None:
        return None
    root, at = incident.root_alarm, max(incident.root_alarm.cleared, incident.opened)
    timeline.told(
        incident,
        Kind.ALARM,
        "root_cleared",
        at=at,
        alarm=str(root),
        evidence=root.clear_evidence or root.cleared_by,
    )
    if incident.status != Status.MITIGATED:
        incidents.mitigate(incident=incident, at=at)
    return incidents.resolve(incident=incident, cause_code=cause_of(incident), at=at)


def cause_of(incident: Incident) -> str:
    """The cause that the last diagnosis named, else what the kind of alarm says."""
    found = (
        Diagnosis.objects.filter(incident=incident, status=Diagnosis.Status.DONE)
        .exclude(cause_code="")
        .first()
    )
    if found is not None:
        return found.cause_code
    power = incident.root_alarm is not None and incident.root_alarm.probable_cause == ProbableCause.POWER
    return CauseCode.POWER if power else CauseCode.UNKNOWN
