"""Doors to incidents: opened, led, resolved, joined and taken apart."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kernel import clock, events, journal, lifecycle
from kernel.errors import IllegalMove, Invalid
from oss.alarms import services as alarms
from oss.alarms.models import Alarm
from oss.incidents.events import (
    IncidentMerged,
    IncidentOpened,
    IncidentPriorityChanged,
    IncidentReopened,
    IncidentResolved,
    IncidentScopeChanged,
    IncidentUpdated,
)
from oss.incidents.models import CauseCode, Impact, Incident, IncidentEntry, Urgency
from oss.incidents.services import priority, timeline
from oss.inventory.models import Link, NetworkElement

Status, Kind = Incident.Status, IncidentEntry.Kind


def open_incident(
    *,
    title: str = "",
    root_alarm: Alarm | None = None,
    element: NetworkElement | None = None,
    link: Link | None = None,
    category: str = "",
    impact: str = "",
    urgency: str = "",
    at: datetime | None = None,
    by: Any = None,
) -> Incident:
    """Open an incident for a root alarm, or by hand; the open one of that alarm when there is one already.

    `at` is when it began to disturb (default: the alarm's first sign). Impact is first guessed from the ports in use.
    Raises Invalid without title or alarm.
    """
    if root_alarm is not None and (present := Incident.objects.open().filter(root_alarm=root_alarm).first()):
        return present
    if root_alarm is None and not title.strip():
        raise Invalid(_("Say what is wrong"), code="incident.title", fields={"title": _("Write something")})
    ports = priority.ports_hit(root_alarm) if root_alarm is not None else 0
    guess = impact or (priority.impact_of(ports) if root_alarm is not None else Impact.MINOR)
    urgent = urgency or (
        priority.URGENCY[root_alarm.raised_severity] if root_alarm is not None else str(Urgency.MEDIUM)
    )
    made = Incident(
        title=(title or (root_alarm.specific_problem if root_alarm else ""))[:200],
        category=category or (priority.category_of(root_alarm) if root_alarm else Incident.Category.OTHER),
        impact=guess,
        urgency=urgent,
        priority=priority.priority_of(guess, urgent),
        root_alarm=root_alarm,
        element=element or (root_alarm.element if root_alarm else None),
        link=link or (root_alarm.link if root_alarm else None),
        opened=at or (root_alarm.raised if root_alarm else clock.now()),
    )
    story = root_alarm.pk if root_alarm is not None else journal.context().correlation_id
    try:
        with transaction.atomic(), journal.acting(correlation_id=story):
            return _opened(made, ports, by=by, guessed=not impact)
    except IntegrityError:
        # A rival opened it between our look and our insert.
        present = Incident.objects.open().filter(root_alarm=root_alarm).first()
        if root_alarm is None or present is None:
            raise
        return present


def _opened(incident: Incident, ports: int, *, by: Any, guessed: bool) -> Incident:
    now, root = clock.now(), incident.root_alarm
    lifecycle.create(incident)
    if root is not None:
        timeline.told(incident, Kind.STATUS, "opened", at=now, by=by, alarm=str(root))
    else:
        timeline.told(incident, Kind.STATUS, "opened_by_hand", at=now, by=by)
    if root is not None and guessed:
        timeline.told(incident, Kind.IMPACT, "impact_guess", at=now, impact=incident.impact, ports=ports)
    events.publish(
        IncidentOpened(
            incident.pk, incident.root_alarm_id, incident.element_id, incident.link_id, incident.opened
        )
    )
    return incident


@transaction.atomic
def set_impact(
    *,
    incident: Incident,
    services: int | None = None,
    customers: int | None = None,
    impact: str = "",
    urgency: str = "",
    by: Any = None,
    at: datetime | None = None,
) -> Incident:
    """Say how much is hit; impact follows from the customers unless given, priority from both. Same again: no change."""
    moment = at or clock.now()
    incident = Incident.objects.locked().get(pk=incident.pk)
    wanted: dict[str, Any] = {
        "affected_services": incident.affected_services if services is None else services,
        "affected_customers": incident.affected_customers if customers is None else customers,
        "impact": impact or (priority.impact_of(customers) if customers is not None else incident.impact),
        "urgency": urgency or incident.urgency,
    }
    wanted["priority"] = priority.priority_of(wanted["impact"], wanted["urgency"])
    before = {name: getattr(incident, name) for name in wanted}
    if before == wanted:
        return incident
    lifecycle.change(incident, **wanted)
    if services is not None or customers is not None:
        timeline.told(
            incident, Kind.IMPACT, "impact", at=moment, by=by, impact=wanted["impact"],
            services=wanted["affected_services"] or 0, customers=wanted["affected_customers"] or 0,
        )  # fmt: skip
    if before["priority"] != wanted["priority"]:
        timeline.told(
            incident,
            Kind.IMPACT,
            "priority",
            at=moment,
            by=by,
            before=before["priority"],
            after=wanted["priority"],
        )
        events.publish(IncidentPriorityChanged(incident.pk, before["priority"], wanted["priority"], moment))
    return incident


@transaction.atomic
def assign(*, incident: Incident, commander: Any, by: Any = None, at: datetime | None = None) -> Incident:
    """Give somebody the command, or nobody."""
    lifecycle.change(incident, commander=commander)
    incident.commander = commander
    code = "assigned" if commander is not None else "unassigned"
    timeline.told(incident, Kind.PEOPLE, code, at=at or clock.now(), by=by, who=str(commander or ""))
    return incident


@transaction.atomic
def set_eta(
    *, incident: Incident, eta: datetime | None, by: Any = None, at: datetime | None = None
) -> Incident:
    """Say when it is expected to be over."""
    if eta != incident.eta:
        lifecycle.change(incident, eta=eta)
        told = eta.isoformat(timespec="minutes") if eta else "–"
        timeline.told(incident, Kind.STATUS, "eta", at=at or clock.now(), by=by, eta=told)
    return incident


@transaction.atomic
def publish_update(
    *, incident: Incident, text: str, eta: datetime | None = None, by: Any = None, at: datetime | None = None
) -> IncidentEntry:
    """Tell customers how it stands: an entry that service management passes on."""
    moment = at or clock.now()
    if eta is not None:
        set_eta(incident=incident, eta=eta, by=by, at=moment)
    entry = timeline.note(incident=incident, text=text, by=by, at=moment, kind=Kind.UPDATE)
    events.publish(IncidentUpdated(incident.pk, entry.pk, incident.eta, moment))
    return entry


@transaction.atomic
def mitigate(*, incident: Incident, at: datetime | None = None, by: Any = None) -> Incident:
    """The disturbance is under control, the cause perhaps not yet removed."""
    moment = at or clock.now()
    lifecycle.move(incident, Status.MITIGATED, mitigated=moment)
    timeline.told(incident, Kind.STATUS, "mitigated", at=moment, by=by)
    return incident


@transaction.atomic
def resolve(
    *, incident: Incident, cause_code: str, at: datetime | None = None, note: str = "", by: Any = None
) -> Incident:
    """Service is back since `at`. Raises Invalid without a cause, IllegalMove when it is resolved already."""
    if cause_code not in CauseCode.values:
        raise Invalid(_("Say what it was"), code="incident.cause", fields={"cause_code": _("Choose one")})
    moment = max(at or clock.now(), incident.opened)
    lifecycle.move(
        incident,
        Status.RESOLVED,
        reason=note,
        resolved=moment,
        cause_code=cause_code,
        cause_note=note,
        events_too=[IncidentResolved(incident.pk, moment)],
    )
    label = CauseCode(cause_code).value
    timeline.told(incident, Kind.STATUS, "resolved", at=moment, by=by, cause=label)
    return incident


@transaction.atomic
def reopen(*, incident: Incident, at: datetime | None = None, by: Any = None, reason: str = "") -> Incident:
    """It came back, or was never gone. Only a resolved incident can be reopened."""
    moment = at or clock.now()
    if incident.merged_into_id is not None:
        raise IllegalMove(_("It was merged into another incident"), code="incident.merged")
    lifecycle.move(
        incident, Status.OPEN, reason=reason, resolved=None, mitigated=None, cause_code="",
        events_too=[IncidentReopened(incident.pk, moment)],
    )  # fmt: skip
    timeline.told(incident, Kind.STATUS, "reopened", at=moment, by=by)
    return incident


@transaction.atomic
def close(*, incident: Incident, at: datetime | None = None, by: Any = None) -> Incident:
    """Nothing is left to do."""
    moment = at or clock.now()
    lifecycle.move(incident, Status.CLOSED, closed=moment)
    timeline.told(incident, Kind.STATUS, "closed", at=moment, by=by)
    return incident


@transaction.atomic
def merge(*, incident: Incident, into: Incident, by: Any = None, at: datetime | None = None) -> Incident:
    """Make `incident` part of `into`: its alarms go over, and it ends with the cause "part of another incident".

    Raises Invalid for the same incident twice or a target that is over.
    """
    moment = at or clock.now()
    if incident.pk == into.pk or not into.is_open:
        raise Invalid(_("Choose another incident that is open"), code="incident.mergeTarget")
    if into.root_alarm and incident.root_alarm and into.root_alarm.root_id is None:
        alarms.group(root=into.root_alarm, alarms=[incident.root_alarm], by=by, at=moment)
    timeline.told(into, Kind.PEOPLE, "merged_from", at=moment, by=by, **{"from": incident.number})
    timeline.told(incident, Kind.PEOPLE, "merged", at=moment, by=by, into=into.number)
    # What the merged incident affected is counted under the other before it is let go here.
    events.publish(IncidentScopeChanged(into.pk, moment), IncidentMerged(incident.pk, into.pk, moment))
    lifecycle.change(incident, merged_into=into)
    resolve(incident=incident, cause_code=CauseCode.MERGED, at=moment, by=by)
    return into


@transaction.atomic
def split(
    *,
    incident: Incident,
    alarms_out: Iterable[Alarm],
    title: str = "",
    by: Any = None,
    at: datetime | None = None,
) -> Incident:
    """Take symptoms out into an incident of their own, led by the first of them. Raises Invalid when none belongs to it."""
    moment = at or clock.now()
    chosen = [
        alarm for alarm in alarms_out if alarm.root_id is not None and alarm.root_id == incident.root_alarm_id
    ]
    if not chosen:
        raise Invalid(_("Choose alarms of this incident, not its root"), code="incident.splitNothing")
    freed = alarms.ungroup(
        alarms=chosen, by=by, note=_("taken out of %(n)s") % {"n": incident.number}, at=moment
    )
    root, rest = freed[0], freed[1:]
    if rest:
        alarms.group(root=root, alarms=rest, by=by, at=moment)
    made = open_incident(title=title, root_alarm=root, by=by)
    timeline.told(incident, Kind.PEOPLE, "split", at=moment, by=by, count=len(freed), into=made.number)
    timeline.told(made, Kind.PEOPLE, "split_from", at=moment, by=by, **{"from": incident.number})
    events.publish(IncidentScopeChanged(incident.pk, moment))
    return made
