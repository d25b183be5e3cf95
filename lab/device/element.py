"""A network element: hardware, configuration, faults, and whether it answers at all."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lab.clock import Clock, Timer
from lab.config import view
from lab.config.schema import Schema
from lab.config.store import Candidate, ConfigStore
from lab.config.tree import Tree
from lab.config.view import Service, SubscriberRule, VoiceLine
from lab.device.counters import Meter
from lab.device.port import Port
from lab.topology import Defaults, ElementSpec


@dataclass
class ServiceState:
    """A configured service at work. `state` is active, suspended, port-down, isolated or no-session."""

    service: Service
    meter: Meter
    state: str = "port-down"


@dataclass
class Refusal:
    """Configuration lines to turn down, and how many more times."""

    pattern: re.Pattern[str]
    left: int


@dataclass
class Faults:
    """What was done to the element on purpose, beyond its ports."""

    hung: bool = False
    delay_ms: float = 0.0
    lose_confirm: bool = False
    drop_commit: str | None = None  # before or after it took effect
    sessions_full: bool = False
    refusals: list[Refusal] = field(default_factory=list)

    def refuses(self, line: str) -> bool:
        """Whether this configuration line is turned down, counting it."""
        for refusal in self.refusals:
            if refusal.pattern.search(line):
                refusal.left -= 1
                if refusal.left <= 0:
                    self.refusals.remove(refusal)
                return True
        return False


@dataclass(frozen=True)
class Alarm:
    kind: str
    severity: str
    text: str
    since: datetime


@dataclass(frozen=True)
class LogLine:
    at: datetime
    severity: str
    tag: str
    text: str


@dataclass
class CliSession:
    """Somebody logged in."""

    number: int
    user: str
    peer: str
    since: datetime
    mode: str = "operational"


@dataclass
class NamedSession:
    """A configuration session that outlives the connection; state is open, pending, completed or aborted."""

    name: str
    candidate: Candidate
    state: str = "open"


class Element:
    """One element. The network (lab/network.py) decides reachability and port states and sets them here."""

    def __init__(
        self,
        spec: ElementSpec,
        defaults: Defaults,
        clock: Clock,
        schema: Schema,
        initial: Tree,
        saved: Callable[[Tree], object],
    ) -> None:
        self.spec, self.defaults, self.clock = spec, defaults, clock
        now = clock.monotonic()
        self.ports = {port.name: Port(port, now) for port in spec.ports}
        self.services: dict[tuple[str, int], ServiceState] = {}
        self.addresses: dict[str, ServiceState] = {}  # customer gateways, IPv4 and IPv6
        self.voice_lines: dict[str, VoiceLine] = {}
        self.subscriber_rules: dict[str, SubscriberRule] = {}
        self.offered: dict[str, tuple[float, float]] = {}  # port → kbit/s down and up, where set by hand
        self.faults = Faults()
        self.alarms: dict[str, Alarm] = {}
        self.log: deque[LogLine] = deque(maxlen=200)
        self.sessions: dict[int, CliSession] = {}
        self._session_numbers = 0
        self.powered = True
        self.reachable = True  # joined to the noc
        self.upstream = True  # joined to a core element
        self.gate = asyncio.Event()  # set while the element answers
        self.boots = 1
        self.booted_at, self.booted_mono = clock.now(), now
        self.version = spec.version
        self.next_version: str | None = None
        self.boot_timer: Timer | None = None
        self.hang_timer: Timer | None = None
        self.config_lock: CliSession | None = None  # who keeps others out of configuration
        self.config_sessions: dict[str, NamedSession] = {}
        self.calls_in_use: Callable[[str], int] = lambda number: 0  # the voice gateway knows
        self.config_changed: Callable[[Element], object] = lambda element: None
        self.noted: Callable[[Element, str, str], object] = lambda element, kind, text: None
        self.schema = schema
        self.store = ConfigStore(
            self.schema,
            initial,
            clock,
            generations=defaults.generations,
            autosave=spec.vendor == "kestrel",
            applied=self._applied,
            saved=saved,
            noted=lambda kind, text: self.noted(self, kind, text),
        )
        self._read_config()

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def host_name(self) -> str:
        """The configured host name; prompts, sysName and syslog show it."""
        return self.store.running.get(("system", "host-name")) or self.name

    @property
    def location(self) -> str:
        return self.store.running.get(("system", "location")) or self.spec.location

    @property
    def contact(self) -> str:
        return self.store.running.get(("system", "contact")) or ""

    @property
    def community(self) -> str:
        """SNMP community, for requests and traps."""
        return self.store.running.get(("snmp", "community")) or self.defaults.community

    @property
    def answers(self) -> bool:
        """Whether anything sent to the element gets an answer, and anything it sends gets out."""
        return self.powered and self.reachable and not self.faults.hung

    @property
    def uptime(self) -> float:
        """Seconds since boot."""
        return self.clock.monotonic() - self.booted_mono

    def refresh_gate(self) -> None:
        """To be called after anything that `answers` looks at has changed."""
        if self.answers:
            self.gate.set()
        else:
            self.gate.clear()

    def open_session(self, user: str, peer: str) -> CliSession | None:
        """A place in the session table; None when it is full."""
        if self.faults.sessions_full or len(self.sessions) >= self.defaults.sessions:
            return None
        self._session_numbers += 1
        session = CliSession(self._session_numbers, user, peer, self.clock.now())
        self.sessions[session.number] = session
        return session

    def close_session(self, session: CliSession) -> None:
        self.sessions.pop(session.number, None)
        if self.config_lock is session:
            self.config_lock = None

    def hang(self, seconds: float | None) -> None:
        """Answer nothing, for a while or until `clear_faults`; traffic goes on."""
        self._cancel_hang()
        self.faults.hung = True
        self.refresh_gate()
        if seconds is not None:
            self.hang_timer = self.clock.call_later(seconds, self.wake)

    def wake(self) -> None:
        self._cancel_hang()
        self.faults.hung = False
        self.refresh_gate()

    def _cancel_hang(self) -> None:
        if self.hang_timer:
            self.hang_timer.cancel()
            self.hang_timer = None

    def clear_faults(self) -> None:
        """Whole again, ports included; power and links are the network's."""
        self.wake()
        self.faults = Faults()
        self.alarms.clear()
        self.offered.clear()
        for port in self.ports.values():
            port.clear_faults()

    def lose_power(self) -> None:
        """Everything in memory is gone; only the clock's timers must be told."""
        self.powered = False
        self.sessions.clear()
        self.config_sessions.clear()
        self.config_lock = None
        self.store.forget_pending()
        self.refresh_gate()

    def boot(self) -> None:
        """Start from the startup configuration, counters at zero."""
        self.boot_timer = None
        self.version = self.next_version or self.version
        self.next_version = None
        now = self.clock.monotonic()
        for port in self.ports.values():
            port.meter.clear(now)
            port.changed_mono, port.changed_at = now, None
        for state in self.services.values():
            state.meter.clear(now)
        self.store.reboot()
        self.boots += 1
        self.booted_at, self.booted_mono = self.clock.now(), now
        self.powered = True

    def service_by_name(self, name: str) -> ServiceState | None:
        return next((state for state in self.services.values() if state.service.name == name), None)

    def services_on(self, port: str) -> list[ServiceState]:
        return [state for (at, _), state in self.services.items() if at == port]

    def last_change(self, port: Port) -> datetime:
        """When a port last went up or down; the boot if never."""
        return port.changed_at or self.booted_at

    def deadline_in(self, seconds: float) -> datetime:
        return self.clock.now() + timedelta(seconds=seconds)

    def _applied(self, old: Tree, new: Tree) -> None:
        self._read_config()
        self.config_changed(self)

    def _read_config(self) -> None:
        running = self.store.running
        now = self.clock.monotonic()
        before = self.services
        self.services = {}
        for key, service in sorted(view.services(running).items()):
            state = before.get(key)
            if state is None or state.service.name != service.name:
                state = ServiceState(service, Meter(now))  # another customer's counters are not ours
            state.service = service
            self.services[key] = state
        self.addresses = {
            address.split("/")[0]: state
            for state in self.services.values()
            for address in (state.service.address, state.service.address6)
            if address
        }
        self.voice_lines = view.voice_lines(running)
        self.subscriber_rules = view.subscriber_rules(running)
        for port in self.ports.values():
            port.admin_up = ("interfaces", port.name, "disable") not in running
            port.description = running.get(("interfaces", port.name, "description")) or ""
