"""Judging a change on the live network: whom it hits, and what it collides with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from kernel import clock, journal, lifecycle
from kernel.errors import IllegalMove
from kernel.slots import slot
from oss.incidents.models import Incident
from oss.inventory.models import Link, Port
from service_mgmt.changes.models import ChangeRequest, ChangeStep, ChangeTarget, Freeze
from service_mgmt.services.services.impact import Effect, Impact, impact_of

Status, Phase = ChangeRequest.Status, ChangeStep.Phase
# What a service lost, a service at risk and a conflict add to the risk score.
LOST_WEIGHT, RISK_WEIGHT, CONFLICT_WEIGHT = 10, 3, 25

# Filled by service_mgmt.levels: (service ids, at) → notice of planned work that their agreements ask for.
notice_slot = slot("service_mgmt_changes.notice_periods")


def assess(*, change: ChangeRequest) -> ChangeRequest:
    """Judge the change on the live network: who is hit, what is left without redundancy, what it collides with.

    Raises IllegalMove once it runs or is over.
    """
    if change.started is not None or ChangeRequest.lifecycle.terminal(change.status):
        raise IllegalMove(_("It is too late to assess it"), code="change.begun")
    impact = judged(change)
    found = conflicts(change=change)
    return lifecycle.change(
        change,
        verb="assessed",
        risk=_score(impact, found),
        assessment=journal.plain(
            {
                "lost": len(impact.customer_facing(Effect.LOST)),
                "degraded": len(impact.customer_facing(Effect.DEGRADED)),
                "at_risk": len(impact.customer_facing(Effect.AT_RISK)),
                "customers": sorted(map(str, impact.customers)),
                "revenue": str(impact.revenue),
                "conflicts": found,
                **_notice(change, impact),
                "at": clock.now(),
            }
        ),
    )


def _notice(change: ChangeRequest, impact: Impact) -> dict[str, Any]:
    """Customers who would be told later than their agreement asks, and from when on a window would keep to it.

    Too late is no conflict: the work then counts against the promise, which is for the approver to weigh.
    """
    now = clock.now()
    hit = {
        row.service_id: row.customer_id
        for effect in (Effect.LOST, Effect.DEGRADED)
        for row in impact.customer_facing(effect)
    }
    asked: dict[UUID, timedelta] = notice_slot.one(list(hit), now) or {}
    if change.window_start is None or not asked:
        return {}
    late = {hit[pk] for pk, notice in asked.items() if now + notice > change.window_start}
    return {"late": len(late), "in_time_from": now + max(asked.values())}


def judged(change: ChangeRequest) -> Impact:
    """What the change takes away while it runs.

    A plan that acts on ports takes those and the links on them; one without actions (work by hand) all its targets.
    """
    elements, links = targets_of(change)
    acted = [
        Q(element_id=step.element_id, name=step.params["port"])
        for step in change.steps.filter(phase=Phase.DO)
        if "port" in step.params
    ]
    ports: set[UUID] = set()
    if acted:
        condition = Q()
        for one in acted:
            condition |= one
        ports = set(Port.objects.filter(condition).values_list("pk", flat=True))
        on_them = Link.objects.standing().filter(Q(port_a__in=ports) | Q(port_b__in=ports))
        elements, links = set(), links | set(on_them.values_list("pk", flat=True))
    ends = Link.objects.filter(pk__in=links).values_list("port_a_id", "port_b_id")
    return impact_of(elements=elements, links=links, ports=ports | {port for pair in ends for port in pair})


def _score(impact: Impact, found: list[str]) -> int:
    hit = LOST_WEIGHT * len(impact.customer_facing()) + RISK_WEIGHT * len(
        impact.customer_facing(Effect.AT_RISK)
    )
    return min(100, hit + CONFLICT_WEIGHT * len(found))


def conflicts(*, change: ChangeRequest) -> list[str]:
    """Freezes, other changes and open incidents that the change collides with, each in one sentence.

    An emergency passes freezes; it is also made because of an incident, which `approve` therefore lets it.
    """
    return [*incidents_on(change), *clashes(change)]


def incidents_on(change: ChangeRequest) -> list[str]:
    """Open incidents on what the change touches, each in one sentence."""
    elements, links = targets_of(change)
    return [
        _("open incident %(n)s on the same resource") % {"n": incident.number}
        for incident in Incident.objects.open()
        .filter(Q(element_id__in=elements) | Q(link_id__in=links))
        .order_by("number")
    ]


def clashes(change: ChangeRequest) -> list[str]:
    """Freezes and other changes in the window of the change, each in one sentence."""
    if change.window_start is None or change.window_end is None:
        return []
    elements, links = targets_of(change)
    found = []
    if change.kind != ChangeRequest.Kind.EMERGENCY:
        found = [
            _("freeze “%(name)s”") % {"name": freeze}
            for freeze in Freeze.objects.filter(start__lt=change.window_end, end__gt=change.window_start)
        ]
    same = ChangeTarget.objects.filter(Q(element_id__in=elements) | Q(link_id__in=links)).values("change_id")
    others = ChangeRequest.objects.filter(
        pk__in=same,
        status__in=[Status.APPROVED, Status.SCHEDULED, Status.IN_PROGRESS],
        window_start__lt=change.window_end,
        window_end__gt=change.window_start,
    ).exclude(pk=change.pk)
    return found + [
        _("change %(n)s at the same time on the same resource") % {"n": other}
        for other in others.order_by("number")
    ]


def targets_of(change: ChangeRequest) -> tuple[set[UUID], set[UUID]]:
    """Ids of the elements and of the links that the change names."""
    elements = change.targets.filter(element__isnull=False).values_list("element_id", flat=True)
    links = change.targets.filter(link__isnull=False).values_list("link_id", flat=True)
    return set(elements), set(links)


def reach_of(change: ChangeRequest) -> set[UUID]:
    """Elements that the change may act on: its targets, and both ends of its links."""
    elements, links = targets_of(change)
    ends = Link.objects.filter(pk__in=links).values_list("port_a__element_id", "port_b__element_id")
    return elements | {pk for pair in ends for pk in pair}
