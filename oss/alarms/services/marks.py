"""What alarms and planned work mark on the charts of a port or an element."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from oss.alarms.models import Alarm, Maintenance, MaintenanceTarget
from oss.inventory.models import Link

# More marks than these say nothing on a chart; the gravest alarms stay.
MOST = 20
Status = Maintenance.Status
Mark = tuple[datetime, str]


def marks_of(place: UUID, start: datetime, end: datetime) -> list[Mark]:
    """Alarms raised and planned work begun in [start, end) on a port (and its link) or an element, in order of time.

    An element's charts leave out what was raised for its ports and links: those have charts of their own.
    """
    links = Link.objects.filter(Q(port_a=place) | Q(port_b=place)).values("pk")
    raised = Alarm.objects.filter(raised__gte=start, raised__lt=end).order_by()
    found = (
        raised.filter(element=place, port=None, link=None)
        .union(raised.filter(port=place), raised.filter(link__in=links))
        .order_by("severity_rank", "-raised")
        .values_list("severity_rank", "raised", "number", "specific_problem")
    )
    alarms = [(at, f"{number} {problem}") for _rank, at, number, problem in found[:MOST]]
    return sorted([*alarms, *_windows(place, start, end)])


def _windows(place: UUID, start: datetime, end: datetime) -> list[Mark]:
    """Planned work by its change, where it was planned for one."""
    here = MaintenanceTarget.objects.filter(
        Q(element=place) | Q(element__ports=place) | Q(link__port_a=place) | Q(link__port_b=place)
    ).values("maintenance")
    begun = Maintenance.objects.filter(
        pk__in=here, start__gte=start, start__lt=end, status__in=[Status.ACTIVE, Status.ENDED]
    ).order_by("-start")
    rows = begun.values_list("start", "change_ref", "number", "reason")[:MOST]
    return [(at, f"{change or number} {reason}") for at, change, number, reason in rows]
