"""What is known, on the pages of incidents and tickets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from kernel import pages
from oss.incidents.models import Incident
from service_mgmt.problems import services

VIEW_ERROR = "service_mgmt_problems.view_knownerror"


def _of_incident(incident: Incident, user: Any) -> Mapping[str, Any]:
    return {
        "problem": services.problem_of_incident(incident),
        "errors": services.known_errors_of(incident),
    }


def _of_ticket(ticket: Any, user: Any) -> Mapping[str, Any]:
    """A ticket of an outage names the incident as its story."""
    incident = Incident.objects.filter(pk=ticket.story_id).first() if ticket.story_id else None
    return _of_incident(incident, user) if incident is not None else {"problem": None, "errors": []}


def _why_no_problem(incident: Incident, user: Any) -> Any:
    return _("It belongs to a problem") if services.problem_of_incident(incident) else ""


pages.extend(
    "oss_incidents:incident-detail",
    rail=[
        pages.Panel("known-errors", _("Known errors"), "service_mgmt/problems/_known.html", context=_of_incident,
                    permission=VIEW_ERROR),
    ],
    actions=[
        pages.Action("problem", _("Open a problem"), permission="service_mgmt_problems.add_problem", icon="bug",
                     why_not=_why_no_problem, goto=pages.url_of,
                     run=lambda call: services.open_from_incident(incident=call.object, by=call.user)),
    ],
)  # fmt: skip
pages.extend(
    "bss_care:ticket-detail",
    rail=[
        pages.Panel("known-errors", _("Known errors"), "service_mgmt/problems/_known.html", context=_of_ticket,
                    permission=VIEW_ERROR),
    ],
)  # fmt: skip
