"""What others hear of orders and products. Provisioning and billing live on these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from kernel.events import Event


@dataclass(frozen=True)
class ProductOrderAccepted(Event):
    """We took an order on: work may begin."""

    order_id: UUID
    at: datetime


@dataclass(frozen=True)
class OrderAmended(Event):
    """Items of an accepted order were changed, added or taken out before work on them began."""

    order_id: UUID
    item_ids: tuple[UUID, ...]
    at: datetime


@dataclass(frozen=True)
class OrderCancelled(Event):
    """It is decided that an order, or some of its items, is not delivered.

    Items that nobody had begun are cancelled already; those in `pending_cancellation` wait for whoever began them to
    undo the work and answer with `cancel_item`.
    """

    order_id: UUID
    at: datetime


@dataclass(frozen=True)
class OrderPromised(Event):
    """The date we promise was set or moved."""

    order_id: UUID
    promised: date
    at: datetime


@dataclass(frozen=True)
class ProductActivated(Event):
    """A product is delivered: charges start at `at`."""

    product_id: UUID
    order_item_id: UUID
    at: datetime


@dataclass(frozen=True)
class ProductChanged(Event):
    """An active product has other characteristics, quantity or prices from `at` on."""

    product_id: UUID
    order_item_id: UUID
    at: datetime


@dataclass(frozen=True)
class ProductSuspended(Event):
    """A product is out of service on purpose."""

    product_id: UUID
    at: datetime
    reason: str


@dataclass(frozen=True)
class ProductResumed(Event):
    """A suspended product works again."""

    product_id: UUID
    at: datetime


@dataclass(frozen=True)
class ProductTerminated(Event):
    """A product is gone: charges end at `at`."""

    product_id: UUID
    at: datetime
