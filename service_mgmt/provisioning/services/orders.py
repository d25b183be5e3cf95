"""Service orders: made from product orders (or from dunning), rolled up from their items, reported to bss.orders."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from bss.orders import services as bss_orders
from bss.orders.models import Product, ProductOrder, ProductOrderItem
from kernel import clock, journal, lifecycle
from kernel.errors import DomainError
from kernel.periods import local_date
from service_mgmt.provisioning.models import ServiceOrder, ServiceOrderItem
from service_mgmt.provisioning.services.runs import start_run
from service_mgmt.provisioning.services.workflow import workflow
from service_mgmt.services import services as inventory
from service_mgmt.services.models import Service

State, Action = ServiceOrder.State, ServiceOrderItem.Action
# Workflow of a live service by what the product order asks.
BY_ACTION = {Action.MODIFY: "change_speed", Action.DELETE: "disconnect"}


def plan_order(*, order_id: UUID, at: datetime | None = None) -> ServiceOrder | None:
    """Decompose an accepted product order into a service order, plan its runs and promise a date.

    Safe to call twice: one service order a product order. None when nothing in it needs the network. An order that
    cannot be decomposed is reported back as failed, with the reason.
    """
    moment = at or clock.now()
    with transaction.atomic():
        # Whoever plans the same order at the same time waits here and then finds the other's work.
        order = ProductOrder.objects.locked().select_related("customer").get(pk=order_id)
        existing = ServiceOrder.objects.filter(product_order=order).first()
        if existing is not None:
            return existing
        items = (
            order.items.leaves().select_related("product__offering", "site", "order__customer").order_by("pk")
        )
        planned = [(item, _services(item)) for item in items]
        if not any(services for _item, services in planned):
            return None
        made = lifecycle.create(
            ServiceOrder(product_order=order, customer=order.customer, ordered=moment, description=str(order))
        )
        position = 0
        for item, services in planned:
            for service in services:
                position += 1
                lifecycle.create(_item(made, position, service, item))
        _promise(made, moment)
        _start_ready(made, moment)
    return made


def _services(item: ProductOrderItem) -> list[Service]:
    """Services that an item works on: designed now for `add`, found for the rest."""
    if item.action == Action.ADD:
        return inventory.design_services(
            product=item.product,
            customer=item.order.customer,
            site=item.site,
            characteristics=item.characteristics,
        )
    if item.action in BY_ACTION:
        return list(Service.objects.filter(product=item.product, kind="cfs").live())
    return []


def _item(order: ServiceOrder, position: int, service: Service, item: ProductOrderItem) -> ServiceOrderItem:
    return ServiceOrderItem(
        order=order,
        position=position,
        action=item.action,
        service=service,
        product_order_item=item,
        workflow=BY_ACTION.get(Action(item.action), service.specification.workflow or "new_service"),
    )


def order_for_products(
    *, products: Iterable[Product], workflow_name: str, origin_kind: str, origin_id: UUID, reason: str
) -> ServiceOrder | None:
    """A service order that no product order asked for (dunning): one workflow on every live service of the products.

    Safe to call twice: one service order an origin. None when the products have no live service.
    """
    existing = ServiceOrder.objects.filter(origin_kind=origin_kind, origin_id=origin_id).first()
    if existing is not None:
        return existing
    moment = clock.now()
    services = list(
        Service.objects.filter(product__in=products, kind="cfs").live().select_related("customer")
    )
    if not services:
        return None
    with transaction.atomic():
        order = lifecycle.create(
            ServiceOrder(
                customer=services[0].customer,
                ordered=moment,
                description=reason[:200],
                origin_kind=origin_kind,
                origin_id=origin_id,
            ),
            reason=reason,
        )
        for position, service in enumerate(services, start=1):
            lifecycle.create(
                ServiceOrderItem(
                    order=order,
                    position=position,
                    action=Action.MODIFY,
                    service=service,
                    workflow=workflow_name,
                )
            )
        _start_ready(order, moment)
    return order


def begin(*, order: ServiceOrder, at: datetime) -> None:
    """Promise a date and start what may start; items that change nothing are done at once."""
    _promise(order, at)
    idle = list(order.items.filter(action=Action.NO_CHANGE))
    for item in idle:
        item_started(item=item)
        item_finished(item=item, state=State.COMPLETED)
    _start_ready(order, at)
    order.refresh_from_db()


def _promise(order: ServiceOrder, at: datetime) -> None:
    """Promise the end of the longest run, at least the lead time that qualification named."""
    seconds = sum(
        step.seconds for item in order.items.exclude(workflow="") for step in workflow(item.workflow).steps
    )
    promised = at + timedelta(seconds=seconds, hours=1)
    lifecycle.change(order, promised=promised, verb="promised")
    if order.product_order is not None:
        bss_orders.promise(
            order=order.product_order, date=local_date(promised, order.product_order.account.time_zone)
        )


def _start_ready(order: ServiceOrder, at: datetime) -> None:
    for item in order.items.filter(state=State.ACKNOWLEDGED, runs=None):
        if not item.needs.exclude(state=State.COMPLETED).exists():
            start_run(item=item, at=at)


def item_started(*, item: ServiceOrderItem) -> None:
    """The first step of an item runs: the order and the product order are in progress."""
    _move_item(item, State.IN_PROGRESS)
    order = _locked(item.order_id)
    if order.state == State.ACKNOWLEDGED:
        lifecycle.move(order, State.IN_PROGRESS, started=clock.now())
    if item.product_order_item is not None:
        bss_orders.item_in_progress(item=item.product_order_item)


def item_held(*, item: ServiceOrderItem, reason: str) -> None:
    """A step fell out: the item waits for a person, and sales can see that the promise is at risk."""
    _move_item(item, State.HELD, reason)
    wanted = _open_product_item(item)
    if wanted is not None:
        bss_orders.pause_item(item=wanted, state=ProductOrderItem.State.HELD, reason=reason)
        bss_orders.flag_jeopardy(order=wanted.order, reason=reason)


def item_resumed(*, item: ServiceOrderItem) -> None:
    """Work goes on after a fallout; the promise is no longer at risk when nothing else of the order is held."""
    _move_item(item, State.IN_PROGRESS)
    wanted = _open_product_item(item)
    if wanted is not None:
        bss_orders.item_in_progress(item=wanted)
        if not wanted.order.items.filter(state=ProductOrderItem.State.HELD).exists():
            bss_orders.flag_jeopardy(order=wanted.order, reason="")


def _open_product_item(item: ServiceOrderItem) -> ProductOrderItem | None:
    """The product order item that waits for this one, unless it has reached its end already."""
    if item.product_order_item_id is None:
        return None
    found = ProductOrderItem.objects.select_related("order").get(pk=item.product_order_item_id)
    return None if ProductOrderItem.lifecycle.terminal(found.state) else found


def item_finished(*, item: ServiceOrderItem, state: str, reason: str = "") -> None:
    """An item has reached its end; those that waited for it start, and the order's state follows its items."""
    with transaction.atomic():
        if state == State.CANCELLED:
            _cancel_item(item, reason)
        else:
            _move_item(item, state, reason)
        order = _locked(item.order_id)
        if state == State.COMPLETED:
            _start_ready(order, clock.now())
        settle(order=order)


