"""Long work: a row first, then a message. Progress, log, cancel, resume; a dead worker's job is picked up again.

@job("bss_billing.bill_run", queue="billing")
def run_bills(run: Run) -> dict[str, Any]:
    for batch in ...:
        run.advance(len(batch)); run.checkpoint(cursor=...)   # raises Cancelled when somebody asked
    return {"invoices": n}
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cache
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from celery import current_app
from django.apps import apps
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from kernel import clock, events, journal
from kernel.errors import UNAVAILABLE, DomainError, Invalid
from kernel.models import Job, JobLine

logger = logging.getLogger(__name__)

Function = Callable[["Run"], dict[str, Any]]
REGISTRY: dict[str, tuple[Function, str]] = {}
HEARTBEAT_LOST = timedelta(seconds=60)
MAX_ATTEMPTS = 5


class Cancelled(Exception):
    """Raised inside a job at its next checkpoint after somebody asked to cancel it."""


def job(kind: str, *, queue: str = "default") -> Callable[[Function], Function]:
    """Register the function behind a kind of job."""

    def register(function: Function) -> Function:
        REGISTRY[kind] = (function, queue)
        return function

    return register


def enqueue(task: str, *args: Any) -> None:
    """Send a task by name after commit. A broker that is down costs time, not work: the sweeper sends again."""

    def send() -> None:
        try:
            current_app.send_task(task, args=[str(arg) if isinstance(arg, UUID) else arg for arg in args])
        except Exception:
            logger.warning("broker unavailable, %s waits for the sweeper", task)

    transaction.on_commit(send)


def start(kind: str, title: str, *, owner: Any = None, total: int = 0, **params: Any) -> Job:
    """Create a job and send it. Raises Invalid for a kind nobody registered."""
    _load()
    if kind not in REGISTRY:
        raise Invalid(f"no job is registered as {kind}", code="job.unknown")
    with transaction.atomic():
        row = Job.objects.create(
            kind=kind,
            title=title[:200],
            owner=owner,
            owner_label=str(owner or journal.context().actor),
            queue=REGISTRY[kind][1],
            params=journal.plain(params),
            total=total,
            correlation_id=journal.context().correlation_id,
        )
        events.publish(events.ObjectCreated(row._meta.label, row.pk))
        enqueue(f"kernel.run_job_{row.queue}", row.pk)
    return row


def cancel(row: Job, *, by: Any) -> None:
    """Ask a job to stop at its next checkpoint; a waiting job stops at once."""
    with transaction.atomic():
        stopped = Job.objects.filter(pk=row.pk, status=Job.Status.PENDING).update(
            status=Job.Status.CANCELLED, finished=clock.system_now(), cancel_requested=True
        )
        if not stopped:
            Job.objects.filter(pk=row.pk, status=Job.Status.RUNNING).update(cancel_requested=True)
        journal.record("job.cancel", row, reason=str(by))
        events.publish(events.ObjectChanged(row._meta.label, row.pk, ("cancel_requested",)))
    row.refresh_from_db()


def retry(row: Job) -> None:
    """Send a failed or cancelled job again; it resumes from its last checkpoint."""
    with transaction.atomic():
        Job.objects.filter(pk=row.pk, status__in=[Job.Status.FAILED, Job.Status.CANCELLED]).update(
            status=Job.Status.PENDING, cancel_requested=False, error="", attempts=0, finished=None
        )
        events.publish(events.ObjectChanged(row._meta.label, row.pk, ("status",)))
        enqueue(f"kernel.run_job_{row.queue}", row.pk)
    row.refresh_from_db()


class Run:
    """What a job function sees of its job."""

    def __init__(self, row: Job) -> None:
        self.row = row
        self.params: dict[str, Any] = row.params
        self.state: dict[str, Any] = row.state

    def advance(self, count: int = 1, *, total: int | None = None) -> None:
        """Report progress, keep the job alive, and stop here if somebody asked to."""
        changes: dict[str, Any] = {"done": F("done") + count, "heartbeat": clock.system_now()}
        if total is not None:
            changes["total"] = total
        Job.objects.filter(pk=self.row.pk).update(**changes)
        if Job.objects.filter(pk=self.row.pk, cancel_requested=True).exists():
            raise Cancelled

    def checkpoint(self, **state: Any) -> None:
        """Remember where to resume; call it in the transaction of the work it describes."""
        self.state = {**self.state, **journal.plain(state)}
        Job.objects.filter(pk=self.row.pk).update(state=self.state, heartbeat=clock.system_now())

    def log(self, message: str) -> None:
        """A line of the job's log."""
        JobLine.objects.create(job=self.row, outcome=JobLine.Outcome.INFO, message=message)

    def lines(self, rows: Iterable[JobLine]) -> None:
        """Many result lines in one statement."""
        JobLine.objects.bulk_create(list(rows), batch_size=1000)

    def line(
        self, outcome: str, label: str, *, message: str = "", code: str = "", object_id: Any = None
    ) -> JobLine:
        """An unsaved result line for `lines`."""
        return JobLine(
            job=self.row, outcome=outcome, label=label[:200], message=message, code=code, object_id=object_id
        )


