"""What people do with a run that failed or is no longer wanted: retry, skip, complete by hand, cancel and undo."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from kernel import clock, jobs, journal, lifecycle
from kernel.errors import (
    UNAVAILABLE,
    Busy,
    DomainError,
    IllegalMove,
    Invalid,
    StaleState,
    StaleVersion,
    Unreachable,
)
from kernel.models import User
from service_mgmt.provisioning.models import (
    Fallout,
    ServiceOrder,
    ServiceOrderItem,
    WorkflowRun,
    WorkflowStep,
)
from service_mgmt.provisioning.services import engine, orders
from service_mgmt.provisioning.services.runs import TASK
from service_mgmt.provisioning.services.workflow import Context, Done, workflow

logger = logging.getLogger(__name__)

COMPENSATE = "service_mgmt.provisioning.compensate"
Run, Step = WorkflowRun.Status, WorkflowStep.Status


def retry_step(*, step: WorkflowStep, by: User | None = None, reason: str = "") -> WorkflowStep:
    """Try a failed step again; its run goes on from there: forwards, or, where it was being undone, with undoing.

    Raises IllegalMove when it has not failed.
    """
    with transaction.atomic():
        if _was_undoing(step):
            _resume_undoing(step, _("tried again"), by)
            return step
        lifecycle.move(step, Step.READY, reason=reason, attempts=0, not_before=None, finished=None)
        _reopen(step, _("tried again"), by)
        jobs.enqueue(TASK, step.run_id)
    return step


def skip_step(*, step: WorkflowStep, by: User, reason: str) -> WorkflowStep:
    """Leave a failed step out because a person has done its work or it is not needed; the reason is kept."""
    if not reason.strip():
        raise Invalid(
            _("Say why this step may be skipped"), code="step.reasonMissing", fields={"reason": _("required")}
        )
    with transaction.atomic():
        if _was_undoing(step):
            lifecycle.move(step, Step.UNDOING, reason=reason)
            lifecycle.move(step, Step.UNDONE, reason=reason, finished=clock.now())
            _resume_undoing(step, _("skipped: %(reason)s") % {"reason": reason}, by)
            return step
        lifecycle.move(step, Step.SKIPPED, reason=reason, finished=clock.now())
        _reopen(step, _("skipped: %(reason)s") % {"reason": reason}, by)
        engine.release_successors(step.run)
        jobs.enqueue(TASK, step.run_id)
    return step


def bulk_retry(*, cause: str, by: User | None = None) -> int:
    """Retry every step that fell out for one cause, after the cause is mended; returns how many."""
    steps = WorkflowStep.objects.filter(status=Step.FAILED, cause=cause, run__status=Run.FAILED)
    count = 0
    for step in steps.select_related("run__item__order"):
        retry_step(step=step, by=by, reason=_("cause mended"))
        count += 1
    return count


def assign_fallout(*, fallout: Fallout, owner: User) -> Fallout:
    """Give a fallout to somebody."""
    return lifecycle.change(fallout, owner=owner, verb="assigned")


def cancel_item(*, item: ServiceOrderItem, reason: str) -> ServiceOrderItem:
    """Stop the item's run and undo what it did, in reverse order. Raises IllegalMove past the point of no return."""
    run = item.runs.exclude(status__in=[Run.COMPLETED, Run.CANCELLED]).order_by("-created").first()
    if (blocked := point_of_no_return(item=item)) is not None:
        raise IllegalMove(blocked, code="order.pointOfNoReturn")
    with transaction.atomic():
        if run is None or run.status == Run.PENDING:
            if run is not None:
                lifecycle.move(run, Run.CANCELLED, reason=reason, finished=clock.now())
            orders.item_finished(item=item, state=ServiceOrder.State.CANCELLED, reason=reason)
            return item
        _close_fallouts(run, reason)
        if run.status != Run.COMPENSATING:
            lifecycle.move(run, Run.COMPENSATING, reason=reason)
        jobs.enqueue(COMPENSATE, run.pk)
    return item


def cancel_order(*, order: ServiceOrder, reason: str) -> ServiceOrder:
    """Cancel every open item. Raises IllegalMove, with nothing touched, when the order is over or one is past return."""
    if ServiceOrder.lifecycle.terminal(order.state):
        raise IllegalMove(_("The order is over"), code="order.over")
    items = [
        item for item in order.items.order_by("position") if not ServiceOrder.lifecycle.terminal(item.state)
    ]
    for item in items:
        if (blocked := point_of_no_return(item=item)) is not None:
            raise IllegalMove(blocked, code="order.pointOfNoReturn")
    with transaction.atomic():
        for item in items:
            cancel_item(item=item, reason=reason)
    order.refresh_from_db()
    return order


def point_of_no_return(*, item: ServiceOrderItem) -> str | None:
    """Why the item can no longer be cancelled, or None while it can."""
    run = item.runs.order_by("-created").first()
    if run is None:
        return None
    plan = workflow(run.workflow)
    final = {step.name for step in plan.steps if step.point_of_no_return}
    passed = run.steps.filter(name__in=final, status=Step.DONE).order_by("position").first()
    return (
        _("“%(step)s” is done: the order can no longer be cancelled") % {"step": passed.title}
        if passed
        else None
    )


