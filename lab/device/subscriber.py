"""A subscriber's session on a BNG."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lab.device.element import Element, ServiceState


@dataclass
class SubscriberSession:
    """One session; octets are counted from where the service's meter stood at its start."""

    user: str
    session_id: str
    bng: Element
    element: Element
    state: ServiceState
    started_at: datetime
    started_mono: float
    base_in: int
    base_out: int
    class_attribute: str
    down_kbps: int | None = None  # limits given by a change of authorization
    up_kbps: int | None = None

    def octets(self, now: float) -> tuple[int, int]:
        """From and to the customer since the start."""
        reading = self.state.meter.read(now)
        return reading.in_octets - self.base_in, reading.out_octets - self.base_out

    @property
    def limits(self) -> tuple[int, int]:
        """kbit/s down and up: the narrowest of the access port, the BNG's rule and the last CoA."""
        service = self.state.service
        rule = self.bng.subscriber_rules.get(self.user)
        down = [service.down_kbps, rule.down_kbps if rule else None, self.down_kbps]
        up = [service.up_kbps, rule.up_kbps if rule else None, self.up_kbps]
        return min(rate for rate in down if rate is not None), min(rate for rate in up if rate is not None)
