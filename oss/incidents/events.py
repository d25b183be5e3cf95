"""What incidents tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.events import Event


@dataclass(frozen=True)
class IncidentOpened(Event):
    """Work on a disturbance began; `at` is when it began to disturb."""

    incident_id: UUID
    root_alarm_id: UUID | None
    element_id: UUID | None
    link_id: UUID | None
    at: datetime


@dataclass(frozen=True)
class IncidentScopeChanged(Event):
    """An open incident has another root or more alarms: what it affects is to be worked out again."""

    incident_id: UUID
    at: datetime


@dataclass(frozen=True)
class IncidentPriorityChanged(Event):
    """Impact or urgency changed what comes first."""

    incident_id: UUID
    before: str
    after: str
    at: datetime


@dataclass(frozen=True)
class IncidentUpdated(Event):
    """An update meant for customers was published."""

    incident_id: UUID
    entry_id: UUID
    eta: datetime | None
    at: datetime


@dataclass(frozen=True)
class IncidentMerged(Event):
    """An incident was found to be part of another."""

    incident_id: UUID
    into_id: UUID
    at: datetime


@dataclass(frozen=True)
class IncidentResolved(Event):
    """Service is back since `at`."""

    incident_id: UUID
    at: datetime


@dataclass(frozen=True)
class IncidentReopened(Event):
    """A resolved incident came back at `at`."""

    incident_id: UUID
    at: datetime
