"""What comes first: the matrix of impact and urgency, and how both are told from what is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from oss.alarms.models import Alarm, ProbableCause
from oss.incidents.models import Impact, Incident, Priority, Urgency
from oss.inventory.models import Port, PortKind
from oss.inventory.services.graph import Graph

P1, P2, P3, P4 = Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM, Priority.LOW
MATRIX: Mapping[str, Mapping[str, str]] = {
    impact: dict(zip(Urgency.values, row, strict=True))
    for impact, row in {
        Impact.EXTENSIVE: (P1, P1, P2, P3),
        Impact.SIGNIFICANT: (P1, P2, P3, P3),
        Impact.MODERATE: (P2, P3, P3, P4),
        Impact.MINOR: (P3, P4, P4, P4),
    }.items()
}
URGENCY: Mapping[str, str] = {
    "critical": Urgency.CRITICAL,
    "major": Urgency.HIGH,
    "minor": Urgency.MEDIUM,
    "warning": Urgency.LOW,
    "indeterminate": Urgency.LOW,
}
# From so many customers (or ports in use, before anybody knows the customers) on.
EXTENSIVE_FROM, SIGNIFICANT_FROM, MODERATE_FROM = 100, 10, 1


def priority_of(impact: str, urgency: str) -> str:
    """The matrix."""
    return MATRIX[impact][urgency]


def impact_of(customers: int) -> str:
    """Impact by the number hit."""
    if customers >= EXTENSIVE_FROM:
        return Impact.EXTENSIVE
    if customers >= SIGNIFICANT_FROM:
        return Impact.SIGNIFICANT
    return Impact.MODERATE if customers >= MODERATE_FROM else Impact.MINOR


def ports_hit(root: Alarm) -> int:
    """Customer ports in use that are without service because of a root: the first guess, from the network alone."""
    symptoms = Alarm.objects.open().filter(root=root)
    silent = set(symptoms.filter(probable_cause=ProbableCause.UNREACHABLE).values_list("element", flat=True))
    elements: set[UUID] = {pk for pk in silent if pk is not None}
    own = {root.element_id} if root.element_id and root.port_id is None and root.link_id is None else set()
    elements |= Graph.load().cut_off(elements=own, links=[root.link_id] if root.link_id else [])
    in_use = Port.objects.filter(kind=PortKind.CUSTOMER, usage=Port.Usage.IN_USE)
    lines = set(symptoms.filter(port__isnull=False, link=None).values_list("port", flat=True)) | {
        root.port_id
    }
    whole = in_use.filter(element__in=elements).count()
    return whole + in_use.filter(pk__in=[pk for pk in lines if pk]).exclude(element__in=elements).count()


def category_of(root: Alarm) -> str:
    """The heading an incident comes under."""
    causes = {
        ProbableCause.POWER: Incident.Category.POWER,
        ProbableCause.UNDERLYING: Incident.Category.ACCESS,
        ProbableCause.THRESHOLD: Incident.Category.QUALITY,
    }
    if root.probable_cause in causes:
        return causes[ProbableCause(root.probable_cause)]
    if root.link_id:
        return Incident.Category.TRANSPORT
    return Incident.Category.ELEMENT if root.element_id else Incident.Category.OTHER


def worst(priorities: Iterable[str]) -> str:
    """The one that comes first."""
    return min(priorities, key=Priority.values.index, default=P4)
