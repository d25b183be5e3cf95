"""Charges follow products."""

from __future__ import annotations

from bss.billing import services
from bss.orders.events import (
    ProductActivated,
    ProductChanged,
    ProductResumed,
    ProductSuspended,
    ProductTerminated,
)


def start_charges(event: ProductActivated | ProductChanged | ProductResumed) -> None:
    """A product works, on new terms or again: its charges begin on that day."""
    services.start_charges(product_id=event.product_id, at=event.at)


def pause_charges(event: ProductSuspended) -> None:
    """A product is out of service on purpose: nothing is charged for it meanwhile."""
    services.pause_charges(product_id=event.product_id, at=event.at)


def stop_charges(event: ProductTerminated) -> None:
    """A product is gone: its charges end on that day."""
    services.stop_charges(product_id=event.product_id, at=event.at)


SUBSCRIBERS = {
    ProductActivated: [start_charges],
    ProductChanged: [start_charges],
    ProductResumed: [start_charges],
    ProductSuspended: [pause_charges],
    ProductTerminated: [stop_charges],
}
