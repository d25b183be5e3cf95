"""What usage tells others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.events import Event


@dataclass(frozen=True)
class UsageRated(Event):
    """A file has been worked off: so many records were rated."""

    file_id: UUID
    records: int
    at: datetime


@dataclass(frozen=True)
class AllowanceUsed(Event):
    """A bucket has passed a share (percent) of what is included."""

    bucket_id: UUID
    account_id: UUID
    percent: int
    at: datetime
