"""Rectification: a runbook chosen, approved where its risk asks for it, carried out step by step, verified."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from kernel import clock, jobs, journal, lifecycle
from kernel.errors import UNAVAILABLE, Busy, DomainError, Invalid, Unreachable
from kernel.permissions import forbid_own_work
from oss.incidents.models import Diagnosis, Incident, IncidentEntry, Runbook, RunbookRun, RunbookStep
from oss.incidents.services import diagnosing, incidents, timeline
from oss.incidents.services.remedies import PORT_NEEDED, STEPS, NotYet, possible, target
from oss.inventory.models import NetworkElement, Port

logger = logging.getLogger(__name__)
RUN_RUNBOOK = "oss.incidents.run_runbook"
STALE = timedelta(minutes=3)  # as long as the lease of a dead writer lasts
AGAIN, ATTEMPTS = timedelta(seconds=5), 12
Status, StepStatus, Kind = RunbookRun.Status, RunbookStep.Status, IncidentEntry.Kind


def rectify(
    *,
    incident: Incident,
    runbook: Runbook,
    by: Any = None,
    element: NetworkElement | None = None,
    port: Port | None = None,
    at: datetime | None = None,
) -> RunbookRun:
    """Have a runbook carried out; at once, or after somebody else's approval where it needs one.

    Without a target it acts on what the last diagnosis found. Raises Invalid when the incident is over, the runbook
    is not available or has nothing to act on; Busy when another run has the element.
    """
    if not incident.is_open:
        raise Invalid(_("The incident is over"), code="incident.over")
    if not possible(runbook):
        raise Invalid(_("This runbook is not available here"), code="runbook.unavailable")
    element, port = _target(incident, runbook, element, port)
    moment = at or clock.now()
    run = RunbookRun(
        incident=incident,
        runbook=runbook,
        status=Status.PROPOSED if runbook.needs_approval else Status.PENDING,
        element=element,
        port=port,
        requested=moment,
        requested_by=by if getattr(by, "pk", None) else None,
        heartbeat=clock.system_now(),
    )
    try:
        with transaction.atomic():
            lifecycle.create(run)
            RunbookStep.objects.bulk_create(
                RunbookStep(run=run, position=position, name=name)
                for position, (name, _step) in enumerate(STEPS[runbook.action], 1)
            )
            code = "run_proposed" if runbook.needs_approval else "run_started"
            _tell(run, code, at=moment, by=by)
            if not runbook.needs_approval:
                jobs.enqueue(RUN_RUNBOOK, run.pk)
    except IntegrityError as error:
        raise Busy(
            _("Another runbook is running on %(element)s") % {"element": element}, code="runbook.busy"
        ) from error
    return run


def _target(
    incident: Incident, runbook: Runbook, element: NetworkElement | None, port: Port | None
) -> tuple[NetworkElement, Port | None]:
    found = (
        Diagnosis.objects.filter(incident=incident, status=Diagnosis.Status.DONE)
        .select_related("port", "element")
        .first()
    )
    if runbook.action in PORT_NEEDED:
        port = port or (found.port if found else None) or (incident.link.port_a if incident.link else None)
        port = port or (incident.root_alarm.port if incident.root_alarm else None)
        if port is None:
            raise Invalid(
                _("Choose a port"), code="runbook.port", fields={"port": _("Needed for this runbook")}
            )
        return port.element, port
    element = (
        element or (port.element if port else None) or (found.element if found else None) or incident.element
    )
    if element is None:
        raise Invalid(
            _("Choose an element"), code="runbook.element", fields={"element": _("Needed for this runbook")}
        )
    return element, port


@transaction.atomic
def approve_runbook(*, run: RunbookRun, by: Any, at: datetime | None = None) -> RunbookRun:
    """Let a proposed run begin. Raises NotAllowed for whoever asked for it."""
    forbid_own_work(run.requested_by_id, getattr(by, "pk", None))
    try:
        with transaction.atomic():
            lifecycle.move(run, Status.PENDING, approved_by=by, heartbeat=clock.system_now())
    except IntegrityError as error:
        raise Busy(
            _("Another runbook is running on %(element)s") % {"element": run.element}, code="runbook.busy"
        ) from error
    _tell(run, "run_started", at=at or clock.now(), by=by)
    jobs.enqueue(RUN_RUNBOOK, run.pk)
    return run


@transaction.atomic
def reject_runbook(*, run: RunbookRun, by: Any, reason: str = "", at: datetime | None = None) -> RunbookRun:
    """Refuse a proposed run, or call off one that has not begun."""
    moment = at or clock.now()
    lifecycle.move(
        run, Status.REJECTED, reason=reason, finished=moment, outcome=reason[:300],
        approved_by=by if getattr(by, "pk", None) else None,
    )  # fmt: skip
    _tell(run, "run_rejected", at=moment, by=by)
    return run


def run_runbook(*, run_id: UUID) -> RunbookRun | None:
    """Carry out the steps that are not done yet, unless another worker has the run or its time has not come.

    Safe to run twice; never in a transaction. Each step's result is kept before the next begins.
    """
    run = _claim(run_id)
    if run is None:
        return None
    functions = dict(STEPS[run.runbook.action])
    for step in run.steps.exclude(status=StepStatus.DONE).order_by("position"):
        try:
            output = functions[step.name](_begin(run, step))
        except (NotYet, Unreachable, Busy) as error:
            return _later(run, step, error)
        except DomainError as error:
            return _failed(run, step, error.message)
        except UNAVAILABLE:
            raise  # the sweeper has it taken up again when its heartbeat is old
        except Exception as error:
            logger.exception("runbook run %s, step %s", run.number, step.name)
            return _failed(run, step, f"{type(error).__name__}: {error}")
        _done(run, step, output)
    return _succeeded(run)


def _claim(run_id: UUID) -> RunbookRun | None:
    now = clock.system_now()
    due = Q(not_before=None) | Q(not_before__lte=now)
    free = Q(status=Status.PENDING) | (
        Q(status=Status.RUNNING) & (Q(heartbeat=None) | Q(heartbeat__lt=now - STALE))
    )
    with transaction.atomic():
        row = (
            RunbookRun.objects.filter(due, free, pk=run_id)
            .select_for_update(of=("self",), skip_locked=True)
            .first()
        )
        if row is None:
            return None
        if row.status == Status.PENDING:
            lifecycle.move(row, Status.RUNNING, started=clock.now(), heartbeat=now)
        else:
            RunbookRun.objects.filter(pk=row.pk).update(heartbeat=now, not_before=None)
    return RunbookRun.objects.select_related(
        "incident__root_alarm", "runbook", "element", "port__element", "requested_by"
    ).get(pk=run_id)


def _begin(run: RunbookRun, step: RunbookStep) -> RunbookRun:
    RunbookStep.objects.filter(pk=step.pk).update(
        status=StepStatus.RUNNING, attempts=F("attempts") + 1, started=step.started or clock.now(), error=""
    )
    RunbookRun.objects.filter(pk=run.pk).update(heartbeat=clock.system_now())
    return run


def _done(run: RunbookRun, step: RunbookStep, output: dict[str, Any]) -> None:
    session = output.get("session")
    RunbookStep.objects.filter(pk=step.pk).update(
        status=StepStatus.DONE, finished=clock.now(), output=journal.plain(output)
    )
    RunbookRun.objects.filter(pk=run.pk).update(
        heartbeat=clock.system_now(), **({"session": UUID(session)} if session else {})
    )


@transaction.atomic
def _later(run: RunbookRun, step: RunbookStep, error: DomainError) -> RunbookRun:
    """The network needs time, or is busy: the step is tried again, so many times."""
    step.refresh_from_db()
    if step.attempts >= ATTEMPTS:
        return _failed(run, step, error.message)
    RunbookStep.objects.filter(pk=step.pk).update(status=StepStatus.PENDING, error=error.message[:300])
    RunbookRun.objects.filter(pk=run.pk).update(heartbeat=None, not_before=clock.system_now() + AGAIN)
    run.refresh_from_db()
    return run


@transaction.atomic
def _failed(run: RunbookRun, step: RunbookStep, reason: str) -> RunbookRun:
    now = clock.now()
    RunbookStep.objects.filter(pk=step.pk).update(status=StepStatus.FAILED, finished=now, error=reason[:300])
    lifecycle.move(run, Status.FAILED, finished=now, outcome=reason[:300])
    _tell(run, "run_failed", at=now)
    return run


@transaction.atomic
def _succeeded(run: RunbookRun) -> RunbookRun:
    now = clock.now()
    last = run.steps.order_by("-position").first()
    told = "; ".join(
        f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in (last.output if last else {}).items()
        if name != "session"
    )
    lifecycle.move(run, Status.SUCCEEDED, finished=now, outcome=told[:300])
    _tell(run, "run_succeeded", at=now)
    incident = Incident.objects.locked().get(pk=run.incident_id)
    if incident.status in {Incident.Status.OPEN, Incident.Status.DIAGNOSED}:
        # Verified by measurement; the alarms clear by their own evidence and resolve it.
        incidents.mitigate(incident=incident, at=now)
    return run


def _tell(run: RunbookRun, code: str, *, at: datetime, by: Any = None) -> None:
    name = {"en": run.runbook.name, "fr": run.runbook.name_fr}
    timeline.told(
        run.incident, Kind.RUNBOOK, code, at=at, by=by, runbook=name, target=target(run),
        outcome=run.outcome, run=run.number or "",
    )  # fmt: skip


def sweep() -> int:
    """Send again the runs and diagnoses whose message was lost, whose worker died or whose time has come."""
    now = clock.system_now()
    due = Q(not_before=None) | Q(not_before__lte=now)
    lost = Q(status=Status.PENDING, heartbeat__lt=now - AGAIN)
    dead = Q(status=Status.RUNNING) & (Q(heartbeat=None) | Q(heartbeat__lt=now - STALE))
    runs = list(RunbookRun.objects.filter(due, lost | dead).values_list("pk", flat=True)[:100])
    waiting = list(
        Diagnosis.objects.filter(
            Q(status=Diagnosis.Status.PENDING, created__lt=now - AGAIN)
            | Q(status=Diagnosis.Status.RUNNING, claimed__lt=now - diagnosing.STALE)
        ).values_list("pk", flat=True)[:100]
    )
    for pk in runs:
        jobs.enqueue(RUN_RUNBOOK, pk)
    for pk in waiting:
        jobs.enqueue(diagnosing.RUN_DIAGNOSIS, pk)
    return len(runs) + len(waiting)
