"""Jobs: row first, progress, cancel, resume, death of a worker, lost broker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from kernel import clock, jobs
from kernel.errors import DomainError, Invalid
from kernel.models import Job, JobLine

pytestmark = pytest.mark.django_db


@pytest.fixture
def kinds() -> Iterator[dict[str, Any]]:
    before = dict(jobs.REGISTRY)
    yield jobs.REGISTRY
    jobs.REGISTRY.clear()
    jobs.REGISTRY.update(before)


def test_a_job_runs_once_however_often_it_is_sent(kinds: Any, admin: Any) -> None:
    calls: list[str] = []

    @jobs.job("test.count")
    def count(run: jobs.Run) -> dict[str, Any]:
        calls.append(run.params["word"])
        run.advance(2, total=2)
        run.lines([run.line(JobLine.Outcome.SUCCEEDED, "one")])
        return {"n": len(calls)}

    row = jobs.start("test.count", "Count", owner=admin, word="x")
    for _ in range(3):
        jobs.execute(row.pk)
    row.refresh_from_db()
    assert (row.status, row.done, row.total, row.result) == ("succeeded", 2, 2, {"n": 1})
    assert calls == ["x"]
    assert row.lines.get().label == "one"


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(Invalid):
        jobs.start("test.nobody", "Nobody")


def test_cancelling_stops_at_the_next_step_and_retry_resumes_there(kinds: Any, admin: Any) -> None:
    @jobs.job("test.steps")
    def steps(run: jobs.Run) -> dict[str, Any]:
        for index in range(run.state.get("next", 0), 4):
            run.checkpoint(next=index + 1)
            if index == 1 and run.row.attempts == 1:
                jobs.cancel(Job.objects.get(pk=run.row.pk), by=admin)
            run.advance()
        return {"ended": True}

    row = jobs.start("test.steps", "Steps", owner=admin)
    jobs.execute(row.pk)
    row.refresh_from_db()
    assert (row.status, row.state) == ("cancelled", {"next": 2})
    Job.objects.filter(pk=row.pk).update(attempts=1)
    jobs.retry(row)
    Job.objects.filter(pk=row.pk).update(attempts=5 - 1)
    jobs.execute(row.pk)
    row.refresh_from_db()
    assert (row.status, row.state, row.result) == ("succeeded", {"next": 4}, {"ended": True})


def test_a_waiting_job_is_cancelled_at_once(kinds: Any, admin: Any) -> None:
    @jobs.job("test.never")
    def never(run: jobs.Run) -> dict[str, Any]:
        raise AssertionError("must not run")

    row = jobs.start("test.never", "Never", owner=admin)
    jobs.cancel(row, by=admin)
    jobs.execute(row.pk)
    assert Job.objects.get().status == "cancelled"


def test_a_domain_error_fails_the_job_with_its_code(kinds: Any) -> None:
    @jobs.job("test.refused")
    def refused(run: jobs.Run) -> dict[str, Any]:
        raise DomainError("not today", code="test.no")

    jobs.execute(jobs.start("test.refused", "Refused").pk)
    row = Job.objects.get()
    assert (row.status, row.error, row.result) == ("failed", "not today", {"code": "test.no"})


def test_a_job_whose_database_went_away_is_still_running_and_taken_up_again(
    kinds: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    @jobs.job("test.outage")
    def outage(run: jobs.Run) -> dict[str, Any]:
        if run.row.attempts == 1:
            raise OperationalError("server closed the connection unexpectedly")
        return {"ended": True}

    row = jobs.start("test.outage", "Outage")
    with pytest.raises(OperationalError):
        jobs.execute(row.pk)
    row.refresh_from_db()
    assert (row.status, row.error) == ("running", "")

    Job.objects.filter(pk=row.pk).update(heartbeat=clock.system_now() - jobs.HEARTBEAT_LOST * 2)
    jobs.execute(row.pk)
    row.refresh_from_db()
    assert (row.status, row.result) == ("succeeded", {"ended": True})


def test_the_sweeper_finds_a_dead_workers_job_and_gives_up_after_some_deaths(
    kinds: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    @jobs.job("test.deadly")
    def deadly(run: jobs.Run) -> dict[str, Any]:
        return {}

    sent: list[Any] = []
    row = jobs.start("test.deadly", "Deadly")
    monkeypatch.setattr(jobs, "enqueue", lambda *args: sent.append(args))
    stale = clock.system_now() - jobs.HEARTBEAT_LOST - timedelta(seconds=1)
    Job.objects.update(status="running", heartbeat=stale, attempts=jobs.MAX_ATTEMPTS)
    assert jobs.sweep() == 1
    assert sent == [("kernel.run_job_default", row.pk)]
    jobs.execute(row.pk)
    assert Job.objects.get().status == "failed"


def test_a_dead_broker_loses_no_job(
    kinds: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    @jobs.job("test.kept")
    def kept(run: jobs.Run) -> dict[str, Any]:
        return {}

    def dead(*_args: Any, **_kwargs: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(jobs.current_app, "send_task", dead)
    with django_capture_on_commit_callbacks(execute=True):
        jobs.start("test.kept", "Kept")
    Job.objects.update(created=clock.system_now() - timedelta(minutes=1))
    monkeypatch.undo()
    sent: list[str] = []
    monkeypatch.setattr(jobs.current_app, "send_task", lambda name, args: sent.append(name))
    with django_capture_on_commit_callbacks(execute=True):
        jobs.sweep()
    assert sent == ["kernel.run_job_default"]
