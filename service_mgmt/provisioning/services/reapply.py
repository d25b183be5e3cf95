"""Telling an element again what its services need: the remedy for a configuration that was lost or changed by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from kernel.errors import Invalid
from oss.incidents.models import Incident
from oss.inventory.models import NetworkElement, Port
from oss.southbound.drivers.intents import Intent
from service_mgmt.provisioning.models import WorkflowRun
from service_mgmt.provisioning.services.applying import Work, apply_all
from service_mgmt.services import services as inventory
from service_mgmt.services.models import Service, ServiceLink

Run = WorkflowRun.Status
# A run in one of these has begun, and not reached what it wants: what its service needs now, only it knows.
UNDER_WORK = (Run.RUNNING, Run.FAILED, Run.COMPENSATING)


def push_configuration(*, incident: Incident, element: NetworkElement, port: Port | None) -> dict[str, Any]:
    """Render anew what the live services on an element (of one port, if given) ask of it, and apply it with confirmation
    and proof. Suspended services stay blocked; those that a workflow is working on are left to it.

    Returns how many services were told, which elements changed, and the services left out. Raises Invalid when no live
    service is configured there, NotProven (all taken back) when the element does not show what it was told, and
    whatever the session raises. Safe to call again: what agrees is left alone.
    """
    services = _live(element, port)
    busy = _under_work()
    told = [service for service in services if service.pk not in busy]
    intents: list[Intent] = []
    for service in told:
        blocked = service.state == Service.State.SUSPENDED
        intents += inventory.intents_of(service=service, blocked=blocked).get(element.pk, [])
    if not intents:
        raise Invalid(
            _("No live service that could be configured again stands on %(element)s") % {"element": element},
            code="element.nothingIntended",
        )
    done = apply_all([Work(element, intents)], holder=incident.pk)
    return {
        "services": len(told),
        "changed": done.changed,
        "left_to_workflows": sorted(service.number for service in services if service.pk in busy),
        "session": str(done.session_id),
    }


def _live(element: NetworkElement, port: Port | None) -> list[Service]:
    """Live services that hold something of the element, in a stable order."""
    here = (
        Q(resources__port=port)
        if port
        else Q(resources__element=element) | Q(resources__port__element=element)
    )
    return list(
        Service.objects.filter(here, resources__released=None)
        .live()
        .select_related("customer")
        .distinct()
        .order_by("pk")
    )


def _under_work() -> set[UUID]:
    """Live services that a begun workflow run works on, and everything they rest on; one query a level."""
    runs = WorkflowRun.objects.filter(
        status__in=UNDER_WORK, item__service__state__in=[Service.State.ACTIVE, Service.State.SUSPENDED]
    )
    found = set(runs.values_list("item__service_id", flat=True))
    frontier = found
    while frontier:
        below = ServiceLink.objects.filter(service__in=frontier).values_list("supporting_id", flat=True)
        frontier = set(below) - found
        found |= frontier
    return found
