"""Doors of products: what becomes of them by an order item, and pausing, resuming, ending."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from bss.orders.events import (
    ProductActivated,
    ProductChanged,
    ProductResumed,
    ProductSuspended,
    ProductTerminated,
)
from bss.orders.models import Product, ProductOrderItem, ProductPrice
from kernel import clock, lifecycle
from kernel.errors import Invalid

Action, Status = ProductOrderItem.Action, Product.Status
_DELIVERED = {Status.ACTIVE, Status.SUSPENDED, Status.PENDING_TERMINATE}


def begin(item: ProductOrderItem) -> None:
    """Work on an item starts: a new product is being delivered, one to be removed is being terminated."""
    product = _product(item)
    if item.action == Action.ADD and product.status == Status.CREATED:
        lifecycle.move(product, Status.PENDING_ACTIVE)
    elif item.action == Action.DELETE and product.status in {Status.ACTIVE, Status.SUSPENDED}:
        lifecycle.move(product, Status.PENDING_TERMINATE)


def finish(item: ProductOrderItem, *, at: datetime) -> None:
    """An item is done: its product becomes active, changed or terminated at `at`, and those who bill hear of it."""
    product = _product(item)
    if item.action == Action.ADD:
        _activate(product, item, at)
    elif item.action == Action.MODIFY:
        _modify(product, item, at)
    elif item.action == Action.DELETE and product.status in _DELIVERED:
        _terminate(product, at)


def give_up(item: ProductOrderItem, *, failed: bool) -> None:
    """An item comes to nothing: a new product is aborted or cancelled, one that was to go stays as it was."""
    product = _product(item)
    if item.action == Action.ADD and product.status in {Status.CREATED, Status.PENDING_ACTIVE}:
        lifecycle.move(product, Status.ABORTED if failed else Status.CANCELLED)
    elif item.action == Action.DELETE and product.status == Status.PENDING_TERMINATE:
        lifecycle.move(product, Status.SUSPENDED if product.suspended_at else Status.ACTIVE)


def suspend_product(*, product: Product, reason: str, at: datetime | None = None) -> Product:
    """The network has taken a product out of service. A bundle follows when all its members are suspended.

    Raises IllegalMove for a product that is not active, Invalid for a bundle: its members are what works.
    """
    _simple(product)
    at = at or clock.now()
    with transaction.atomic():
        lifecycle.move(
            product,
            Status.SUSPENDED,
            reason=reason,
            suspended_at=at,
            suspension_reason=reason,
            events_too=[ProductSuspended(product.pk, at, reason)],
        )
        _follow(product, at, reason)
    return product


def resume_product(*, product: Product, at: datetime | None = None) -> Product:
    """A suspended product works again, and the bundle it belongs to with it. Raises IllegalMove otherwise."""
    _simple(product)
    at = at or clock.now()
    if product.status != Status.SUSPENDED:
        raise Product.lifecycle.refuse(product.status, Status.ACTIVE)
    with transaction.atomic():
        _resume(product, at)
        _follow(product, at)
    return product


def terminate_product(*, product: Product, at: datetime | None = None) -> Product:
    """A product is gone from the network at `at`. A bundle ends with its last member.

    Raises IllegalMove for a product that is not delivered, Invalid for a bundle or an end before the start.
    """
    _simple(product)
    at = at or clock.now()
    if product.active_from is not None and at < product.active_from:
        raise Invalid(_("A product cannot end before it starts"), code="product.period")
    with transaction.atomic():
        _terminate(product, at)
        _follow(product, at)
    return product


def _product(item: ProductOrderItem) -> Product:
    product: Product = Product.objects.filter(pk=item.product_id).locked().get()
    return product


def _simple(product: Product) -> None:
    if product.members.exists():
        raise Invalid(_("A bundle follows its members: act on those"), code="product.bundle")


def _activate(product: Product, item: ProductOrderItem, at: datetime) -> None:
    lifecycle.move(
        product, Status.ACTIVE, active_from=at, events_too=[ProductActivated(product.pk, item.pk, at)]
    )


def _modify(product: Product, item: ProductOrderItem, at: datetime) -> None:
    """Agreed prices stay as they are unless the item brings others (another offer, or a renegotiated one)."""
    lifecycle.change(
        product,
        offering=item.offering,
        quantity=item.quantity,
        characteristics=item.characteristics,
        site=item.site or product.site,
        events_too=[ProductChanged(product.pk, item.pk, at)],
    )
    wanted = set(item.prices.values_list("pk", flat=True))
    held = set(product.prices.values_list("price_id", flat=True))
    if wanted and wanted != held:
        product.prices.exclude(price_id__in=wanted).delete()
        ProductPrice.objects.bulk_create(
            ProductPrice(product=product, price_id=price) for price in sorted(wanted - held)
        )


def _terminate(product: Product, at: datetime) -> None:
    lifecycle.move(
        product, Status.TERMINATED, terminated_at=at, events_too=[ProductTerminated(product.pk, at)]
    )


def _resume(product: Product, at: datetime) -> None:
    lifecycle.move(
        product,
        Status.ACTIVE,
        suspended_at=None,
        suspension_reason="",
        events_too=[ProductResumed(product.pk, at)],
    )


def _follow(product: Product, at: datetime, reason: str = "") -> None:
    """Let the bundle of a product follow: suspended or terminated with its last member, resumed with the first."""
    if product.parent_id is None:
        return
    bundle = Product.objects.filter(pk=product.parent_id).locked().get()
    alive = {
        member.status
        for member in bundle.members.all()
        if member.status not in {Status.TERMINATED, Status.CANCELLED, Status.ABORTED}
    }
    if not alive and bundle.status in _DELIVERED:
        _terminate(bundle, at)
    elif alive == {Status.SUSPENDED} and bundle.status == Status.ACTIVE:
        lifecycle.move(
            bundle,
            Status.SUSPENDED,
            suspended_at=at,
            suspension_reason=reason,
            events_too=[ProductSuspended(bundle.pk, at, reason)],
        )
    elif Status.ACTIVE in alive and bundle.status == Status.SUSPENDED:
        _resume(bundle, at)
