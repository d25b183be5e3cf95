"""The engine: steps run once and in order, whatever dies, stalls, fails or competes."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from kernel import clock
from kernel.errors import Invalid, Unreachable
from service_mgmt.provisioning import services
from service_mgmt.provisioning.models import Fallout, WorkflowRun, WorkflowStep
from service_mgmt.provisioning.services import engine
from service_mgmt.provisioning.services.workflow import Context, Done, Wait
from tests.service_mgmt.provisioning.conftest import Stage


def statuses(run: WorkflowRun) -> list[str]:
    return list(run.steps.order_by("position").values_list("status", flat=True))


def due_now(run: WorkflowRun) -> None:
    """What waiting would do: the pause of every step is over."""
    WorkflowStep.objects.filter(run=run).update(not_before=None)


def unreachable(step: Context) -> Done:
    raise Unreachable("element 17 does not answer")


@pytest.mark.django_db
def test_steps_run_in_order_and_complete_the_order(stage: Stage) -> None:
    run = stage.start()

    assert services.advance(run_id=run.pk) == 3

    run.refresh_from_db()
    assert stage.calls == ["do a", "do b", "do c"]
    assert (run.status, statuses(run)) == ("completed", ["done"] * 3)
    assert run.item.order.items.get().state == "completed"
    order = run.item.order
    order.refresh_from_db()
    assert order.state == "completed"
    assert order.completed is not None


@pytest.mark.django_db
def test_advancing_twice_does_nothing_more(stage: Stage) -> None:
    run = stage.start()
    services.advance(run_id=run.pk)

    assert services.advance(run_id=run.pk) == 0
    assert stage.calls == ["do a", "do b", "do c"]


@pytest.mark.django_db
def test_a_worker_that_dies_in_a_step_is_replaced_and_nothing_is_doubled(stage: Stage) -> None:
    made: set[str] = set()

    def die_once(step: Context) -> Done:
        made.add(step.run.number)
        if stage.calls.count("do b") == 1:
            raise SystemExit
        return Done({"made": len(made)})

    stage.run["b"] = die_once
    run = stage.start()
    with pytest.raises(SystemExit):
        services.advance(run_id=run.pk)
    assert statuses(run) == ["done", "running", "pending"]

    # While the lease holds nobody takes the step.
    services.sweep()
    assert services.advance(run_id=run.pk) == 0

    WorkflowStep.objects.filter(run=run, name="b").update(
        lease_until=clock.system_now() - timedelta(seconds=1)
    )
    services.sweep()
    services.advance(run_id=run.pk)

    assert statuses(run) == ["done"] * 3
    assert stage.calls == ["do a", "do b", "do b", "do c"]
    assert run.steps.get(name="b").outputs == {"made": 1}
    assert run.steps.get(name="b").attempts == 2


@pytest.mark.django_db
def test_the_sweeper_run_twice_changes_nothing_more(stage: Stage) -> None:
    run = stage.start()
    WorkflowStep.objects.filter(run=run, name="a").update(
        status="running", lease_until=clock.system_now() - timedelta(seconds=1)
    )
    services.sweep()
    version = run.steps.get(name="a").version

    services.sweep()

    assert run.steps.get(name="a").version == version


@pytest.mark.django_db
def test_an_element_out_of_reach_is_tried_again_later_each_time_and_then_falls_out(stage: Stage) -> None:
    stage.run["b"] = unreachable
    run = stage.start()
    pauses = []
    for _attempt in range(engine.RETRIES - 1):
        before = clock.system_now()
        services.advance(run_id=run.pk)
        step = run.steps.get(name="b")
        assert step.status == "ready"
        assert step.not_before is not None
        pauses.append(round((step.not_before - before).total_seconds()))
        assert services.advance(run_id=run.pk) == 0
        due_now(run)
    services.advance(run_id=run.pk)

    run.refresh_from_db()
    assert pauses == [2, 4, 8, 16]
    assert (run.status, statuses(run)) == ("failed", ["done", "failed", "pending"])
    fallout = Fallout.objects.get(step__run=run)
    assert fallout.status == "open"
    assert fallout.cause == "b · outside.unreachable · element … does not answer"
    assert run.item.order.items.get().state == "held"


@pytest.mark.django_db
@pytest.mark.parametrize("error", [Invalid("no such port", code="port.unknown"), ValueError("boom")])
def test_what_does_not_pass_by_itself_falls_out_at_once(stage: Stage, error: Exception) -> None:
    def refuse(step: Context) -> Done:
        raise error

    stage.run["a"] = refuse
    run = stage.start()

    services.advance(run_id=run.pk)

    assert statuses(run)[0] == "failed"
    assert stage.calls == ["do a"]
    assert Fallout.objects.filter(step__run=run, status="open").count() == 1


@pytest.mark.django_db
def test_waiting_costs_no_attempt(stage: Stage) -> None:
    stage.run["a"] = lambda step: Wait(1, "not there yet") if stage.calls.count("do a") < 9 else Done()
    run = stage.start()
    for _round in range(9):
        services.advance(run_id=run.pk)
        due_now(run)

    assert statuses(run) == ["done"] * 3
    assert run.steps.get(name="a").attempts == 1


def test_an_outage_of_the_database_is_tried_again_and_asks_nobody(stage: Stage) -> None:
    def outage(step: Context) -> Done:
        raise OperationalError("server closed the connection unexpectedly")

    stage.run["a"] = outage
    run = stage.start()

    services.advance(run_id=run.pk)

    step = run.steps.get(name="a")
    assert step.status == "ready"
    assert step.not_before is not None
    assert not Fallout.objects.exists()
    del stage.run["a"]
    due_now(run)
    services.advance(run_id=run.pk)
    assert statuses(run) == ["done"] * 3


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_one_run_execute_each_step_once(stage: Stage) -> None:
    run = stage.start()
    both = threading.Barrier(2)
    executed: list[int] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            both.wait()
            executed.append(services.advance(run_id=run.pk))
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _worker in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    # Whoever lost the first step may have gone home before the last one was ready.
    services.advance(run_id=run.pk)

    assert failures == []
    assert sorted(stage.calls) == ["do a", "do b", "do c"]
    assert statuses(run) == ["done"] * 3
    run.refresh_from_db()
    assert run.status == "completed"


@pytest.mark.django_db
def test_a_failure_while_somebody_undoes_the_run_leaves_no_fallout(stage: Stage) -> None:
    run = stage.start()

    def cancelled_meanwhile(step: Context) -> Done:
        services.cancel_item(item=step.item, reason="no longer wanted")
        raise Invalid("refused")

    stage.run["b"] = cancelled_meanwhile
    services.advance(run_id=run.pk)
    assert not Fallout.objects.filter(step__run=run).exists()

    services.compensate(run_id=run.pk)

    run.refresh_from_db()
    assert run.status == "cancelled"
    assert stage.calls == ["do a", "do b", "undo b", "undo a"]


@pytest.mark.django_db
def test_tasks_take_ids_as_text(stage: Stage) -> None:
    from service_mgmt.provisioning import tasks

    run: Any = stage.start()
    for _round in range(2):
        tasks.advance(str(run.pk))
        tasks.compensate(str(run.pk))
        tasks.sweep()

    run.refresh_from_db()
    assert run.status == "completed"
    assert stage.calls == ["do a", "do b", "do c"]
