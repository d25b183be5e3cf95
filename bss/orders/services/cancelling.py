"""Doors of cancelling: what nobody has begun is dropped at once, what is being worked on is undone first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from bss.orders.events import OrderCancelled
from bss.orders.models import ProductOrder, ProductOrderItem
from bss.orders.models.order import OPEN, State
from bss.orders.services import products, states
from kernel import clock, lifecycle
from kernel.errors import IllegalMove, Invalid
from kernel.slots import slot

# Filled by whoever works on items: item id → why it can no longer be cancelled, or None.
POINT_OF_NO_RETURN = slot("bss_orders.point_of_no_return")

_CANCELLING = {State.ASSESSING_CANCELLATION, State.PENDING_CANCELLATION}


def cancel_order(*, order: ProductOrder, reason: str, at: datetime | None = None) -> ProductOrder:
    """Cancel everything of an order that is still open.

    Raises IllegalMove for an order that is over, or with `code` order.cancel.pointOfNoReturn and every reason when an
    item can no longer be undone: then nothing is changed. Cancelling twice changes nothing.
    """
    at = at or clock.now()
    with transaction.atomic():
        states.locked(order.pk)
        order.refresh_from_db()
        if order.state not in OPEN:
            raise ProductOrder.lifecycle.refuse(order.state, State.CANCELLED)
        items = [
            item for item in order.items.leaves() if item.state in OPEN and item.state not in _CANCELLING
        ]
        if not items:
            return order
        lifecycle.change(order, cancellation_reason=reason[:200])
        drop(order, items, reason=reason, at=at)
        return states.settle(order, at=at, reason=reason)


def drop(order: ProductOrder, items: Sequence[ProductOrderItem], *, reason: str, at: datetime) -> None:
    """Start the cancelling of some items; the caller holds the order's lock and settles it afterwards.

    Naming a bundle means its members. What depends on a dropped item must be dropped with it: raises Invalid otherwise.
    """
    leaves = _leaves(order, items)
    ids = {item.pk for item in leaves}
    orphans = (
        order.items.filter(depends_on__in=ids, state__in=OPEN)
        .exclude(pk__in=ids)
        .exclude(state__in=_CANCELLING)
    )
    if names := sorted({item.position for item in orphans}):
        raise Invalid(
            _("Items %(names)s depend on it: cancel them as well") % {"names": ", ".join(names)},
            code="order.cancel.needed",
        )
    reasons = [
        f"{item.position}: {why}"
        for item in leaves
        if item.begun is not None
        for why in POINT_OF_NO_RETURN.call(item.pk)
        if why
    ]
    if reasons:
        raise IllegalMove("; ".join(reasons), code="order.cancel.pointOfNoReturn", reasons=reasons)
    for item in leaves:
        lifecycle.move(item, State.ASSESSING_CANCELLATION, reason=reason)
        if item.begun is None:
            _gone(item)
        else:
            lifecycle.move(item, State.PENDING_CANCELLATION)
    lifecycle.change(order, events_too=[OrderCancelled(order.pk, at)])


def cancel_item(*, item: ProductOrderItem, at: datetime | None = None, reason: str = "") -> ProductOrderItem:
    """Whoever worked on an item has undone it. Doing so twice changes nothing.

    Raises IllegalMove for an item whose cancellation nobody asked for.
    """
    at = at or clock.now()
    with transaction.atomic():
        order = states.locked(item.order_id)
        item.refresh_from_db()
        if item.state == State.CANCELLED:
            return item
        if item.state != State.PENDING_CANCELLATION:
            raise ProductOrderItem.lifecycle.refuse(item.state, State.CANCELLED)
        _gone(item)
        states.settle(order, at=at, reason=reason)
    return item


def _leaves(order: ProductOrder, items: Sequence[ProductOrderItem]) -> list[ProductOrderItem]:
    named = {item.pk for item in items}
    leaves = [item for item in order.items.leaves() if item.pk in named or item.parent_id in named]
    if closed := [item.position for item in leaves if item.state not in OPEN or item.state in _CANCELLING]:
        raise Invalid(
            _("Items %(names)s are over or being cancelled") % {"names": ", ".join(closed)},
            code="order.cancel.closed",
        )
    if not leaves:
        raise Invalid(_("Name items of this order"), code="order.cancel.items")
    return leaves


def _gone(item: ProductOrderItem) -> None:
    lifecycle.move(item, State.CANCELLED)
    products.give_up(item, failed=False)
