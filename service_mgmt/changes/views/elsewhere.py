"""Changes on the pages of others: incidents, devices, links, the home page and the inbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from kernel import clock, pages
from kernel.models import User
from kernel.pages.panels import Todo, Waiting
from kernel.slots import slot
from oss.incidents.models import Incident
from oss.incidents.services import changes_slot
from oss.inventory.models import Link
from oss.southbound.models import ElementSession
from oss.southbound.services import purpose_slot
from service_mgmt.changes.models import ChangeRequest, ChangeTarget
from service_mgmt.changes.views.badges import APPROVE, VIEW
from service_mgmt.changes.views.changes import changes_of

Status = ChangeRequest.Status
LOOK_BACK = LOOK_AHEAD = timedelta(hours=24)
SHOWN = 20


def changes_near(incident: Incident) -> Any:
    """Changes of the 24 h before an incident on its device or link, or on what these are joined to."""
    elements = {incident.element_id} if incident.element_id else set()
    links = {incident.link_id} if incident.link_id else set()
    ends = Link.objects.filter(pk__in=links).values_list("port_a__element_id", "port_b__element_id")
    elements |= {pk for pair in ends for pk in pair}
    joined = Link.objects.filter(Q(port_a__element__in=elements) | Q(port_b__element__in=elements))
    targets = ChangeTarget.objects.filter(Q(element__in=elements) | Q(link__in=links) | Q(link__in=joined))
    began = Q(started__lte=incident.resolved or clock.now()) & (
        Q(finished=None) | Q(finished__gt=incident.opened - LOOK_BACK)
    )
    rows = ChangeRequest.objects.filter(began, pk__in=targets.values("change")).order_by("-started")[:SHOWN]
    return render_to_string("service_mgmt/changes/_near.html", {"object": incident, "rows": rows})


changes_slot.fill(changes_near)


def carried_out(session: ElementSession) -> ChangeRequest | None:
    """The change that was carried out in the session."""
    return ChangeRequest.objects.filter(pk=session.holder).first() if session.holder else None


purpose_slot.fill(carried_out)


def waiting_changes(user: Any) -> list[Waiting]:
    """Changes that this person may approve now, the next window first."""
    if not user.has_perm(APPROVE):
        return []
    rows = changes_of(user).filter(status=Status.WAIT_FOR_APPROVAL).exclude(author=user)
    facts = {
        "number": "number",
        "title": "title",
        **{name: f"author__{name}" for name in ("first_name", "last_name", "username")},
    }
    ordered = rows.order_by(F("window_start").asc(nulls_last=True))
    return [Waiting(ordered, "updated", facts, _to_approve, most=SHOWN)]


def _to_approve(facts: Mapping[str, Any], at: datetime) -> Todo:
    person = {name: facts[name] or "" for name in ("first_name", "last_name", "username")}
    return Todo(
        _t("Change %(number)s: %(title)s") % facts,
        pages.url_of(ChangeRequest(number=facts["number"])) or "",
        at,
        by=str(User(**person)),
        icon="git-compare",
    )


slot("portal.approvals").fill(waiting_changes)


def _next_day(user: Any) -> Mapping[str, Any]:
    now = clock.now()
    rows = changes_of(user).filter(
        status__in=[Status.APPROVED, Status.SCHEDULED, Status.IN_PROGRESS, Status.FALLBACK],
        window_start__lt=now + LOOK_AHEAD,
        window_end__gt=now,
    )
    return {"rows": rows.order_by("window_start")[:SHOWN]}


CARDS = [
    pages.Card(
        "changes",
        _("Changes in the next 24 hours"),
        template="service_mgmt/changes/_card.html",
        context=_next_day,
        roles=("noc", "engineer"),
        permission=VIEW,
        link="service_mgmt_changes:calendar",
        topics=("service_mgmt_changes",),
    )
]
pages.extend(
    "oss_inventory:element-detail",
    tabs=[
        pages.Tab("changes-of", _("Network changes"), list="service_mgmt_changes:change-list",
                  lock=lambda element: {"element": element.name}),
    ],
)  # fmt: skip
pages.extend(
    "oss_inventory:link-detail",
    tabs=[
        pages.Tab("changes-of", _("Network changes"), list="service_mgmt_changes:change-list",
                  lock=lambda link: {"link": link.name}),
    ],
)  # fmt: skip
