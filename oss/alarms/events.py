"""What alarms tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.events import Event


@dataclass(frozen=True)
class AlarmRaised(Event):
    """A condition appeared (first sign of an alarm)."""

    alarm_id: UUID
    element_id: UUID | None
    port_id: UUID | None
    severity: str
    at: datetime


@dataclass(frozen=True)
class AlarmCleared(Event):
    """A condition is over; `at` is the time of the sign that says so."""

    alarm_id: UUID
    at: datetime


@dataclass(frozen=True)
class RootFound(Event):
    """Correlation decided that an alarm is a root; published once per root, with the symptoms known by then."""

    root_id: UUID
    symptom_ids: tuple[UUID, ...]
    element_id: UUID | None
    link_id: UUID | None
    at: datetime


@dataclass(frozen=True)
class SymptomsJoined(Event):
    """More symptoms of a root that was found before."""

    root_id: UUID
    symptom_ids: tuple[UUID, ...]
    at: datetime
