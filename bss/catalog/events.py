"""What others may hear of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from kernel.events import Event


@dataclass(frozen=True)
class OfferingLaunched(Event):
    """A revision of an offer went on sale."""

    offering_id: UUID
    code: str
    at: datetime


@dataclass(frozen=True)
class OfferingRetired(Event):
    """A revision is no longer sold; who has it keeps it."""

    offering_id: UUID
    code: str
    at: datetime


@dataclass(frozen=True)
class PriceSuperseded(Event):
    """From `day` on one sells at the new price; products sold before keep the old one."""

    price_id: UUID
    superseded_id: UUID
    day: date
