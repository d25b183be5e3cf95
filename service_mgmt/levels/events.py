"""What service levels tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from kernel.events import Event


@dataclass(frozen=True)
class OutageBegan(Event):
    """An incident took services away: their clocks run. Ids are those of the incident and of its customers' services."""

    incident_id: UUID
    service_ids: tuple[UUID, ...]
    at: datetime


@dataclass(frozen=True)
class OutageEnded(Event):
    """The services of an incident work again."""

    incident_id: UUID
    service_ids: tuple[UUID, ...]
    at: datetime


@dataclass(frozen=True)
class SlaViolated(Event):
    """A month fell short of what was promised (TMF623 slaViolation)."""

    result_id: UUID
    agreement_id: UUID
    month: date
    at: datetime


@dataclass(frozen=True)
class SlaCredited(Event):
    """A credit became an adjustment of the customer's account."""

    proposal_id: UUID
    adjustment_id: UUID
    at: datetime
