"""The state of an order, and of the item of a bundle, follows from the states of what it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from bss.orders.models import ProductOrder, ProductOrderItem
from bss.orders.models.order import OPEN, State
from bss.orders.services import products
from kernel import lifecycle

_CANCELLING = {State.ASSESSING_CANCELLATION, State.PENDING_CANCELLATION}


def derive(states: Collection[str]) -> State:
    """The state of the whole (TMF622 §4): what is still open decides while anything is, then how it ended.

    All completed, besides what was cancelled or rejected on the way = completed; some completed and some failed =
    partial. Raises ValueError for an empty order.
    """
    found = {State(state) for state in states}
    if not found:
        raise ValueError("an order has items")
    still_open = found & set(OPEN)
    return _of_open(found, still_open) if still_open else _of_ended(found)


def _of_open(found: set[State], still_open: set[State]) -> State:
    live = still_open - _CANCELLING
    if not live:
        assessing = State.ASSESSING_CANCELLATION in still_open
        return State.ASSESSING_CANCELLATION if assessing else State.PENDING_CANCELLATION
    begun = {State.IN_PROGRESS, State.COMPLETED, State.FAILED, State.PENDING_CANCELLATION}
    if found & begun:
        return State.IN_PROGRESS
    return next(state for state in (State.HELD, State.PENDING, State.ACKNOWLEDGED) if state in live)


def _of_ended(found: set[State]) -> State:
    if State.COMPLETED in found:
        return State.PARTIAL if State.FAILED in found else State.COMPLETED
    return next(state for state in (State.FAILED, State.CANCELLED, State.REJECTED) if state in found)


def locked(order_id: UUID) -> ProductOrder:
    """The order, locked: whoever moves an item of it takes this lock first, so that its state is worked out once."""
    order: ProductOrder = ProductOrder.objects.filter(pk=order_id).locked().get()
    return order


def settle(order: ProductOrder, *, at: datetime, reason: str = "") -> ProductOrder:
    """Bring bundles and the order itself in line with their items. The caller holds the order's lock."""
    items = list(order.items.select_related("product"))
    members: dict[object, list[ProductOrderItem]] = {}
    for item in items:
        if item.parent_id is not None:
            members.setdefault(item.parent_id, []).append(item)
    for item in items:
        if item.pk in members:
            _settle_bundle(item, members[item.pk], at)
    state = derive([item.state for item in items if item.pk not in members])
    if state != order.state:
        done: dict[str, Any] = {"completed": at} if state not in OPEN else {}
        lifecycle.move(order, state, reason=reason, **done)
    return order


def _settle_bundle(item: ProductOrderItem, members: Iterable[ProductOrderItem], at: datetime) -> None:
    """Move the item of a bundle, and its product with it: delivered when all is settled and something of it works."""
    state = derive([member.state for member in members])
    # An item is never partial: what was delivered works, and the item says that something of it failed.
    wanted = State.FAILED if state == State.PARTIAL else state
    if item.state == wanted:
        return
    marks: dict[str, Any] = {}
    if wanted == State.IN_PROGRESS and item.begun is None:
        marks["begun"] = at
    if wanted == State.COMPLETED:
        marks["completed"] = at
    lifecycle.move(item, wanted, cycle=ProductOrderItem.bundle_lifecycle, **marks)
    if state in {State.COMPLETED, State.PARTIAL}:
        products.finish(item, at=at)
    elif state in {State.FAILED, State.CANCELLED, State.REJECTED}:
        products.give_up(item, failed=state == State.FAILED)
    elif state == State.IN_PROGRESS:
        products.begin(item)
