"""What care tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.events import Event


@dataclass(frozen=True)
class TicketOpened(Event):
    """A ticket came to be; `story_id` is what brought it about, if it belongs to a story."""

    ticket_id: UUID
    customer_id: UUID | None
    product_id: UUID | None
    story_id: UUID | None
    at: datetime


@dataclass(frozen=True)
class TicketResolved(Event):
    """A ticket is solved, as we see it."""

    ticket_id: UUID
    at: datetime


@dataclass(frozen=True)
class TicketReopened(Event):
    """What was solved is not."""

    ticket_id: UUID
    at: datetime


@dataclass(frozen=True)
class NoticesWritten(Event):
    """Notices of a story wait to be sent, so many of them; others were not written or not to be sent."""

    story_id: UUID
    phase: str
    waiting: int
    suppressed: int
    at: datetime
