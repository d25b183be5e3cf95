"""Planning a change: draft, assessment from the live network, approval by somebody else, schedule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from kernel import clock, journal, lifecycle, permissions
from kernel.errors import Invalid
from kernel.models import User
from oss.alarms import services as alarms
from oss.incidents.models import Incident
from oss.inventory.models import Link, NetworkElement
from service_mgmt.changes.models import Approval, ChangeRequest, ChangeStep, ChangeTarget, Freeze
from service_mgmt.services.services.impact import Effect, Impact, impact_of

Status = ChangeRequest.Status
# Services that a change of each kind may put out before it needs a longer look: weights of the risk score.
LOST_WEIGHT, RISK_WEIGHT, CONFLICT_WEIGHT = 10, 3, 25


def draft(
    *,
    title: str,
    author: User | None,
    elements: Iterable[NetworkElement] = (),
    links: Iterable[Link] = (),
    steps: Sequence[dict[str, Any]] = (),
    kind: str = ChangeRequest.Kind.NORMAL,
    description: str = "",
    problem_id: UUID | None = None,
) -> ChangeRequest:
    """Draft a change with its targets and plan; `steps` are {phase, action, element, params}, in order.

    Raises Invalid without a target, or for a plan whose action has no check after it.
    """
    elements, links = list(elements), list(links)
    if not elements and not links:
        raise Invalid(_("A change touches at least one element or link"), code="change.noTarget")
    phases = [step["phase"] for step in steps]
    if "do" in phases and "post" not in phases:
        raise Invalid(_("What is changed is checked afterwards"), code="change.noPostCheck")
    with transaction.atomic():
        change = lifecycle.create(
            ChangeRequest(
                title=title[:200], author=author, kind=kind, description=description, problem_id=problem_id
            )
        )
        ChangeTarget.objects.bulk_create(
            [
                *(ChangeTarget(change=change, element=element) for element in elements),
                *(ChangeTarget(change=change, link=link) for link in links),
            ]
        )
        ChangeStep.objects.bulk_create(
            ChangeStep(change=change, position=position, **step)
            for position, step in enumerate(steps, start=1)
        )
    return change


def set_window(*, change: ChangeRequest, start: datetime, end: datetime) -> ChangeRequest:
    """Say when: [start, end). Raises Invalid for a window in the past or turned round."""
    if not clock.now() < end or start >= end:
        raise Invalid(_("The window lies ahead and ends after it starts"), code="change.window")
    return lifecycle.change(change, window_start=start, window_end=end)


def assess(*, change: ChangeRequest) -> ChangeRequest:
    """Judge the change on the live network: who is hit, what is left without redundancy, what it collides with."""
    elements, links = _targets(change)
    impact = impact_of(elements=elements, links=links)
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
            }
        ),
    )


def _score(impact: Impact, found: list[str]) -> int:
    hit = LOST_WEIGHT * len(impact.customer_facing()) + RISK_WEIGHT * len(
        impact.customer_facing(Effect.AT_RISK)
    )
    return min(100, hit + CONFLICT_WEIGHT * len(found))


def conflicts(*, change: ChangeRequest) -> list[str]:
    """Freezes, other changes and open incidents that the change collides with, each in one sentence."""
    elements, links = _targets(change)
    found = [
        _("open incident %(n)s on the same resource") % {"n": incident}
        for incident in Incident.objects.open().filter(Q(element_id__in=elements) | Q(link_id__in=links))
    ]
    if change.window_start is None or change.window_end is None:
        return found
    if change.kind != ChangeRequest.Kind.EMERGENCY:
        found += [
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
        _("change %(n)s at the same time on the same resource") % {"n": other} for other in others
    ]


def _targets(change: ChangeRequest) -> tuple[set[UUID], set[UUID]]:
    elements = change.targets.filter(element__isnull=False).values_list("element_id", flat=True)
    links = change.targets.filter(link__isnull=False).values_list("link_id", flat=True)
    return set(elements), set(links)


def submit(*, change: ChangeRequest) -> ChangeRequest:
    """Ask for approval, with a fresh assessment. Raises Invalid without a window or a plan."""
    if change.window_start is None or not change.steps.exists():
        raise Invalid(_("A change needs a window and a plan"), code="change.incomplete")
    assess(change=change)
    return lifecycle.move(change, Status.WAIT_FOR_APPROVAL)


def approve(*, change: ChangeRequest, by: User, reason: str = "") -> ChangeRequest:
    """Approve; never one's own. A conflict with a freeze or another change refuses (an emergency may pass a freeze)."""
    permissions.forbid_own_work(change.author_id, by.pk)
    if found := conflicts(change=change):
        raise Invalid("; ".join(found), code="change.conflict")
    with transaction.atomic():
        lifecycle.create(
            Approval(change=change, approver=by, decision=Approval.Decision.APPROVED, reason=reason)
        )
        return lifecycle.move(change, Status.APPROVED, reason=reason)


def reject(*, change: ChangeRequest, by: User, reason: str) -> ChangeRequest:
    """Refuse, with the reason."""
    with transaction.atomic():
        lifecycle.create(
            Approval(change=change, approver=by, decision=Approval.Decision.REJECTED, reason=reason)
        )
        return lifecycle.move(change, Status.REJECTED, reason=reason)


def schedule(*, change: ChangeRequest, by: Any = None) -> ChangeRequest:
    """Put an approved change into the calendar: alarms of its targets are expected during the window."""
    assert change.window_start is not None
    assert change.window_end is not None
    elements, links = _targets(change)
    with transaction.atomic():
        window = alarms.plan_maintenance(
            start=change.window_start,
            end=change.window_end,
            reason=change.title,
            elements=NetworkElement.objects.filter(pk__in=elements),
            links=Link.objects.filter(pk__in=links),
            change_ref=change.number,
            by=by,
            broad=True,
        )
        return lifecycle.move(change, Status.SCHEDULED, maintenance_id=window.pk)


def renew_link(problem: Any, author: User) -> UUID | None:
    """The permanent fix of a link that keeps failing: renew its patching, checked before and after (fills a slot).

    None for a problem without a link.
    """
    link: Link | None = problem.link
    if link is None:
        return None
    ends = [(link.port_a, link.port_b), (link.port_b, link.port_a)]
    looks = [
        {
            "action": "neighbour",
            "element": port.element,
            "params": {"port": port.name, "neighbour": far.element.name},
        }
        for port, far in ends
    ]
    near = ends[0][0]
    steps = [
        *({"phase": "pre", **look} for look in looks),
        {"phase": "do", "action": "renew_port", "element": near.element, "params": {"port": near.name}},
        *({"phase": "post", **look} for look in looks),
    ]
    change = draft(
        title=_("Renew the patching of %(link)s") % {"link": link},
        author=author,
        elements=[port.element for port, _far in ends],
        links=[link],
        steps=steps,
        description=problem.root_cause,
        problem_id=problem.pk,
    )
    return change.pk


def next_window(*, after: datetime, hours: int = 2) -> tuple[datetime, datetime]:
    """A window soon after: from the next full quarter of an hour."""
    start = after + timedelta(
        minutes=15 - after.minute % 15, seconds=-after.second, microseconds=-after.microsecond
    )
    return start, start + timedelta(hours=hours)
