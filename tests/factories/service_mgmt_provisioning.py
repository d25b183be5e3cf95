"""Makers of service orders, runs, steps and fallouts."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from kernel import clock
from kernel.models import ApiTask
from service_mgmt.provisioning.models import (
    Fallout,
    ServiceOrder,
    ServiceOrderItem,
    WorkflowRun,
    WorkflowStep,
)
from tests.factories.bss_orders import make_task
from tests.factories.rest import sample
from tests.factories.service_mgmt_services import make_service

_serial = count(1)


def make_service_order(**overrides: Any) -> ServiceOrder:
    """An order of a customer without items, acknowledged now."""
    customer = overrides.pop("customer", None) or make_service().customer
    now = clock.now()
    values = {"ordered": now, "promised": now + timedelta(hours=1), "description": "Order", **overrides}
    return ServiceOrder.objects.create(customer=customer, **values)


def make_order_item(**overrides: Any) -> ServiceOrderItem:
    """An item that adds a service."""
    service = overrides.pop("service", None) or make_service(state="designed")
    order = overrides.pop("order", None) or make_service_order(customer=service.customer)
    values = {"action": "add", "workflow": "new_service", "position": order.items.count() + 1, **overrides}
    return ServiceOrderItem.objects.create(order=order, service=service, **values)


def make_run(**overrides: Any) -> WorkflowRun:
    """A run that waits to start, without steps."""
    item = overrides.pop("item", None) or make_order_item()
    values = {"workflow": item.workflow, "revision": 1, **overrides}
    return WorkflowRun.objects.create(item=item, **values)


def make_step(**overrides: Any) -> WorkflowStep:
    """A step that waits."""
    run = overrides.pop("run", None) or make_run()
    position = run.steps.count() + 1
    now = clock.now()
    values = {
        "name": f"step-{position}",
        "title": "Render configuration",
        "position": position,
        "planned_start": now,
        "planned_end": now + timedelta(seconds=5),
        **overrides,
    }
    return WorkflowStep.objects.create(run=run, **values)


def make_failed_run(**overrides: Any) -> WorkflowRun:
    """A run whose second step has failed and lies in the queue."""
    now = clock.now()
    cause = overrides.pop("cause", "commit · outside.unreachable · …")
    item = overrides.pop("item", None) or make_order_item(
        state="held", order=make_service_order(state="inProgress")
    )
    run = make_run(item=item, status="failed", started=now, **overrides)
    make_step(
        run=run,
        name="reserve",
        status="done",
        started=now,
        finished=now,
        attempts=1,
        outputs={"resources": []},
    )
    step = make_step(
        run=run,
        name="commit",
        title="Commit and confirm",
        status="failed",
        started=now,
        finished=now,
        attempts=5,
        cause=cause,
        error="outside.unreachable: no answer",
        diff="+ interface ge-0/1/1",
    )
    Fallout.objects.create(step=step, cause=cause, detail="no answer", opened=now)
    return run


def make_fallout(**overrides: Any) -> Fallout:
    """An open fallout."""
    return Fallout.objects.get(step__run=make_failed_run(**overrides))


def make_order_with_plan() -> ServiceOrder:
    """An order with one item whose run has failed."""
    return make_failed_run().item.order


SAMPLES = {
    "service_mgmt_provisioning.ServiceOrder": make_order_with_plan,
    "service_mgmt_provisioning.WorkflowRun": make_failed_run,
    "service_mgmt_provisioning.Fallout": make_fallout,
}


# Samples of the REST resources


def _order_body() -> dict[str, Any]:
    service = make_service()
    return {
        "externalId": f"PARTNER-{next(_serial)}",
        "description": "Suspend for us",
        "serviceOrderItem": [{"action": "noChange", "service": {"id": str(service.pk)}}],
    }


@sample("641/serviceOrder", body=_order_body, patch=lambda row: {"description": "Ours"})
def service_orders(count: int) -> list[ServiceOrder]:
    made = [make_service_order(external_id=f"EXT-{next(_serial)}") for _index in range(count)]
    for order in made:
        make_order_item(order=order)
    return made


@sample("641/cancelServiceOrder", body=lambda: {"serviceOrder": {"id": str(make_order_item().order.pk)}})
def cancellations(count: int) -> list[ApiTask]:
    return [
        make_task("641", "cancelServiceOrder", serviceOrder=make_order_item().order)
        for _index in range(count)
    ]
