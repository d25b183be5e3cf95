"""Doors through which whoever delivers an order reports back."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from bss.orders.events import OrderPromised
from bss.orders.models import ProductOrder, ProductOrderItem
from bss.orders.models.order import State
from bss.orders.services import products, states
from kernel import clock, lifecycle
from kernel.errors import Invalid


def item_in_progress(*, item: ProductOrderItem, at: datetime | None = None) -> ProductOrderItem:
    """Work on an item starts, or goes on after a pause or a cancellation that came too late. Twice changes nothing.

    Raises IllegalMove for an item that is over, Invalid before the order is accepted or for the item of a bundle.
    """
    at = at or clock.now()
    with transaction.atomic():
        order = _order_of(item)
        if item.state != State.IN_PROGRESS:
            lifecycle.move(item, State.IN_PROGRESS, begun=item.begun or at)
            products.begin(item)
            states.settle(order, at=at)
    return item


def pause_item(
    *, item: ProductOrderItem, state: str, reason: str, at: datetime | None = None
) -> ProductOrderItem:
    """Work stops for a while: `pending` waits for somebody outside, `held` for us (fallout). Raises IllegalMove."""
    if state not in {State.PENDING, State.HELD}:
        raise Invalid(_("An item is paused as pending or held"), code="order.pause")
    at = at or clock.now()
    with transaction.atomic():
        order = _order_of(item, accepted=False)
        if item.state != state:
            lifecycle.move(item, state, reason=reason, explanation=reason[:300])
            states.settle(order, at=at, reason=reason)
    return item


def activate_item(*, item: ProductOrderItem, at: datetime | None = None) -> ProductOrderItem:
    """An item is delivered and proven: its product is active, changed or terminated from `at` on.

    Doing so twice changes nothing. Raises IllegalMove unless work was in progress.
    """
    at = at or clock.now()
    with transaction.atomic():
        order = _order_of(item)
        if item.state == State.COMPLETED:
            return item
        lifecycle.move(item, State.COMPLETED, completed=at, explanation="")
        products.finish(item, at=at)
        states.settle(order, at=at)
    return item


def fail_item(*, item: ProductOrderItem, reason: str, at: datetime | None = None) -> ProductOrderItem:
    """An item cannot be delivered, for good; a new product is aborted. Raises IllegalMove unless it was in progress."""
    at = at or clock.now()
    with transaction.atomic():
        order = _order_of(item)
        lifecycle.move(item, State.FAILED, reason=reason, explanation=reason[:300])
        products.give_up(item, failed=True)
        states.settle(order, at=at, reason=reason)
    return item


def promise(*, order: ProductOrder, date: date, at: datetime | None = None, reason: str = "") -> ProductOrder:
    """Tell the customer a day. Raises Invalid for an order that is over."""
    at = at or clock.now()
    with transaction.atomic():
        states.locked(order.pk)
        order.refresh_from_db()
        if not order.is_open:
            raise Invalid(_("This order is over"), code="order.promise")
        if order.promised_date != date:
            lifecycle.change(
                order, reason=reason, promised_date=date, events_too=[OrderPromised(order.pk, date, at)]
            )
    return order


def flag_jeopardy(*, order: ProductOrder, reason: str) -> ProductOrder:
    """Say why the promise is at risk; an empty reason takes the flag away."""
    with transaction.atomic():
        states.locked(order.pk)
        order.refresh_from_db()
        return lifecycle.change(order, jeopardy=reason[:200])


def _order_of(item: ProductOrderItem, *, accepted: bool = True) -> ProductOrder:
    """The locked order of an item, with the item read again behind the lock."""
    order = states.locked(item.order_id)
    item.refresh_from_db()
    if item.members.exists():
        raise Invalid(_("The item of a bundle follows its members"), code="order.bundle")
    if accepted and order.accepted is None:
        raise Invalid(_("This order is not accepted yet"), code="order.notAccepted")
    return order