def compensate(*, run_id: UUID | str) -> None:
    """Undo the finished steps of a run in reverse order, then cancel its item. Safe to call twice.

    A step whose undo fails leaves the run failed, with a fallout: half-undone work is never hidden.
    """
    run = WorkflowRun.objects.select_related("item__order").get(pk=run_id)
    if run.status != Run.COMPENSATING:
        return
    plan = workflow(run.workflow)
    with journal.acting(label=run.actor or "system", correlation_id=run.correlation_id):
        for step in run.steps.select_related("run__item__order").order_by("-position"):
            if step.status == Step.UNDONE:
                continue
            if not _claim_undo(step):
                return  # a worker is still at it; the sweeper comes back when its lease is over
            undo = plan.step(step.name).undo
            # A step that has once begun may have left something behind, however often it was retried since.
            if undo is None or step.started is None:
                lifecycle.move(step, Step.UNDONE, finished=clock.now(), lease_until=None)
                continue
            if not _undo(step, undo):
                return
        with transaction.atomic():
            lifecycle.move(run, Run.CANCELLED, finished=clock.now())
            orders.item_finished(item=run.item, state=ServiceOrder.State.CANCELLED)


def _claim_undo(step: WorkflowStep) -> bool:
    """Make the undoing of a step ours by compare-and-set; False while a worker runs or undoes it."""
    now = clock.system_now()
    try:
        if step.status == Step.UNDOING:
            if step.lease_until is not None and step.lease_until > now:
                return False
            lifecycle.change(step, version=step.version, verb="reclaimed", lease_until=now + engine.LEASE)
        elif step.status == Step.RUNNING:
            return False
        else:
            lifecycle.move(step, Step.UNDOING, lease_until=now + engine.LEASE)
    except (StaleState, StaleVersion):
        return False
    return True


def _undo(step: WorkflowStep, undo: Callable[[Context], Done]) -> bool:
    """Undo one step; False when it failed for good or is to be tried again later."""
    try:
        outcome = undo(Context(step, clock.now()))
    except (Unreachable, Busy) as error:
        if step.attempts >= engine.RETRIES:
            _undo_failed(step, error)
        else:
            # The sweeper takes it up again when the lease is over.
            wait = timedelta(seconds=2**step.attempts)
            lifecycle.change(
                step,
                verb="waits",
                attempts=step.attempts + 1,
                error=f"{error.code}: {error.message}",
                lease_until=clock.system_now() + wait,
            )
        return False
    except UNAVAILABLE:
        raise  # the sweeper has it undone when the lease is over
    except Exception as error:
        if not isinstance(error, DomainError):
            logger.exception("undoing step %s of %s broke", step.name, step.run)
        _undo_failed(step, error)
        return False
    lifecycle.move(
        step,
        Step.UNDONE,
        session_id=outcome.session_id or step.session_id,
        finished=clock.now(),
        lease_until=None,
    )
    return True


def _undo_failed(step: WorkflowStep, error: Exception) -> None:
    text = engine.text_of(error)
    with transaction.atomic():
        lifecycle.move(
            step,
            Step.FAILED,
            error=text,
            cause=engine.signature(error, step),
            attempts=engine.RETRIES,
            lease_until=None,
        )
        lifecycle.move(step.run, Run.FAILED, reason=text)
        lifecycle.create(Fallout(step=step, cause=step.cause, detail=text, opened=clock.now()))


def _was_undoing(step: WorkflowStep) -> bool:
    """Whether the step failed while its run was being undone: then something after it is undone already."""
    run_failed = step.status == Step.FAILED and step.run.status == Run.FAILED
    return run_failed and step.run.steps.filter(status__in=[Step.UNDONE, Step.UNDOING]).exists()


def _resume_undoing(step: WorkflowStep, resolution: str, by: User | None) -> None:
    if step.status == Step.FAILED:
        lifecycle.change(step, verb="retried", attempts=0)
    lifecycle.move(step.run, Run.COMPENSATING, reason=resolution)
    _resolve(step, resolution, by)
    jobs.enqueue(COMPENSATE, step.run_id)


def _reopen(step: WorkflowStep, resolution: str, by: User | None) -> None:
    run = step.run
    run.refresh_from_db(fields=["status", "version"])
    others = run.steps.filter(status=Step.FAILED).exclude(pk=step.pk).exists()
    if run.status == Run.FAILED and not others:
        lifecycle.move(run, Run.RUNNING)
        orders.item_resumed(item=run.item)
    _resolve(step, resolution, by)


def _resolve(step: WorkflowStep, resolution: str, by: User | None) -> None:
    for fallout in Fallout.objects.filter(step=step, status=Fallout.Status.OPEN):
        lifecycle.move(
            fallout,
            Fallout.Status.RESOLVED,
            resolved=clock.now(),
            resolution=resolution[:200],
            owner=fallout.owner or by,
        )


def _close_fallouts(run: WorkflowRun, reason: str) -> None:
    for fallout in Fallout.objects.filter(step__run=run, status=Fallout.Status.OPEN):
        lifecycle.move(fallout, Fallout.Status.RESOLVED, resolved=clock.now(), resolution=reason[:200])
