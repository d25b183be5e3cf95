"""Planning a change: its words, targets, steps and window, as long as it is a draft."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from kernel import clock, journal, lifecycle
from kernel.errors import IllegalMove, Invalid
from kernel.models import User
from oss.inventory.models import Link, NetworkElement
from service_mgmt.changes.models import ChangeRequest, ChangeStep, ChangeTarget
from service_mgmt.changes.services.actions import check_plan, check_step
from service_mgmt.changes.services.judging import reach_of

Status, Phase = ChangeRequest.Status, ChangeStep.Phase
DRAFT_FIELDS = {"title", "kind", "priority", "description", "specification"}


def draft(
    *,
    title: str,
    author: User | None,
    elements: Iterable[NetworkElement] = (),
    links: Iterable[Link] = (),
    steps: Sequence[dict[str, Any]] = (),
    kind: str = ChangeRequest.Kind.NORMAL,
    priority: str = ChangeRequest.Priority.MEDIUM,
    description: str = "",
    specification: str = "",
    problem_id: UUID | None = None,
    window: tuple[datetime, datetime] | None = None,
) -> ChangeRequest:
    """Draft a change with its targets and plan; `steps` are {phase, action, element, params}, in order.

    Raises Invalid without a target, for a step that does not hold (`actions.check_plan`), or for a plan whose action
    has no check after it.
    """
    elements, links = list(elements), list(links)
    plan = _checked(elements, links, steps)
    with transaction.atomic():
        change = lifecycle.create(
            ChangeRequest(
                title=title[:200],
                author=author,
                kind=kind,
                priority=priority,
                description=description,
                specification=specification,
                problem_id=problem_id,
            )
        )
        _keep_plan(change, elements, links, plan)
        if window is not None:
            set_window(change=change, start=window[0], end=window[1])
    return change


def _checked(
    elements: list[NetworkElement], links: list[Link], steps: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    if not elements and not links:
        raise Invalid(
            _("A change touches at least one element or link"),
            code="change.noTarget",
            fields={"elements": _("Name an element or a link")},
        )
    ends = [port.element for link in links for port in (link.port_a, link.port_b)]
    return check_plan(steps, elements=[*elements, *ends])


def _keep_plan(
    change: ChangeRequest, elements: list[NetworkElement], links: list[Link], plan: list[dict[str, Any]]
) -> None:
    ChangeTarget.objects.bulk_create(
        [
            *(ChangeTarget(change=change, element=element) for element in elements),
            *(ChangeTarget(change=change, link=link) for link in links),
        ]
    )
    ChangeStep.objects.bulk_create(
        ChangeStep(change=change, position=position, **step) for position, step in enumerate(plan, start=1)
    )


def change_draft(
    *,
    change: ChangeRequest,
    version: int | None = None,
    elements: Iterable[NetworkElement] | None = None,
    links: Iterable[Link] | None = None,
    steps: Sequence[dict[str, Any]] | None = None,
    **values: Any,
) -> ChangeRequest:
    """Correct a draft: its words, and with `elements`, `links` and `steps` (all three) its targets and plan.

    Raises IllegalMove once it was submitted: what was approved is what is carried out.
    """
    _refuse_after_draft(change)
    if unknown := set(values) - DRAFT_FIELDS:
        raise TypeError(f"{unknown} cannot be changed here")
    with transaction.atomic():
        lifecycle.change(change, version=version, **values)
        if elements is not None and links is not None and steps is not None:
            elements, links = list(elements), list(links)
            plan = _checked(elements, links, steps)
            before = plan_in_words(change)
            change.targets.all().delete()
            change.steps.all().delete()
            _keep_plan(change, elements, links, plan)
            _journal_plan(change, before)
    return change


def add_step(
    *, change: ChangeRequest, phase: str, action: str, element: NetworkElement, **params: Any
) -> ChangeStep:
    """Put one more step at the end of its phase. Raises Invalid naming the parameter that is wrong or missing."""
    _refuse_after_draft(change)
    checked = check_step({"phase": phase, "action": action, "element": element, "params": params})
    allowed = reach_of(change)
    if phase == Phase.DO and element.pk not in allowed:
        raise Invalid(
            _("%(element)s is changed but is no target of the change") % {"element": element},
            code="change.stepElsewhere",
            fields={"element": _("Only what the change names may be changed")},
        )
    with transaction.atomic():
        before = plan_in_words(change)
        last = change.steps.aggregate(last=Max("position"))["last"] or 0
        step = ChangeStep.objects.create(change=change, position=last + 1, **checked)
        _number(change)
        _journal_plan(change, before)
    step.refresh_from_db()
    return step


def remove_step(*, change: ChangeRequest, position: int) -> None:
    """Take a step out of a draft's plan. Raises Invalid for a position that it does not have."""
    _refuse_after_draft(change)
    with transaction.atomic():
        before = plan_in_words(change)
        deleted, _kinds = change.steps.filter(position=position).delete()
        if not deleted:
            raise Invalid(
                _("There is no such step"),
                code="change.noStep",
                fields={"position": _("There is no such step")},
            )
        _number(change)
        _journal_plan(change, before)