def execute(job_id: Any) -> None:
    """Run one job unless another worker has it. Safe to call twice."""
    _load()
    now = clock.system_now()
    stale = Q(status=Job.Status.RUNNING, heartbeat__lt=now - HEARTBEAT_LOST)
    claimed = Job.objects.filter(Q(status=Job.Status.PENDING) | stale, pk=job_id).update(
        status=Job.Status.RUNNING, started=now, heartbeat=now, attempts=F("attempts") + 1
    )
    if not claimed:
        return
    row = Job.objects.select_related("owner").get(pk=job_id)
    with journal.acting(user=row.owner, label=row.owner_label, correlation_id=row.correlation_id):
        _finish(row, *_call(row))


def _call(row: Job) -> tuple[str, dict[str, Any], str]:
    if row.attempts > MAX_ATTEMPTS:
        return Job.Status.FAILED, {}, _("The job's worker died %(n)d times") % {"n": MAX_ATTEMPTS}
    function, _queue = REGISTRY[row.kind]
    try:
        return Job.Status.SUCCEEDED, function(Run(row)), ""
    except Cancelled:
        return Job.Status.CANCELLED, {}, ""
    except DomainError as error:
        return Job.Status.FAILED, {"code": error.code}, error.message
    except UNAVAILABLE:
        # It is still running by its row: when its heartbeat is old enough the sweeper has it taken up again.
        raise
    except Exception as error:
        logger.exception("job %s %s failed", row.pk, row.kind)
        return Job.Status.FAILED, {}, f"{type(error).__name__}: {error}"


def _finish(row: Job, status: str, result: dict[str, Any], error: str) -> None:
    with transaction.atomic():
        Job.objects.filter(pk=row.pk).update(
            status=status, result=journal.plain(result), error=error[:4000], finished=clock.system_now()
        )
        events.publish(events.StateChanged(row._meta.label, row.pk, "status", Job.Status.RUNNING, status))


def sweep() -> int:
    """Send again what the broker lost: waiting jobs not claimed for a while, running jobs without heartbeat."""
    now = clock.system_now()
    rows = Job.objects.filter(
        Q(status=Job.Status.PENDING, created__lt=now - timedelta(seconds=15))
        | Q(status=Job.Status.RUNNING, heartbeat__lt=now - HEARTBEAT_LOST)
    ).values_list("pk", "queue")[:200]
    for pk, queue in rows:
        enqueue(f"kernel.run_job_{queue}", pk)
    return len(rows)


@cache
def _load() -> bool:
    """Import each app's `services` so that its jobs are registered, whichever process asks."""
    for config in apps.get_app_configs():
        if config.name.split(".")[0] in {"oss", "bss", "service_mgmt", "kernel", "portal"} and find_spec(
            f"{config.name}.services"
        ):
            importlib.import_module(f"{config.name}.services")
    return True
