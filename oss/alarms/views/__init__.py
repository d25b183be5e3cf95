"""The alarm console, an alarm’s page, and maintenance windows; and what they add to the pages of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _

from kernel import pages
from oss.alarms.models import AckState, Alarm
from oss.alarms.views.console import ALARM, ALARMS
from oss.alarms.views.maintenance import MAINTENANCE, MAINTENANCE_CREATE, WINDOW_PAGE
from oss.monitoring.services import silent_feeds

__all__ = ["ALARM", "ALARMS", "CARDS", "MAINTENANCE", "MAINTENANCE_CREATE", "WINDOW_PAGE"]


def _severities(user: Any) -> Mapping[str, Any]:
    rows = (
        Alarm.objects.visible_to(user)
        .open()
        .roots()
        .unexpected()
        .values_list("perceived_severity")
        .annotate(n=Count("pk"), fresh=Count("pk", filter=Q(ack_state=AckState.UNACKNOWLEDGED)))
        .order_by(F("severity_rank"))
    )
    return {"rows": list(rows), "silent": silent_feeds()}


CARDS = [
    pages.Card(
        "alarms", _("Open alarms"), template="oss/alarms/_severities.html", context=_severities,
        roles=("noc", "engineer", "manager", "admin"), permission="oss_alarms.view_alarm", link="oss_alarms:alarm-list",
        topics=("oss_alarms",),
    )
]  # fmt: skip

pages.extend(
    "oss_inventory:element-detail",
    tabs=[pages.Tab("alarms", _("Alarms"), list=ALARMS, lock=lambda element: {"element": element.name})],
)
pages.extend(
    "oss_inventory:port-detail",
    tabs=[pages.Tab("alarms", _("Alarms"), list=ALARMS, lock=lambda port: {"port": str(port.pk)})],
)
pages.extend(
    "oss_inventory:link-detail",
    tabs=[pages.Tab("alarms", _("Alarms"), list=ALARMS, lock=lambda link: {"link": link.name})],
)
