"""The engine: runs steps one at a time, keeps their state in rows, survives the death of any process.

A step is claimed by compare-and-set with a lease, executed outside any transaction (it may talk to elements), and
settled in one. A worker that dies leaves a lease that runs out; the sweeper hands the step to another worker, and
because every step is safe to run twice nothing is doubled.
"""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from kernel import clock, jobs, journal, lifecycle
from kernel.errors import UNAVAILABLE, Busy, DomainError, StaleState, Unreachable
from service_mgmt.provisioning.models import Fallout, ServiceOrder, WorkflowRun, WorkflowStep
from service_mgmt.provisioning.services import orders
from service_mgmt.provisioning.services.runs import TASK
from service_mgmt.provisioning.services.workflow import Context, Done, Wait, workflow

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
RETRIES = 5

Run, Step = WorkflowRun.Status, WorkflowStep.Status


def advance(*, run_id: UUID | str) -> int:
    """Execute every step of a run that may run now, one after another; returns how many were executed.

    Safe to call any number of times from any number of workers.
    """
    executed = 0
    run_id = UUID(str(run_id))
    while (step := _claim(run_id)) is not None:
        try:
            _execute(step)
        except StaleState:
            # Its lease ran out while we worked; whoever has the step now settles it.
            logger.warning("step %s of run %s was taken over", step.name, run_id)
        executed += 1
    return executed


def _claim(run_id: UUID) -> WorkflowStep | None:
    """The next step that is ready and due, now ours; None when there is none or a rival has it."""
    now = clock.system_now()
    due = (
        WorkflowStep.objects.filter(
            run_id=run_id, status=Step.READY, run__status__in=[Run.PENDING, Run.RUNNING]
        )
        .filter(Q(not_before=None) | Q(not_before__lte=now))
        .select_related("run__item__order")
        .order_by("position")
    )
    for step in due:
        try:
            with transaction.atomic():
                if step.run.status == Run.PENDING:
                    _begin(step.run)
                lifecycle.move(
                    step,
                    Step.RUNNING,
                    attempts=step.attempts + 1,
                    started=step.started or clock.now(),
                    lease_until=now + LEASE,
                    not_before=None,
                )
        except StaleState:
            continue
        return step
    return None


def _begin(run: WorkflowRun) -> None:
    lifecycle.move(run, Run.RUNNING, started=clock.now())
    orders.item_started(item=run.item)


def _execute(step: WorkflowStep) -> None:
    run = step.run
    with journal.acting(label=run.actor or "system", correlation_id=run.correlation_id):
        try:
            outcome = workflow(run.workflow).step(step.name).run(Context(step, clock.now()))
        except (Unreachable, Busy) as error:
            _retry_or_fail(step, error)
        except UNAVAILABLE as error:
            # When the database is still away this fails too, and the sweeper has the step when its lease is over.
            if not connection.is_usable():
                connection.close()
            _retry_or_fail(step, Unreachable(f"the database: {error}", code="database.unavailable"))
        except DomainError as error:
            _fail(step, error)
        except Exception as error:
            logger.exception("step %s of %s broke", step.name, run)
            _fail(step, error)
        else:
            _settle(step, outcome)


def _settle(step: WorkflowStep, outcome: Done | Wait) -> None:
    if isinstance(outcome, Wait):
        lifecycle.move(
            step,
            Step.READY,
            reason=outcome.reason,
            attempts=step.attempts - 1,
            not_before=clock.system_now() + timedelta(seconds=outcome.seconds),
            lease_until=None,
        )
        return
    with transaction.atomic():
        lifecycle.move(
            step,
            Step.DONE,
            outputs=journal.plain(outcome.outputs),
            diff=outcome.diff,
            session_id=outcome.session_id,
            finished=clock.now(),
            lease_until=None,
            error="",
            cause="",
        )
        release_successors(step.run)


def release_successors(run: WorkflowRun) -> None:
    """Steps whose needs are all met become ready; a run without anything left to do is complete."""
    steps = list(WorkflowStep.objects.filter(run=run).order_by("position").select_for_update())
    finished = {step.name for step in steps if step.status in {Step.DONE, Step.SKIPPED}}
    for step in steps:
        if step.status == Step.PENDING and finished.issuperset(step.needs):
            lifecycle.move(step, Step.READY)
    run.refresh_from_db(fields=["status"])
    if len(finished) == len(steps) and run.status == Run.RUNNING:
        lifecycle.move(run, Run.COMPLETED, finished=clock.now())
        orders.item_finished(item=run.item, state=ServiceOrder.State.COMPLETED)


def _retry_or_fail(step: WorkflowStep, error: DomainError) -> None:
    """What passes by itself is tried again after 2, 4, 8 … seconds; after RETRIES attempts a person looks at it."""
    if step.attempts >= RETRIES:
        _fail(step, error)
        return
    lifecycle.move(
        step,
        Step.READY,
        reason=f"{error.code}: {error.message}",
        error=f"{error.code}: {error.message}",
        not_before=clock.system_now() + timedelta(seconds=2**step.attempts),
        lease_until=None,
    )


def _fail(step: WorkflowStep, error: Exception) -> None:
    text = text_of(error)
    session_id = error.details.get("session_id") if isinstance(error, DomainError) else None
    with transaction.atomic():
        # The run may have failed at another step meanwhile, or somebody wants it undone.
        run = WorkflowRun.objects.select_for_update().get(pk=step.run_id)
        lifecycle.move(
            step,
            Step.FAILED,
            reason=text,
            error=text,
            cause=signature(error, step),
            session_id=session_id,
            finished=clock.now(),
            lease_until=None,
        )
        if run.status not in {Run.RUNNING, Run.FAILED}:
            return
        lifecycle.create(Fallout(step=step, cause=step.cause, detail=text, opened=clock.now()))
        if run.status == Run.RUNNING:
            lifecycle.move(run, Run.FAILED)
            orders.item_held(item=step.run.item, reason=text)


def text_of(error: Exception) -> str:
    """What a person reads about a failure: its code and message."""
    return (
        f"{error.code}: {error.message}"
        if isinstance(error, DomainError)
        else f"{type(error).__name__}: {error}"
    )


def signature(error: Exception, step: WorkflowStep) -> str:
    """What failures of one kind have in common: step, code and the message without numbers and names."""
    code = error.code if isinstance(error, DomainError) else type(error).__name__
    message = error.message if isinstance(error, DomainError) else str(error)
    words = re.sub(r"'[^']*'|\"[^\"]*\"|\S*\d\S*", "…", str(message))
    return f"{step.name} · {code} · {words}"[:160]


def sweep() -> int:
    """Hand out again what was lost: leases that ran out, due steps nobody took. Returns how many runs were sent."""
    now = clock.system_now()
    lost = WorkflowStep.objects.filter(status=Step.RUNNING, lease_until__lt=now)
    for step in lost.select_related("run"):
        try:
            lifecycle.move(step, Step.READY, reason="worker lost", lease_until=None, not_before=None)
        except StaleState:
            continue
    undoing = WorkflowRun.objects.filter(status=Run.COMPENSATING).values_list("pk", flat=True)
    for pk in undoing:
        jobs.enqueue("service_mgmt.provisioning.compensate", pk)
    due = (
        WorkflowStep.objects.filter(status=Step.READY, run__status__in=[Run.PENDING, Run.RUNNING])
        .filter(Q(not_before=None) | Q(not_before__lte=now))
        .values_list("run_id", flat=True)
        .distinct()[:500]
    )
    for run_id in due:
        jobs.enqueue(TASK, run_id)
    return len(due)
