"""A port: its hardware, what hangs on it, and its state."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from lab.device.counters import Meter
from lab.topology import PortSpec

FAULTS = ("ok", "attenuation", "open", "short")


@dataclass(frozen=True)
class LineTest:
    """What a line test found: result is ok, degraded or fault; lengths in metres."""

    result: str
    fault: str | None
    attenuation_db: float
    length_m: int
    fault_distance_m: int | None


class Port:
    """State of one port. `oper_up` is decided by the network (lab/network.py), never here."""

    __slots__ = (
        "admin_up", "bouncing", "changed_at", "changed_mono", "cpe_power", "description", "line", "link",
        "meter", "noise", "oper_up", "plugged", "spec",
    )  # fmt: skip

    def __init__(self, spec: PortSpec, now: float) -> None:
        self.spec = spec
        self.description = ""
        self.admin_up = True
        self.oper_up = False
        self.bouncing = False
        self.plugged: bool | None = None  # customer's equipment; None: there if a service is configured
        self.cpe_power = True
        self.line = "ok"
        self.noise = 0.0  # input errors per second
        self.link: str | None = None  # name of the link that ends here
        self.meter = Meter(now)
        self.changed_at: datetime | None = None
        self.changed_mono = now

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def index(self) -> int:
        return self.spec.index

    @property
    def is_network(self) -> bool:
        return self.spec.kind == "network"

    def has_carrier(self, has_service: bool) -> bool:
        """Whether a customer's equipment makes the port come up."""
        attached = has_service if self.plugged is None else self.plugged
        return attached and self.cpe_power and self.line in ("ok", "attenuation")

    def clear_faults(self) -> None:
        self.plugged, self.cpe_power, self.line, self.noise, self.bouncing = None, True, "ok", 0.0, False

    def test_line(self, element: str) -> LineTest:
        """A line's length and loss are its own for ever, so they are derived from its name."""
        digest = hashlib.sha256(f"{element} {self.name}".encode()).digest()
        length = 150 + int.from_bytes(digest[:2], "big") % 4000
        loss = round(length * 0.004 + digest[2] % 10 / 10, 1)
        if self.line in ("open", "short"):
            return LineTest("fault", self.line, loss, length, length * (20 + digest[3] % 70) // 100)
        if self.line == "attenuation":
            return LineTest("degraded", "attenuation", round(loss + 24.0, 1), length, None)
        return LineTest("ok", None, loss, length, None)
