"""Events of provisioning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.events import Event


@dataclass(frozen=True)
class ServiceActivated(Event):
    """A customer-facing service works, proven on its elements."""

    service_id: UUID
    product_id: UUID
    at: datetime


@dataclass(frozen=True)
class ServiceBlocked(Event):
    """A service was suspended on its elements, proven; `origin_id` is the dunning case that asked, if one did."""

    service_id: UUID
    product_id: UUID
    origin_id: UUID | None
    at: datetime


@dataclass(frozen=True)
class ServiceRestored(Event):
    """A suspended service works again, proven."""

    service_id: UUID
    product_id: UUID
    origin_id: UUID | None
    at: datetime