def _number(change: ChangeRequest) -> None:
    """Checks before, actions, checks after; within each as they came. Two rounds, because positions are unique."""
    order = sorted(change.steps.all(), key=lambda step: (Phase.values.index(step.phase), step.position))
    for offset in (1000, 0):
        for position, step in enumerate(order, start=1):
            ChangeStep.objects.filter(pk=step.pk).update(position=position + offset)


def plan_in_words(change: ChangeRequest) -> list[str]:
    """The steps as lines such as `do renew_port ag1 port=ge-0/0/1`, as people type them."""
    return [
        " ".join([step.phase, step.action, step.element.name, *(f"{k}={v}" for k, v in step.params.items())])
        for step in change.steps.select_related("element").order_by("position")
    ]


def _journal_plan(change: ChangeRequest, before: list[str]) -> None:
    """The plan is part of the change: who changed it is written down with it, and its version rises."""
    after = plan_in_words(change)
    if before != after:
        lifecycle.change(change, verb="planned", assessment={}, risk=0)
        journal.record("change_request.planned", change, before={"plan": before}, after={"plan": after})


def _refuse_after_draft(change: ChangeRequest) -> None:
    if change.status != Status.ACKNOWLEDGED:
        raise IllegalMove(_("Only a draft may be changed: withdraw it first"), code="change.notDraft")


def set_window(*, change: ChangeRequest, start: datetime, end: datetime) -> ChangeRequest:
    """Say when: [start, end). Raises Invalid for a window in the past or turned round, IllegalMove after the draft."""
    _refuse_after_draft(change)
    if not clock.now() < end or start >= end:
        raise Invalid(
            _("The window lies ahead and ends after it starts"),
            code="change.window",
            fields={"end": _("The window lies ahead and ends after it starts")},
        )
    return lifecycle.change(change, window_start=start, window_end=end)


def renew_link(problem: Any, author: User) -> UUID | None:
    """The permanent fix of a link that keeps failing: renew its patching, checked before and after (fills a slot).

    For a problem of a device the change is drafted without a plan, which people add. None when neither is known.
    """
    link: Link | None = problem.link
    if link is None and problem.element is None:
        return None
    if link is None:
        return draft(
            title=_("Remove the cause of %(problem)s") % {"problem": problem.title},
            author=author,
            elements=[problem.element],
            description=problem.root_cause,
            problem_id=problem.pk,
        ).pk
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
        specification="renew-link",
        elements=[port.element for port, _far in ends],
        links=[link],
        steps=steps,
        description=problem.root_cause,
        problem_id=problem.pk,
    )
    return change.pk


def change_of(change_id: UUID) -> ChangeRequest | None:
    """A change by its id, for the page of the problem that waits for it (fills a slot)."""
    return ChangeRequest.objects.filter(pk=change_id).first()


def next_window(*, after: datetime, hours: int = 2) -> tuple[datetime, datetime]:
    """A window soon after: from the next full quarter of an hour."""
    start = after + timedelta(
        minutes=15 - after.minute % 15, seconds=-after.second, microseconds=-after.microsecond
    )
    return start, start + timedelta(hours=hours)
