"""An order that is not to be after all: cancelled, undone, amended."""

from __future__ import annotations

from datetime import date

import pytest

from bss.orders import services
from bss.orders.events import (
    OrderAmended,
    OrderCancelled,
)
from bss.orders.models import Product, ProductOrder, ProductOrderItem
from bss.orders.services import Line
from kernel.errors import IllegalMove, Invalid, StaleVersion
from tests.bss.orders.conftest import deliver, heard, make_bundle, place
from tests.factories.bss_customers import make_account, make_site
from tests.factories.bss_orders import make_product, make_sellable

pytestmark = pytest.mark.django_db


# ------------------------------------------------------------------------------------------------- cancelling


def test_what_nobody_has_begun_is_cancelled_at_once() -> None:
    order = place(Line(make_bundle(), options={"voice": 1}))

    services.cancel_order(order=order, reason="changed my mind")

    assert (order.state, order.cancellation_reason) == ("cancelled", "changed my mind")
    assert set(order.items.values_list("state", "product__status")) == {("cancelled", "cancelled")}
    assert len(heard(OrderCancelled)) == 1
    with pytest.raises(IllegalMove):
        services.cancel_order(order=order, reason="again")


def test_what_is_being_worked_on_is_undone_first() -> None:
    order = place(Line(make_sellable()), Line(make_sellable()))
    first, second = order.items.order_by("position")
    services.item_in_progress(item=first)

    services.cancel_order(order=order, reason="moved away")

    assert [item.state for item in order.items.order_by("position")] == ["pending_cancellation", "cancelled"]
    assert order.state == "pending_cancellation"
    services.cancel_order(order=order, reason="again")
    services.cancel_item(item=first)
    services.cancel_item(item=first)
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert len(heard(OrderCancelled)) == 1
    assert {second.product_id, first.product_id} == set(
        Product.objects.filter(status="cancelled").values_list("pk", flat=True)
    )


def test_past_the_point_of_no_return_nothing_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    order = place(Line(make_sellable()), Line(make_sellable()))
    first = order.items.get(position="1")
    services.item_in_progress(item=first)
    monkeypatch.setattr(
        services.POINT_OF_NO_RETURN,
        "_fillers",
        {"t": lambda item_id: "the fibre is spliced" if item_id == first.pk else None},
    )

    with pytest.raises(IllegalMove, match="1: the fibre is spliced") as refusal:
        services.cancel_order(order=order, reason="moved away")

    assert refusal.value.code == "order.cancel.pointOfNoReturn"
    assert list(order.items.order_by("position").values_list("state", flat=True)) == [
        "in_progress",
        "acknowledged",
    ]
    assert not heard(OrderCancelled)


def test_a_cancellation_that_came_too_late_goes_on() -> None:
    item = place(Line(make_sellable())).items.get()
    services.item_in_progress(item=item)
    services.cancel_order(order=item.order, reason="late")

    services.item_in_progress(item=item)

    assert (item.state, ProductOrder.objects.get().state) == ("in_progress", "in_progress")


def test_cancelling_a_removal_leaves_the_product_as_it_was() -> None:
    product = make_product()
    order = place(Line(action="delete", product=product), account=product.account)
    item = order.items.get()
    services.item_in_progress(item=item)
    assert Product.objects.get(pk=product.pk).status == "pending_terminate"

    services.cancel_order(order=order, reason="stays")
    services.cancel_item(item=item)

    assert Product.objects.get(pk=product.pk).status == "active"


# -------------------------------------------------------------------------------------------------- amending


def test_an_order_is_amended_before_work_begins() -> None:
    account = make_account()
    site = make_site(customer=account.customer)
    order = place(Line(make_sellable(), site=site), Line(make_sellable()), account=account)
    first, second = order.items.order_by("position")

    services.amend_order(
        order=order,
        version=order.version,
        requested_date=date(2026, 3, 1),
        change=[services.ItemChange(first, quantity=3)],
        remove=[second],
        add=[Line(make_sellable(code="extra"))],
    )

    assert order.requested_date == date(2026, 3, 1)
    assert list(order.items.order_by("position").values_list("position", "quantity", "state")) == [
        ("1", 3, "acknowledged"), ("2", 1, "cancelled"), ("3", 1, "acknowledged"),
    ]  # fmt: skip
    assert Product.objects.get(pk=first.product_id).quantity == 3
    (event,) = heard(OrderAmended)
    assert len(event["item_ids"]) == 3
    with pytest.raises(StaleVersion):
        services.amend_order(order=order, version=1, requested_date=date(2026, 4, 1))


def test_what_has_begun_is_not_amended() -> None:
    order = place(Line(make_sellable()))
    item = order.items.get()
    services.item_in_progress(item=item)

    with pytest.raises(Invalid, match="has begun"):
        services.amend_order(order=order, change=[services.ItemChange(item, quantity=2)])
    deliver(item)
    with pytest.raises(Invalid, match="no longer"):
        services.amend_order(order=order, requested_date=date(2026, 4, 1))


def test_what_others_depend_on_goes_with_them() -> None:
    order = place(Line(make_bundle(), options={"voice": 1}))
    access, voice = order.items.get(position="1.1"), order.items.get(position="1.2")

    with pytest.raises(Invalid, match=r"1\.2 depend"):
        services.amend_order(order=order, remove=[access])
    services.amend_order(order=order, remove=[voice])

    assert ProductOrderItem.objects.get(pk=voice.pk).state == "cancelled"
    assert ProductOrderItem.objects.get(pk=access.pk).state == "acknowledged"
