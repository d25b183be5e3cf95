"""What others may hear of customers, beside creation and changes of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.events import Event


@dataclass(frozen=True)
class CustomersMerged(Event):
    """One customer took over another: everything of `dropped_id` now belongs to `kept_id`."""

    kept_id: UUID
    dropped_id: UUID
    at: datetime
