"""Charges follow products."""

from __future__ import annotations

from bss.billing import services
from bss.orders.events import ProductActivated, ProductTerminated


def start_charges(event: ProductActivated) -> None:
    """A product works: its charges begin on that day."""
    services.start_charges(product_id=event.product_id, at=event.at)


def stop_charges(event: ProductTerminated) -> None:
    """A product is gone: its charges end on that day."""
    services.stop_charges(product_id=event.product_id, at=event.at)


SUBSCRIBERS = {ProductActivated: [start_charges], ProductTerminated: [stop_charges]}
