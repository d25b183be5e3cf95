"""Carrying a change out: checks before, actions under a confirm timer, checks after, confirmed or taken back.

The row comes first: `start` moves the change, then a worker takes it by its heartbeat, and one that dies is replaced. The
actions of a change stay unconfirmed until every check after them has passed: should a check fail, or the worker die,
each element is taken back, and goes back by itself where we do not reach it. Nothing is begun outside the window.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from kernel import clock, jobs, lifecycle
from kernel.errors import Busy, DomainError, IllegalMove, Invalid, StaleState, Unreachable
from kernel.slots import slot
from oss.alarms import services as alarms
from oss.alarms.models import Maintenance
from oss.inventory.models import NetworkElement
from oss.southbound import services as southbound
from oss.southbound.drivers.intents import load_intent
from service_mgmt.changes.models import ChangeRequest, ChangeStep
from service_mgmt.changes.services import notices
from service_mgmt.changes.services.actions import ACTIONS, CheckFailed, Hold

logger = logging.getLogger(__name__)
Status, Phase, StepStatus = ChangeRequest.Status, ChangeStep.Phase, ChangeStep.Status
RUN_CHANGE = "service_mgmt.changes.run"
RUNNING = (Status.IN_PROGRESS, Status.FALLBACK)
# A worker that was silent for so long is dead (no single step takes half of it); when a try is repeated; how often.
STALE, AGAIN = timedelta(minutes=2), timedelta(seconds=20)
OPENING_ATTEMPTS, BACK_ATTEMPTS = 3, 30

# Filled by service_mgmt.problems: (change id, ok, at).
done_slot = slot("service_mgmt_changes.done")
# Filled by service_mgmt.problems: problem id → the problem.
problem_slot = slot("service_mgmt_changes.problem")


class Aborted(DomainError):
    """Somebody called the change off while it ran, or its window is over."""

    code = "change.aborted"


class _Lost(Exception):
    """Another worker has taken the change over: this one must not touch it any more."""


def start(*, change: ChangeRequest, at: datetime | None = None) -> ChangeRequest:
    """Let a scheduled change begin; a worker carries it out. Of two who start it, one gets StaleState.

    Raises IllegalMove outside the window or for a change that is not scheduled.
    """
    moment = at or clock.now()
    if not _in_window(change, moment):
        raise IllegalMove(_("%(n)s may only run in its window") % {"n": change}, code="change.outsideWindow")
    with transaction.atomic():
        lifecycle.move(change, Status.IN_PROGRESS, started=moment)
        jobs.enqueue(RUN_CHANGE, change.pk)
    return change


def execute(*, change: ChangeRequest, at: datetime | None = None) -> ChangeRequest:
    """`start` a change and carry it out here and now; afterwards it is reviewed, or has been taken back."""
    start(change=change, at=at)
    run_change(change_id=change.pk)
    change.refresh_from_db()
    return change


def abort(*, change: ChangeRequest, reason: str) -> ChangeRequest:
    """Stop a running change before its next step and take back what it did. Raises IllegalMove when none runs."""
    with transaction.atomic():
        lifecycle.move(change, Status.FALLBACK, reason=reason)
        jobs.enqueue(RUN_CHANGE, change.pk)
    return change


def run_change(*, change_id: UUID) -> ChangeRequest | None:
    """Carry out a started change, or take back what a dead worker left of it; None when another worker has it.

    Safe to run twice; never in a transaction.
    """
    change = _claim(change_id)
    if change is None:
        return None
    try:
        if change.status == Status.FALLBACK or _touched(change):
            return _take_back(change, _("the worker was lost between two steps"))
        return _forward(change)
    except _Lost:
        return None


def sweep() -> int:
    """Send again the changes whose message was lost, whose worker died, or that wait for an element."""
    due = Q(heartbeat=None) | Q(heartbeat__lt=clock.system_now() - STALE)
    found = list(ChangeRequest.objects.filter(due, status__in=RUNNING).values_list("pk", flat=True)[:100])
    for pk in found:
        jobs.enqueue(RUN_CHANGE, pk)
    return len(found)


def _in_window(change: ChangeRequest, at: datetime) -> bool:
    if change.window_start is None or change.window_end is None:
        return False
    return change.window_start <= at < change.window_end


# ------------------------------------------------------------------------------------------- one worker, and it lives


def _claim(change_id: UUID) -> ChangeRequest | None:
    """Compare-and-set on the heartbeat: of any number of workers one gets the change."""
    now = clock.system_now()
    free = Q(heartbeat=None) | Q(heartbeat__lt=now - STALE)
    rows = ChangeRequest.objects.filter(free, pk=change_id, status__in=RUNNING)
    if not rows.update(heartbeat=now, attempts=F("attempts") + 1):
        return None
    return ChangeRequest.objects.get(pk=change_id)


def _beat(change: ChangeRequest) -> None:
    """A sign of life. Raises _Lost when the change is another worker's by now."""
    now = clock.system_now()
    if not ChangeRequest.objects.filter(pk=change.pk, heartbeat=change.heartbeat).update(heartbeat=now):
        raise _Lost
    change.heartbeat = now


