"""What one poll of one element brings, and the rates between two of them. Pure: no database, no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

TICKS = 2**32  # sysUpTime wraps after 497 days (RFC 3418)
# Counter → its metric, its width in bits, and what turns it into the unit of the rate (octets into bits).
COUNTERS: Mapping[str, tuple[str, int, int]] = {
    "in_octets": ("port.in", 64, 8),
    "out_octets": ("port.out", 64, 8),
    "in_errors": ("port.in_errors", 32, 1),
    "out_errors": ("port.out_errors", 32, 1),
    "in_discards": ("port.in_discards", 32, 1),
    "out_discards": ("port.out_discards", 32, 1),
}
SMALLEST_FRAME_BITS = 84 * 8  # 64 octets with preamble and gap: no port counts more frames than that
HEADROOM = 1.1  # a port's speed is nominal and the two clocks are not one


@dataclass(frozen=True)
class Counters:
    """The counters of a port at one moment; `uptime` is the element's sysUpTime in hundredths of a second."""

    at: datetime
    uptime: int
    values: Mapping[str, int]


@dataclass(frozen=True)
class PortReading:
    """One port as the element tells it. `oper` is up, down or unknown; counters an element lacks are left out."""

    name: str
    if_index: int
    oper: str
    admin_up: bool = True
    counters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """One poll of one element: everything it said, or the error when it said nothing."""

    element_id: UUID
    at: datetime
    error: str = ""
    uptime: int = 0
    ports: tuple[PortReading, ...] = ()
    gauges: Mapping[str, float] = field(default_factory=dict)

    @property
    def answered(self) -> bool:
        """Whether the element answered at all."""
        return not self.error


@dataclass(frozen=True)
class Sample:
    """One value of one metric of one port, or of the element itself."""

    metric: str
    element_id: UUID
    port_id: UUID | None
    at: datetime
    value: float


def restarted(before: int, after: int, elapsed: timedelta) -> bool:
    """Whether an uptime that was `before` and is `after` began anew, rather than wrapped at 2³² hundredths."""
    return after < before and before + elapsed.total_seconds() * 100 < TICKS


def rates(before: Counters, after: Counters, *, speed_mbps: int, longest: timedelta) -> dict[str, float]:
    """Rates per second (bit/s for octets) between two readings, by metric.

    Empty across a restart, across a gap longer than `longest`, and backwards in time: a gap stays a gap. A counter
    that fell has wrapped if the rate that follows is possible at the port's speed (Mbit/s); else it was reset, and
    has no rate this time. A rate beyond what the port can carry is a fault of the agent and is left out too.
    """
    elapsed = after.at - before.at
    if not timedelta(0) < elapsed <= longest or restarted(before.uptime, after.uptime, elapsed):
        return {}
    found = {}
    for name, value in after.values.items():
        if name not in COUNTERS or name not in before.values:
            continue
        metric, bits, factor = COUNTERS[name]
        delta = value - before.values[name]
        rate = (delta if delta >= 0 else delta + 2**bits) * factor / elapsed.total_seconds()
        most = speed_mbps * 1e6 * HEADROOM / (1 if factor == 8 else SMALLEST_FRAME_BITS)
        if rate <= most:
            found[metric] = rate
    return found
