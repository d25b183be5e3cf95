"""What monitoring tells: reachability, ports that changed, limits crossed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.events import Event


@dataclass(frozen=True)
class ReachabilityChanged(Event):
    """An element stopped answering, or answers again (damped)."""

    element_id: UUID
    reachable: bool
    at: datetime


@dataclass(frozen=True)
class ElementRestarted(Event):
    """An element's uptime began anew at `at`."""

    element_id: UUID
    at: datetime


@dataclass(frozen=True)
class PortOperChanged(Event):
    """A poll saw a port in another operational state than recorded."""

    port_id: UUID
    element_id: UUID
    state: str
    at: datetime


@dataclass(frozen=True)
class ThresholdCrossed(Event):
    """A metric has stayed beyond a limit; `value` and `limit` in the metric's unit (percent when of speed)."""

    threshold_id: UUID
    metric: str
    element_id: UUID
    port_id: UUID | None
    value: float
    limit: float
    severity: str
    at: datetime


@dataclass(frozen=True)
class ThresholdLeft(Event):
    """A metric is back on the good side of its clearing limit."""

    threshold_id: UUID
    metric: str
    element_id: UUID
    port_id: UUID | None
    value: float
    at: datetime