def _go_on(change: ChangeRequest) -> None:
    """Before every step: alive, not called off, and inside the window. Raises Aborted."""
    _beat(change)
    change.refresh_from_db(fields=["status", "version"])
    if change.status != Status.IN_PROGRESS:
        raise Aborted(_("It was called off"))
    if not _in_window(change, clock.now()):
        raise Aborted(_("The window is over"), code="change.outsideWindow")


def _later(change: ChangeRequest) -> ChangeRequest:
    """Give the change back; the sweeper finds it again when `AGAIN` has passed."""
    due = clock.system_now() - STALE + AGAIN
    ChangeRequest.objects.filter(pk=change.pk, heartbeat=change.heartbeat).update(heartbeat=due)
    return change


def _touched(change: ChangeRequest) -> bool:
    """Whether an action was begun, so that an element may differ from before."""
    return change.steps.filter(phase=Phase.DO).exclude(status=StepStatus.PENDING).exists()


# --------------------------------------------------------------------------------------------------------- forward


def _forward(change: ChangeRequest) -> ChangeRequest:
    try:
        _carry_out(change)
        lifecycle.move(change, Status.REVIEW, finished=clock.now())
    except (Unreachable, Busy) as error:
        if (
            change.attempts < OPENING_ATTEMPTS
            and change.status == Status.IN_PROGRESS
            and not _touched(change)
        ):
            return _later(change)
        return _take_back(change, f"{error.code}: {error.message}")
    except StaleState:
        return _take_back(change, _("It was called off"))
    except DomainError as error:
        return _take_back(change, f"{error.code}: {error.message}")
    except _Lost:
        raise
    except Exception as error:
        logger.exception("change %s", change.number)
        return _take_back(change, f"{type(error).__name__}: {error}")
    return change


def _carry_out(change: ChangeRequest) -> None:
    """All steps, then all confirmations. Checks that an earlier try made are made again: the world has moved on."""
    steps = list(change.steps.select_related("element").order_by("position"))
    with ExitStack() as stack:
        holds = _open(stack, change, steps)
        for step in steps:
            _go_on(change)
            _run(step, holds[step.element_id])
        for hold in holds.values():
            if hold.intents:
                _go_on(change)
                hold.session.confirm()


def _open(stack: ExitStack, change: ChangeRequest, steps: list[ChangeStep]) -> dict[UUID, Hold]:
    """A session to every element of the plan, for writing where an action needs it."""
    writing = {step.element_id for step in steps if step.phase == Phase.DO}
    elements = {step.element_id: step.element for step in steps}
    holds: dict[UUID, Hold] = {}
    for pk, element in sorted(elements.items(), key=lambda pair: pair[1].name):
        _go_on(change)
        opened = southbound.session(
            element=element, purpose=f"change {change.number}", holder=change.pk, write=pk in writing
        )
        holds[pk] = Hold(stack.enter_context(opened))
    return holds


def _run(step: ChangeStep, hold: Hold) -> None:
    _note(step, StepStatus.RUNNING, session_id=hold.session.id, started=clock.now(), output="", diff="")
    try:
        output, diff = ACTIONS[step.action].run(step, hold)
    except DomainError as error:
        _note(step, StepStatus.FAILED, output=f"{error.code}: {error.message}", finished=clock.now())
        raise
    _note(step, StepStatus.DONE, output=output, diff=diff, finished=clock.now())


