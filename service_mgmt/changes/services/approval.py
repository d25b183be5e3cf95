"""From draft to calendar: submitted, approved by somebody else, scheduled, or given up."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kernel import clock, lifecycle, locks, permissions
from kernel.errors import Invalid
from kernel.models import User
from oss.alarms import services as alarms
from oss.inventory.models import Link, NetworkElement
from service_mgmt.changes.models import Approval, ChangeRequest, ChangeStep
from service_mgmt.changes.services import execution, notices
from service_mgmt.changes.services.judging import assess, clashes, incidents_on, judged, targets_of

Status, Phase = ChangeRequest.Status, ChangeStep.Phase


def submit(*, change: ChangeRequest) -> ChangeRequest:
    """Ask for approval, with a fresh assessment. Raises Invalid without a window ahead or a whole plan."""
    if change.window_start is None or change.window_end is None or not change.steps.exists():
        raise Invalid(_("A change needs a window and a plan"), code="change.incomplete")
    _window_ahead(change)
    phases = set(change.steps.values_list("phase", flat=True))
    if Phase.DO in phases and Phase.POST not in phases:
        raise Invalid(_("What is changed is checked afterwards"), code="change.noPostCheck")
    assess(change=change)
    return lifecycle.move(change, Status.WAIT_FOR_APPROVAL)


def _window_ahead(change: ChangeRequest) -> None:
    if change.window_end is None or change.window_end <= clock.now():
        raise Invalid(_("The window lies ahead and ends after it starts"), code="change.window")


def withdraw(*, change: ChangeRequest, reason: str = "") -> ChangeRequest:
    """Take a submitted change back into draft, to correct it."""
    return lifecycle.move(change, Status.ACKNOWLEDGED, reason=reason)


def approve(*, change: ChangeRequest, by: User, reason: str = "") -> ChangeRequest:
    """Approve; never one's own. A conflict with a freeze, another change or an open incident refuses.

    An emergency passes a freeze and an incident. Of two approvers, and of two changes on one resource that are
    approved at once, one comes first and the other is told.
    """
    permissions.forbid_own_work(change.author_id, by.pk)
    _window_ahead(change)
    elements, links = targets_of(change)
    with transaction.atomic():
        locks.advisory(*(locks.key_of("changes.target", pk) for pk in elements | links))
        found = clashes(change)
        if change.kind != ChangeRequest.Kind.EMERGENCY:
            found = [*incidents_on(change), *found]
        if found:
            raise Invalid("; ".join(found), code="change.conflict")
        lifecycle.move(change, Status.APPROVED, reason=reason)
        _vote(change, by, Approval.Decision.APPROVED, reason)
    return change


def reject(*, change: ChangeRequest, by: User, reason: str) -> ChangeRequest:
    """Refuse, with the reason; one's own is withdrawn or cancelled instead. The problem behind it hears of it."""
    permissions.forbid_own_work(change.author_id, by.pk)
    with transaction.atomic():
        lifecycle.move(change, Status.REJECTED, reason=reason)
        _vote(change, by, Approval.Decision.REJECTED, reason)
        execution.done_slot.call(change.pk, False, clock.now())
    return change


def _vote(change: ChangeRequest, by: User, decision: str, reason: str) -> None:
    """The latest word of a person on a change: one who approved a draft that was withdrawn decides anew."""
    Approval.objects.filter(change=change, approver=by).delete()
    lifecycle.create(Approval(change=change, approver=by, decision=decision, reason=reason))


def schedule(*, change: ChangeRequest, by: Any = None) -> ChangeRequest:
    """Put an approved change into the calendar: alarms of its targets are expected during the window, and the
    customers it will hit are told, each once. Raises Invalid when the window is over by now.
    """
    _window_ahead(change)
    assert change.window_start is not None
    assert change.window_end is not None
    elements, links = targets_of(change)
    # The graph is read before the transaction's locks are taken.
    impact = judged(change)
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
        lifecycle.move(change, Status.SCHEDULED, maintenance_id=window.pk)
        notices.announce(change=change, impact=impact)
    return change


def cancel(*, change: ChangeRequest, reason: str) -> ChangeRequest:
    """Give a change up before it begins: its window is called off, and customers who know of it are told.

    Raises IllegalMove for one that runs (`execution.abort` stops it) or is over.
    """
    with transaction.atomic():
        lifecycle.move(change, Status.CANCELLED, reason=reason)
        execution.end_window(change, reason=reason)
        notices.call_off(change=change)
        execution.done_slot.call(change.pk, False, clock.now())
    return change
