"""Two at the same door at the same time: one passes, the other is told."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connection

from bss.orders import services
from bss.orders.events import ProductActivated, ProductOrderAccepted
from bss.orders.models import Product, ProductOrder, ProductOrderItem
from bss.orders.services import Line
from kernel.errors import DomainError
from kernel.models import OutboxEvent
from tests.factories.bss_orders import make_order, make_product

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(door: Callable[[], object]) -> list[str]:
    """Call a door in two threads that start together; the refusals."""
    start, refusals = Barrier(2), []

    def run() -> None:
        try:
            start.wait(timeout=30)
            door()
        except DomainError as error:
            refusals.append(error.code)
        finally:
            connection.close()

    threads = [Thread(target=run) for _index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return refusals


def test_an_order_is_accepted_once_by_two() -> None:
    order = make_order(accepted=None)

    refusals = at_once(lambda: services.accept_order(order=ProductOrder.objects.get(pk=order.pk)))

    assert refusals == []
    assert OutboxEvent.objects.filter(name=ProductOrderAccepted.name).count() == 1


def test_one_of_two_orders_works_on_a_product() -> None:
    product = make_product()

    refusals = at_once(
        lambda: services.place_order(
            customer=product.customer, account=product.account, items=[Line(action="delete", product=product)]
        )
    )

    assert refusals == ["order.productBusy"]
    assert ProductOrder.objects.count() == 1


def test_two_members_finished_together_finish_their_order_once() -> None:
    order = make_order(items=2)
    items = list(order.items.order_by("position"))
    for item in items:
        services.item_in_progress(item=item)
    waiting = iter(items)

    refusals = at_once(lambda: services.activate_item(item=next(waiting)))

    assert refusals == []
    assert ProductOrder.objects.get().state == "completed"
    assert Product.objects.filter(status="active").count() == 2
    assert OutboxEvent.objects.filter(name=ProductActivated.name).count() == 2


def test_an_item_reported_twice_at_once_is_delivered_once() -> None:
    item = make_order().items.get()
    services.item_in_progress(item=item)

    refusals = at_once(lambda: services.activate_item(item=ProductOrderItem.objects.get(pk=item.pk)))

    assert refusals == []
    assert OutboxEvent.objects.filter(name=ProductActivated.name).count() == 1