def _note(step: ChangeStep, status: str, **values: Any) -> None:
    lifecycle.change(step, verb=status, status=status, **values)


# ------------------------------------------------------------------------------------------------------- and back


def _take_back(change: ChangeRequest, reason: str) -> ChangeRequest:
    """Bring every touched element back to where it was, then fail the change. What is not reached is tried again.

    An unconfirmed commit is rolled back; where one was confirmed already, the intents kept before are applied.
    """
    _beat(change)
    change.refresh_from_db()
    if change.status == Status.IN_PROGRESS:
        lifecycle.move(change, Status.FALLBACK, reason=reason)
    back = [_bring_back(change, element, steps) for element, steps in _acted(change).items()]
    if not all(back) and change.attempts < BACK_ATTEMPTS:
        return _later(change)
    with transaction.atomic():
        lifecycle.move(change, Status.FAILED, reason=reason, finished=clock.now())
        _end(change, ok=False)
    return change


def _acted(change: ChangeRequest) -> dict[NetworkElement, list[ChangeStep]]:
    """Elements on which an action was begun, with its steps; what was done last comes first."""
    done = change.steps.filter(phase=Phase.DO).exclude(status__in=[StepStatus.PENDING, StepStatus.UNDONE])
    found: dict[NetworkElement, list[ChangeStep]] = {}
    for step in done.select_related("element").order_by("-position"):
        found.setdefault(step.element, []).append(step)
    return found


def _bring_back(change: ChangeRequest, element: NetworkElement, steps: list[ChangeStep]) -> bool:
    """Restore one element and write down how it went; False when it must be tried again."""
    _beat(change)
    try:
        _restore(change, element, steps)
    except DomainError as error:
        text = _("could not be taken back: %(why)s") % {"why": error.message}
        for step in steps:
            if text not in step.output:
                _note(step, step.status, output=f"{step.output}\n{text}".strip())
        return not isinstance(error, Unreachable | Busy)
    for step in steps:
        if step.status != StepStatus.FAILED:
            _note(step, StepStatus.UNDONE)
    return True


def _restore(change: ChangeRequest, element: NetworkElement, steps: list[ChangeStep]) -> None:
    """Settle what waits on an element, and see that it is as the steps found it; `steps` are the latest first."""
    southbound.recover(element=element, holder=change.pk)
    # Of two steps on one port the earlier one knows what was there before: it comes last and stays.
    before = {(kept["kind"], kept.get("port")): load_intent(kept) for step in steps for kept in step.undo}
    if not before:
        return
    intents = list(before.values())
    with southbound.session(
        element=element, purpose=f"change {change.number} back", holder=change.pk, write=True
    ) as session:
        if session.verify(intents).ok:
            return
        session.apply(session.render(intents))
        found = session.verify(intents)
    if not found.ok:
        raise CheckFailed("; ".join(found.findings))


# ---------------------------------------------------------------------------------------------------------- the end


def review(*, change: ChangeRequest, text: str, ok: bool = True) -> ChangeRequest:
    """Write down how it went; a problem that waited for the change hears of it. Raises Invalid without a text."""
    if not text.strip():
        raise Invalid(_("Say how it went"), code="change.review", fields={"text": _("required")})
    with transaction.atomic():
        lifecycle.move(change, Status.COMPLETED if ok else Status.FAILED, review=text)
        _end(change, ok=ok)
    return change


def _end(change: ChangeRequest, *, ok: bool) -> None:
    """The window is over for alarms, customers and the problem behind it."""
    end_window(change, reason=_("%(n)s is over") % {"n": change})
    notices.work_over(change=change, at=change.finished or clock.now())
    done_slot.call(change.pk, ok, clock.now())


def end_window(change: ChangeRequest, *, reason: str) -> None:
    """End the maintenance window of a change, or call it off before it began."""
    for window in Maintenance.objects.standing().filter(pk=change.maintenance_id):
        alarms.end_maintenance(maintenance=window, reason=reason)
