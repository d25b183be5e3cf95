"""The driver contract: snapshot, validate, diff, apply under a deadline, verify, confirm or roll back."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from django.utils.translation import gettext as _

from kernel.errors import Busy as KernelBusy
from kernel.errors import DomainError, Unreachable
from oss.southbound.drivers.intents import Intent

COMMAND_SECONDS = 15.0
# A data service that is configured and up, whose subscriber has not dialled in yet: right, and soon active.
NO_SESSION = "no-session"
TIDY_SECONDS = 5.0
OURS = "trunkline-"


class Refused(DomainError):
    """The element refused a line; nothing of the candidate was kept. `line` and `reply` are in `details`."""

    code = "element.refused"

    def __init__(self, line: str, reply: str) -> None:
        super().__init__(
            _("refused “%(line)s”: %(reply)s") % {"line": line, "reply": reply}, line=line, reply=reply
        )
        self.line, self.reply = line, reply


class NotSupported(DomainError):
    """The element has no such capability."""

    code = "element.notSupported"


class Timeout(Unreachable):
    """The element took a command and did not answer, or was not answered, in time; trying again is right."""

    code = "element.timeout"


class Busy(KernelBusy):
    """Somebody's commit waits for its confirmation on the element; trying again is right."""

    code = "element.busy"


@dataclass(frozen=True)
class Verification:
    """Whether running configuration and operational state agree with the intents; `findings` say where not."""

    ok: bool
    findings: tuple[str, ...] = ()
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PingResult:
    """Echo requests sent and answered."""

    sent: int
    received: int


@dataclass(frozen=True)
class PortTest:
    """Line test: result is ok, degraded or fault; `detail` has attenuation (dB), distance (m) and the fault's kind."""

    result: str
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Hop:
    """One step of a trace."""

    element: str
    address: str
    rtt_ms: float


class Shell(Protocol):
    """A line-oriented conversation: sends a line, returns what came back before the next prompt."""

    def send(self, line: str, *, seconds: float) -> str:
        """Raises Timeout, or Unreachable when the connection is lost."""

    def refused(self) -> None:
        """Told that the element refused the last line."""


class Driver(ABC):
    """What every vendor's element can be asked, over a shell. All methods raise Refused, Timeout or Unreachable."""

    name: ClassVar[str]
    capabilities: ClassVar[frozenset[str]] = frozenset()
    prompt: ClassVar[re.Pattern[str]]
    error: ClassVar[re.Pattern[str]]
    full_table: ClassVar[str]

    def __init__(self, shell: Shell, *, mark: str = "") -> None:
        self.shell = shell
        # Written into what we commit, so that a commit of ours is told from one of somebody else.
        self.mark = f"{OURS}{mark}".strip()

    def command(self, line: str, *, seconds: float = COMMAND_SECONDS) -> str:
        """Send one line; a reply with an error line is Refused, whatever else it says."""
        reply = self.shell.send(line, seconds=seconds)
        if (found := self.error.search(reply)) is not None:
            self.shell.refused()
            raise Refused(line, found.group(0).strip())
        return reply

    def quietly(self, line: str) -> None:
        """Send a line that only tidies up: what goes wrong here must not hide what went wrong before."""
        with suppress(Unreachable):
            self.shell.send(line, seconds=TIDY_SECONDS)

    def ask(self, line: str, *, seconds: float = COMMAND_SECONDS) -> dict[str, Any]:
        """Send a line that answers in JSON."""
        reply = self.command(line, seconds=seconds)
        try:
            answer: dict[str, Any] = json.loads(reply)
        except json.JSONDecodeError as error:
            raise Refused(line, reply[:200]) from error
        return answer

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Host name, vendor, model, version, serial, uptime in seconds."""

    @abstractmethod
    def snapshot(self) -> str:
        """Running configuration as text."""

    @abstractmethod
    def render(self, intents: Sequence[Intent], *, remove: bool = False) -> str:
        """Candidate lines that bring the intents about, or with `remove` take them off."""

    @abstractmethod
    def validate(self, candidate: str) -> None:
        """Ask the element whether it would take the candidate; leaves nothing behind."""

    @abstractmethod
    def diff(self, candidate: str) -> str:
        """What the candidate would change; empty when nothing."""

    @abstractmethod
    def apply(self, candidate: str, *, confirm_s: int | None = None) -> None:
        """Commit the candidate; with `confirm_s` the element takes it back by itself unless confirmed in time.

        A waiting commit that a dead writer of ours left is taken back first; one of somebody else is Busy.
        """

    @abstractmethod
    def confirm(self) -> None:
        """Make the waiting commit permanent, also over a reboot. Raises Timeout when it was taken back already."""

    @abstractmethod
    def rollback(self) -> None:
        """Take our waiting commit back now; nothing happens when none waits."""

    @abstractmethod
    def settle(self) -> bool:
        """Take back a waiting commit that a dead writer left; returns whether there was one."""

    @abstractmethod
    def verify(self, intents: Sequence[Intent], *, remove: bool = False) -> Verification:
        """Compare what the element shows with the intents (with `remove`: that it no longer shows them)."""

    @abstractmethod
    def counters(self, port: str) -> dict[str, int]:
        """Counters of a port: in_octets, out_octets, in_packets, out_packets, in_errors, out_errors, discards."""

    @abstractmethod
    def ports(self) -> dict[str, dict[str, Any]]:
        """Ports by name: admin and oper state (up, down), description."""

    @abstractmethod
    def neighbours(self) -> list[dict[str, str]]:
        """LLDP neighbours: local_port, neighbour, neighbour_port."""

    @abstractmethod
    def ping(self, address: str, *, count: int = 3) -> PingResult:
        """Echo from the element to an address."""

    @abstractmethod
    def trace(self, address: str) -> tuple[bool, list[Hop]]:
        """Whether an address is reached from the element, and the elements on the way."""

    @abstractmethod
    def health(self) -> dict[str, Any]:
        """cpu_percent, memory_percent, temperature_celsius, and alarms: kind, severity, text, since."""

    @abstractmethod
    def test_port(self, port: str) -> PortTest:
        """Line test of a port."""

    @abstractmethod
    def bounce(self, port: str) -> None:
        """Switch a port off and on again."""

    @abstractmethod
    def reboot(self) -> None:
        """Restart the element; the connection ends."""

    @abstractmethod
    def subscriber_sessions(self, name: str) -> list[dict[str, Any]]:
        """Sessions of a subscriber on a broadband gateway."""


def differences(wanted: dict[str, Any], found: dict[str, Any] | None, what: str) -> list[str]:
    """Findings where an element's answer lacks what is wanted; one finding when it does not know the thing at all."""
    if found is None:
        return [f"{what} is not there"]
    return [
        f"{what}: {name} is {found.get(name)!r}, not {value!r}"
        for name, value in wanted.items()
        if found.get(name) != value and (value, found.get(name)) != ("active", NO_SESSION)
    ]


def plain_text(text: str, limit: int = 200) -> str:
    """Free text as command lines take it: printable, one line, no quotes or backslashes."""
    kept = "".join(c if c.isprintable() and c not in '"\\' else " " for c in text)
    return " ".join(kept.split())[:limit].strip()
