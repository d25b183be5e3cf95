"""What people do with a failed run: retry, skip with a reason, assign, cancel and undo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import OperationalError

from bss.orders import services as product_orders
from kernel import clock
from kernel.errors import IllegalMove, Invalid, Unreachable
from kernel.models import JournalEntry, User
from service_mgmt.provisioning import services
from service_mgmt.provisioning.models import Fallout, WorkflowRun, WorkflowStep
from service_mgmt.provisioning.services import engine
from service_mgmt.provisioning.services.runs import start_run
from service_mgmt.provisioning.services.workflow import Context, Done
from tests.factories.bss_customers import make_account
from tests.factories.bss_orders import make_sellable
from tests.factories.service_mgmt_provisioning import make_fallout, make_order_item, make_service_order
from tests.service_mgmt.provisioning.conftest import Stage

pytestmark = pytest.mark.django_db


def refuse(step: Context) -> Done:
    raise Invalid("no such port")


def failed_at(stage: Stage, name: str) -> WorkflowRun:
    """A run that has failed at a step."""
    stage.run[name] = refuse
    run = stage.start()
    services.advance(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == "failed"
    return run


def test_a_retry_goes_on_from_the_failed_step(stage: Stage, admin: User) -> None:
    run = failed_at(stage, "b")
    del stage.run["b"]

    services.retry_step(step=run.steps.get(name="b"), by=admin)
    services.advance(run_id=run.pk)

    run.refresh_from_db()
    assert run.status == "completed"
    assert stage.calls == ["do a", "do b", "do b", "do c"]
    fallout = Fallout.objects.get(step__run=run)
    assert (fallout.status, fallout.owner) == ("resolved", admin)


def test_a_step_that_has_not_failed_cannot_be_retried(stage: Stage) -> None:
    run = stage.start()
    services.advance(run_id=run.pk)

    with pytest.raises(IllegalMove):
        services.retry_step(step=run.steps.get(name="a"))


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_skip_needs_a_reason(stage: Stage, admin: User, reason: str) -> None:
    run = failed_at(stage, "b")

    with pytest.raises(Invalid) as refusal:
        services.skip_step(step=run.steps.get(name="b"), by=admin, reason=reason)

    assert refusal.value.code == "step.reasonMissing"
    assert run.steps.get(name="b").status == "failed"


def test_a_skipped_step_lets_the_run_go_on_and_keeps_the_reason(stage: Stage, admin: User) -> None:
    run = failed_at(stage, "b")

    services.skip_step(step=run.steps.get(name="b"), by=admin, reason="patched by hand")
    services.advance(run_id=run.pk)

    run.refresh_from_db()
    assert run.status == "completed"
    assert stage.calls == ["do a", "do b", "do c"]
    entry = JournalEntry.objects.filter(
        object_id=run.steps.get(name="b").pk, verb="workflow_step.skipped"
    ).get()
    assert entry.reason == "patched by hand"


def test_one_mended_cause_retries_all_that_fell_out_for_it_and_nothing_else(
    stage: Stage, admin: User
) -> None:
    same = [failed_at(stage, "b") for _index in range(3)]
    stage.run["a"] = refuse
    other = stage.start()
    services.advance(run_id=other.pk)
    cause = same[0].steps.get(name="b").cause

    assert services.bulk_retry(cause=cause, by=admin) == 3

    assert {run.steps.get(name="b").status for run in same} == {"ready"}
    assert other.steps.get(name="a").status == "failed"
    assert services.bulk_retry(cause=cause, by=admin) == 0


def test_a_fallout_is_given_to_somebody(make_user: Callable[..., User]) -> None:
    somebody = make_user("engineer")
    fallout = make_fallout()

    services.assign_fallout(fallout=fallout, owner=somebody)

    fallout.refresh_from_db()
    assert fallout.owner == somebody


# -- cancelling and undoing


def test_undoing_goes_backwards_over_what_was_done(stage: Stage) -> None:
    run = failed_at(stage, "c")
    services.cancel_item(item=run.item, reason="customer withdrew")

    services.compensate(run_id=run.pk)

    run.refresh_from_db()
    assert stage.calls == ["do a", "do b", "do c", "undo c", "undo b", "undo a"]
    assert run.status == "cancelled"
    assert set(run.steps.values_list("status", flat=True)) == {"undone"}
    assert run.item.order.items.get().state == "cancelled"
    assert not Fallout.objects.filter(step__run=run, status="open").exists()


def test_undoing_twice_undoes_once(stage: Stage) -> None:
    run = failed_at(stage, "b")
    services.cancel_item(item=run.item, reason="customer withdrew")
    services.compensate(run_id=run.pk)

    services.compensate(run_id=run.pk)

    assert stage.calls.count("undo a") == 1


def test_a_step_that_never_began_is_not_undone(stage: Stage) -> None:
    run = failed_at(stage, "a")
    services.cancel_item(item=run.item, reason="x")

    services.compensate(run_id=run.pk)

    assert stage.calls == ["do a", "undo a"]


def test_a_retry_before_cancelling_does_not_hide_what_was_begun(stage: Stage) -> None:
    run = failed_at(stage, "b")
    services.retry_step(step=run.steps.get(name="b"))
    services.cancel_item(item=run.item, reason="x")

    services.compensate(run_id=run.pk)

    assert stage.calls == ["do a", "do b", "undo b", "undo a"]


def test_cancelling_before_the_first_step_undoes_nothing(stage: Stage) -> None:
    run = stage.start()

    services.cancel_item(item=run.item, reason="ordered twice")

    run.refresh_from_db()
    assert (run.status, run.item.order.items.get().state) == ("cancelled", "cancelled")
    assert services.advance(run_id=run.pk) == 0
    assert stage.calls == []


def test_past_the_point_of_no_return_nothing_is_cancelled(stage: Stage) -> None:
    stage.declare("a", "b", "c", final="b")
    run = failed_at(stage, "c")

    with pytest.raises(IllegalMove) as refusal:
        services.cancel_item(item=run.item, reason="too late")

    assert refusal.value.code == "order.pointOfNoReturn"
    run.refresh_from_db()
    assert run.status == "failed"
    assert "undo a" not in stage.calls


def test_a_product_order_is_told_when_its_work_can_no_longer_be_undone(stage: Stage) -> None:
    stage.declare("a", "b", "c", final="b")
    account = make_account()
    wanted = product_orders.place_order(
        customer=account.customer, account=account, items=[product_orders.Line(make_sellable())], accept=True
    ).items.get()
    order = make_service_order(product_order=wanted.order, customer=account.customer)
    run = start_run(
        item=make_order_item(order=order, workflow="staged", product_order_item=wanted), at=clock.now()
    )
    product_orders.item_in_progress(item=wanted)
    final = WorkflowStep.objects.filter(run=run, name="b")
    final.update(status="done")

    with pytest.raises(IllegalMove, match="Step b") as refusal:
        product_orders.cancel_order(order=wanted.order, reason="moved away")
    final.update(status="pending")
    product_orders.cancel_order(order=wanted.order, reason="moved away")

    assert refusal.value.code == "order.cancel.pointOfNoReturn"
    wanted.refresh_from_db()
    assert wanted.state == "pending_cancellation"


def test_an_order_is_cancelled_whole_or_not_at_all(stage: Stage) -> None:
    stage.declare("a", "b", final="b")
    order = make_service_order()
    done, waiting = (make_order_item(order=order, workflow="staged") for _index in range(2))
    first, second = (start_run(item=item, at=clock.now()) for item in (done, waiting))
    stage.declare("a", "b", "c", final="b")
    WorkflowStep.objects.filter(run=first).update(status="done")
    WorkflowRun.objects.filter(pk=first.pk).update(status="failed")

    with pytest.raises(IllegalMove):
        services.cancel_order(order=order, reason="x")

    second.refresh_from_db()
    assert second.status == "pending"


def test_a_failed_undo_is_shown_and_retried_backwards(stage: Stage, admin: User) -> None:
    run = failed_at(stage, "c")
    stage.undo["b"] = refuse
    services.cancel_item(item=run.item, reason="x")
    services.compensate(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == "failed"
    assert Fallout.objects.filter(step__run=run, status="open", step__name="b").exists()
    assert "undo a" not in stage.calls

    del stage.undo["b"]
    services.retry_step(step=run.steps.get(name="b"), by=admin)
    services.compensate(run_id=run.pk)

    run.refresh_from_db()
    assert run.status == "cancelled"
    assert stage.calls[-2:] == ["undo b", "undo a"]
    assert "do b" not in stage.calls[3:]


def test_a_failed_undo_may_be_skipped(stage: Stage, admin: User) -> None:
    run = failed_at(stage, "c")
    stage.undo["b"] = refuse
    services.cancel_item(item=run.item, reason="x")
    services.compensate(run_id=run.pk)

    services.skip_step(step=run.steps.get(name="b"), by=admin, reason="taken off by hand")
    services.compensate(run_id=run.pk)

    run.refresh_from_db()
    assert run.status == "cancelled"
    assert stage.calls[-1] == "undo a"


def test_an_undo_that_is_under_way_is_left_to_its_worker(stage: Stage) -> None:
    run = failed_at(stage, "b")

    def second_worker_meanwhile(step: Context) -> Done:
        services.compensate(run_id=run.pk)
        return Done()

    stage.undo["b"] = second_worker_meanwhile
    services.cancel_item(item=run.item, reason="x")

    services.compensate(run_id=run.pk)

    assert stage.calls == ["do a", "do b", "undo b", "undo a"]


def test_an_undo_out_of_reach_is_tried_again(stage: Stage) -> None:
    def away(step: Context) -> Done:
        raise Unreachable("no answer")

    run = failed_at(stage, "b")
    stage.undo["b"] = away
    services.cancel_item(item=run.item, reason="x")
    services.compensate(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == "compensating"

    for _attempt in range(engine.RETRIES):
        WorkflowStep.objects.filter(run=run, status="undoing").update(
            lease_until=clock.system_now() - timedelta(seconds=1)
        )
        services.compensate(run_id=run.pk)

    run.refresh_from_db()
    assert run.status == "failed"
    assert Fallout.objects.filter(step__run=run, status="open").exists()


def test_an_outage_of_the_database_during_an_undo_is_no_fallout(stage: Stage) -> None:
    def outage(step: Context) -> Done:
        raise OperationalError("server closed the connection unexpectedly")

    run = failed_at(stage, "b")
    stage.undo["b"] = outage
    services.cancel_item(item=run.item, reason="x")

    with pytest.raises(OperationalError):
        services.compensate(run_id=run.pk)

    assert not Fallout.objects.filter(step__run=run, status="open").exists()
    del stage.undo["b"]
    WorkflowStep.objects.filter(run=run, status="undoing").update(
        lease_until=clock.system_now() - timedelta(seconds=1)
    )
    services.compensate(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == "cancelled"