def _cancel_item(item: ServiceOrderItem, reason: str) -> None:
    """Cancelling goes through assessment (TMF641): the table has no shorter way once work has begun."""
    if item.state == State.HELD:
        _move_item(item, State.CANCELLED, reason)
        _tell_cancelled(item, reason)
        return
    if item.state == State.IN_PROGRESS:
        _move_item(item, State.ASSESSING_CANCELLATION, reason)
        _move_item(item, State.PENDING_CANCELLATION, reason)
    _move_item(item, State.CANCELLED, reason)
    _tell_cancelled(item, reason)


def _tell_cancelled(item: ServiceOrderItem, reason: str) -> None:
    """The product order learns of it: cancelled where it asked for that, else it cannot be delivered."""
    wanted = _open_product_item(item)
    if wanted is None:
        return
    states = ProductOrderItem.State
    if wanted.state == states.PENDING_CANCELLATION:
        bss_orders.cancel_item(item=wanted, reason=reason)
    elif wanted.state in {states.ACKNOWLEDGED, states.PENDING, states.HELD, states.IN_PROGRESS}:
        bss_orders.item_in_progress(item=wanted)
        bss_orders.fail_item(item=wanted, reason=reason or _("given up by the network"))


def settle(*, order: ServiceOrder) -> ServiceOrder:
    """Move the order to the state its items add up to; an order with open items stays where it is."""
    states = set(order.items.values_list("state", flat=True))
    if not all(ServiceOrder.lifecycle.terminal(state) for state in states):
        return order
    if states == {State.COMPLETED}:
        target = State.COMPLETED
    elif State.COMPLETED in states:
        target = State.PARTIAL
    elif states == {State.CANCELLED}:
        target = State.CANCELLED
    else:
        target = State.FAILED
    if order.state == target:
        return order
    if target == State.CANCELLED and order.state == State.IN_PROGRESS:
        lifecycle.move(order, State.ASSESSING_CANCELLATION)
        lifecycle.move(order, State.PENDING_CANCELLATION)
    return lifecycle.move(order, target, completed=clock.now())


def _move_item(item: ServiceOrderItem, state: str, reason: str = "") -> None:
    item.refresh_from_db(fields=["state", "version"])
    if item.state != state:
        lifecycle.move(item, state, reason=reason)


def _locked(order_id: UUID) -> ServiceOrder:
    # Items of one order finish in parallel; the roll-up must see all of them.
    return ServiceOrder.objects.locked().get(pk=order_id)


def report_failure(*, order_id: UUID, error: DomainError) -> None:
    """Tell bss.orders that an order could not even be planned."""
    with journal.acting(label="provisioning"):
        order = ProductOrder.objects.get(pk=order_id)
        for item in order.items.leaves():
            bss_orders.item_in_progress(item=item)
            bss_orders.fail_item(item=item, reason=_("cannot be designed: %(why)s") % {"why": error.message})
