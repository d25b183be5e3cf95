"""What incidents mark on the charts of a port or an element."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from oss.incidents.models import Incident

MOST = 20


def marks_of(place: UUID, start: datetime, end: datetime) -> list[tuple[datetime, str]]:
    """Incidents opened in [start, end) about a port (and its link) or an element, in order of time."""
    about = (
        Q(element=place)
        | Q(root_alarm__element=place)
        | Q(root_alarm__port=place)
        | Q(link__port_a=place)
        | Q(link__port_b=place)
    )
    opened = Incident.objects.filter(about, opened__gte=start, opened__lt=end, merged_into=None)
    rows = opened.order_by("-opened").values_list("opened", "number", "title")[:MOST]
    return sorted((at, f"{number} {title}") for at, number, title in rows)
