"""Service orders: planned once, rolled up from their items, told to the product order."""

from __future__ import annotations

from uuid import uuid4

import pytest

from kernel.errors import Invalid
from service_mgmt.provisioning import services
from service_mgmt.provisioning.models import ServiceOrder
from service_mgmt.provisioning.services import Wish
from service_mgmt.provisioning.services.workflow import Context, Done
from tests.factories.bss_customers import make_customer
from tests.factories.bss_orders import make_item, make_order
from tests.factories.service_mgmt_design import make_internet, make_internet_offering, make_spec
from tests.factories.service_mgmt_provisioning import make_order_item, make_service_order
from tests.factories.service_mgmt_services import make_service
from tests.service_mgmt.provisioning.conftest import Stage

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("items", "whole"),
    [
        (["completed", "completed"], "completed"),
        (["completed", "cancelled"], "partial"),
        (["completed", "failed"], "partial"),
        (["cancelled", "cancelled"], "cancelled"),
        (["failed", "failed"], "failed"),
        (["failed", "cancelled"], "failed"),
        (["completed", "inProgress"], "inProgress"),
        (["completed", "held"], "inProgress"),
    ],
)
def test_an_order_adds_up_to_its_items(items: list[str], whole: str) -> None:
    order = make_service_order(state="inProgress")
    for state in items:
        make_order_item(order=order, state=state)

    for _twice in range(2):
        services.settle(order=order)

    order.refresh_from_db()
    assert order.state == whole
    assert (order.completed is not None) == (whole != "inProgress")


def test_an_item_that_needs_another_starts_after_it(stage: Stage) -> None:
    first = stage.start().item
    second = make_order_item(order=first.order, workflow="staged")
    second.needs.add(first)
    assert not second.runs.exists()

    services.advance(run_id=first.runs.get().pk)

    assert second.runs.count() == 1


def test_an_accepted_order_is_planned_once(stage: Stage) -> None:
    order = make_order(items=0)
    cfs, _rfs = make_internet()
    cfs.workflow = "staged"
    cfs.save()
    make_item(order=order, offering=make_internet_offering(cfs))

    first = services.plan_order(order_id=order.pk)
    second = services.plan_order(order_id=order.pk)

    assert first is not None
    assert second == first
    assert ServiceOrder.objects.count() == 1
    item = first.items.get()
    assert (item.action, item.workflow, item.service.state) == ("add", "staged", "designed")
    assert item.runs.count() == 1
    order.refresh_from_db()
    assert order.promised_date is not None


def test_giving_up_a_service_tells_the_product_order(stage: Stage) -> None:
    def refuse(step: Context) -> Done:
        raise Invalid("no")

    order = make_order(items=0)
    cfs, _rfs = make_internet()
    cfs.workflow = "staged"
    cfs.save()
    wanted = make_item(order=order, offering=make_internet_offering(cfs))
    planned = services.plan_order(order_id=order.pk)
    assert planned is not None
    stage.run["b"] = refuse
    run = planned.items.get().runs.get()
    services.advance(run_id=run.pk)
    wanted.refresh_from_db()
    order.refresh_from_db()
    assert wanted.state == "held"
    assert order.jeopardy

    services.cancel_item(item=planned.items.get(), reason="cannot be built")
    services.compensate(run_id=run.pk)

    wanted.refresh_from_db()
    planned.refresh_from_db()
    assert (planned.state, wanted.state) == ("cancelled", "failed")


def test_dunning_orders_once_for_a_case(stage: Stage) -> None:
    service = make_service(product=True)
    case = uuid4()
    ask = {
        "products": [service.product],
        "workflow_name": "staged",
        "origin_kind": "dunning.suspend",
        "origin_id": case,
        "reason": "unpaid bill",
    }

    first = services.order_for_products(**ask)
    second = services.order_for_products(**ask)

    assert first is not None
    assert first == second
    assert first.items.count() == 1


def test_dunning_of_a_product_without_a_live_service_orders_nothing(stage: Stage) -> None:
    service = make_service(product=True, state="designed")

    assert (
        services.order_for_products(
            products=[service.product],
            workflow_name="staged",
            origin_kind="dunning.suspend",
            origin_id=uuid4(),
            reason="unpaid bill",
        )
        is None
    )


# -- orders without a product order


def test_a_partner_suspends_a_service() -> None:
    service = make_service()

    order = services.place_order(
        wishes=[Wish("modify", service=service, state="inactive")], external_id="P-1"
    )

    assert order.customer == service.customer
    assert order.items.get().workflow == "suspend"
    assert order.promised is not None


def test_an_item_that_changes_nothing_is_done_at_once() -> None:
    order = services.place_order(wishes=[Wish("no_change", service=make_service())])

    assert order.state == "completed"


def test_a_new_service_is_designed_and_its_work_begins(stage: Stage) -> None:
    customer = make_customer()

    order = services.place_order(
        wishes=[Wish("add", specification=make_spec(workflow="staged"))], customer=customer
    )

    item = order.items.get()
    assert (item.service.state, item.service.customer) == ("designed", customer)
    services.advance(run_id=item.runs.get().pk)
    order.refresh_from_db()
    assert order.state == "completed"


def test_wishes_that_make_no_sense_leave_nothing_behind() -> None:
    bought, suspended, planned = (
        make_service(product=True),
        make_service(state="suspended"),
        make_service(state="designed"),
    )
    for wish in (
        Wish("delete", service=bought),
        Wish("modify", service=suspended, state="inactive"),
        Wish("modify", service=bought, state="designed"),
        Wish("delete", service=planned),
        Wish("delete"),
    ):
        with pytest.raises(Invalid):
            services.place_order(wishes=[wish])
    with pytest.raises(Invalid):
        services.place_order(wishes=[Wish("no_change", service=bought), Wish("no_change", service=planned)])
    assert not ServiceOrder.objects.exists()
