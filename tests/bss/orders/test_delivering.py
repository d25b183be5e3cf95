"""An order at work: delivered, held, failed, promised."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from bss.orders import services
from bss.orders.events import (
    OrderPromised,
    ProductActivated,
    ProductChanged,
    ProductTerminated,
)
from bss.orders.models import Product, ProductOrder, ProductOrderItem
from bss.orders.models.order import OPEN, State
from bss.orders.services import Line
from kernel.errors import IllegalMove, Invalid
from tests.bss.orders.conftest import deliver, heard, make_bundle, place
from tests.factories.bss_catalog import (
    make_specification,
)
from tests.factories.bss_orders import make_item, make_order, make_product, make_sellable

pytestmark = pytest.mark.django_db


# -------------------------------------------------------------------------------------------------- delivering


def test_a_bundle_is_active_when_all_its_members_are(now: datetime) -> None:
    order = place(Line(make_bundle(), options={"voice": 1}))
    access, voice = order.items.get(position="1.1"), order.items.get(position="1.2")
    at = now + timedelta(days=3)

    deliver(access, at)
    root = order.items.select_related("product").get(position="1")
    assert (root.state, root.product.status) == ("in_progress", "pending_active")

    deliver(voice, at + timedelta(hours=1))
    root.refresh_from_db()
    root.product.refresh_from_db()
    order.refresh_from_db()
    assert (root.state, root.product.status, root.product.active_from) == (
        "completed", "active", at + timedelta(hours=1),
    )  # fmt: skip
    assert (order.state, order.completed) == ("completed", at + timedelta(hours=1))
    assert len(heard(ProductActivated)) == 3


def test_reporting_twice_changes_nothing() -> None:
    item = place(Line(make_sellable())).items.get()

    deliver(item)
    services.activate_item(item=ProductOrderItem.objects.get(pk=item.pk))

    assert len(heard(ProductActivated)) == 1


def test_what_fails_is_aborted_and_the_rest_is_delivered() -> None:
    order = place(Line(make_bundle(), options={"voice": 1}), Line(make_sellable()))
    access, voice, other = (order.items.get(position=position) for position in ("1.1", "1.2", "2"))
    deliver(access)
    services.item_in_progress(item=voice)
    services.fail_item(item=voice, reason="no gateway")
    deliver(other)

    order.refresh_from_db()
    states = dict(order.items.values_list("position", "product__status"))
    assert (order.state, order.items.get(position="1").state) == ("partial", "failed")
    assert states == {"1": "active", "1.1": "active", "1.2": "aborted", "2": "active"}
    assert ProductOrderItem.objects.get(pk=voice.pk).explanation == "no gateway"


def test_an_item_in_fallout_is_held_and_goes_on() -> None:
    item = place(Line(make_sellable())).items.get()
    services.item_in_progress(item=item)
    begun = item.begun

    services.pause_item(item=item, state="held", reason="element refused a line")
    assert (item.state, item.explanation) == ("held", "element refused a line")
    assert ProductOrder.objects.get().state == "held"
    services.item_in_progress(item=item)

    assert (ProductOrder.objects.get().state, item.begun) == ("in_progress", begun)
    with pytest.raises(Invalid):
        services.pause_item(item=item, state="completed", reason="x")


def test_changing_a_product_keeps_its_prices_unless_the_offer_changes(now: datetime) -> None:
    small = make_sellable(specification=make_specification(), characteristics={})
    large = make_sellable(specification=small.specification, characteristics={"downstream_mbps": 500})
    product = make_product(offering=small, characteristics={"downstream_mbps": 100})

    change = place(
        Line(action="modify", product=product, characteristics={"downstream_mbps": 200}),
        account=product.account,
    )
    deliver(change.items.get())
    product.refresh_from_db()
    assert product.characteristics == {"downstream_mbps": 200}
    assert {row.price.offering_id for row in product.prices.all()} == {small.pk}

    move = place(Line(large, action="modify", product=product), account=product.account)
    deliver(move.items.get())
    product.refresh_from_db()
    assert (product.offering, product.characteristics) == (large, {"downstream_mbps": 500})
    assert {row.price.offering_id for row in product.prices.all()} == {large.pk}
    assert len(heard(ProductChanged)) == 2


def test_removing_a_bundle_removes_its_members(now: datetime) -> None:
    order = place(Line(make_bundle(), options={"voice": 1}))
    for item in order.items.leaves():
        deliver(item, now)
    bundle = order.items.get(position="1").product

    end = place(Line(action="delete", product=bundle), account=bundle.account)
    members = list(end.items.leaves())
    assert len(members) == 2
    for item in members:
        deliver(item, now + timedelta(days=30))

    assert set(Product.objects.values_list("status", "terminated_at")) == {
        ("terminated", now + timedelta(days=30))
    }
    assert len(heard(ProductTerminated)) == 3


def test_a_product_is_worked_on_by_one_open_order() -> None:
    product = make_product()
    place(Line(action="modify", product=product, quantity=2), account=product.account)

    with pytest.raises(Invalid, match="open order"):
        place(Line(action="delete", product=product), account=product.account)


def test_keeping_a_product_completes_at_acceptance() -> None:
    product = make_product()

    order = place(Line(action="no_change", product=product), account=product.account)

    assert order.state == "completed"


def test_the_item_of_a_bundle_is_not_worked_on_itself() -> None:
    order = place(Line(make_bundle()))

    with pytest.raises(Invalid, match="follows its members"):
        services.item_in_progress(item=order.items.get(position="1"))


DOORS = {
    "in_progress": lambda item: services.item_in_progress(item=item),
    "pending": lambda item: services.pause_item(item=item, state="pending", reason="customer"),
    "held": lambda item: services.pause_item(item=item, state="held", reason="fallout"),
    "completed": lambda item: services.activate_item(item=item),
    "failed": lambda item: services.fail_item(item=item, reason="no"),
    "cancelled": lambda item: services.cancel_item(item=item),
}


# Reporting a state that is there already is harmless.
TWICE = {("in_progress",) * 2, ("pending",) * 2, ("held",) * 2, ("completed",) * 2, ("cancelled",) * 2}


@pytest.mark.parametrize("before", [state for state in State if state != State.PARTIAL])
@pytest.mark.parametrize("after", DOORS)
def test_item_states_pair_by_pair(before: str, after: str) -> None:
    item = make_item()
    ProductOrderItem.objects.filter(pk=item.pk).update(state=before)
    ProductOrder.objects.filter(pk=item.order_id).update(state=before)
    item.refresh_from_db()

    direct = after in ProductOrderItem.MOVES[State(before)] and (before, after) != (
        "assessing_cancellation",
        "cancelled",
    )
    if direct or (str(before), after) in TWICE:
        assert DOORS[after](item).state == after
        order = ProductOrder.objects.get(pk=item.order_id)
        assert order.state == after
        assert (order.completed is not None) == (direct and after not in OPEN)
    else:
        with pytest.raises(IllegalMove):
            DOORS[after](item)


# -------------------------------------------------------------------------------------------------- promising


def test_a_promise_is_told_once(now: datetime) -> None:
    order = make_order(requested_date=date(2026, 1, 20))

    for _index in range(2):
        services.promise(order=order, date=date(2026, 1, 25))
    services.flag_jeopardy(order=order, reason="no free port")

    assert [event["promised"] for event in heard(OrderPromised)] == ["2026-01-25"]
    assert list(ProductOrder.objects.in_jeopardy(now.date())) == [order]
    assert not ProductOrder.objects.in_jeopardy(now.date()).filter(pk=make_order().pk).exists()


def test_an_order_that_is_over_promises_nothing() -> None:
    order = make_order(state="completed")

    with pytest.raises(Invalid, match="over"):
        services.promise(order=order, date=date(2026, 2, 1))
