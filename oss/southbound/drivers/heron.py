"""Heron NOS: modal lines in named configuration sessions, `commit timer`, confirmed from any connection."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from oss.southbound.drivers.base import (
    OURS,
    Busy,
    Driver,
    Hop,
    PingResult,
    PortTest,
    Refused,
    Timeout,
    Verification,
    differences,
    plain_text,
)
from oss.southbound.drivers.intents import AccessService, Intent, PortAdmin, SubscriberAccess, VoiceLine


class Heron(Driver):
    """Driver of Heron NOS over SSH. A bad line does not end its session: every reply is read for an error."""

    name = "heron"
    capabilities = frozenset(
        {
            "candidate",
            "confirm",
            "rollback",
            "ping",
            "trace",
            "test_port",
            "bounce",
            "reboot",
            "voice",
            "subscribers",
        }
    )
    prompt = re.compile(r"(?:^|\n)[\w.-]+(\(config[^)]*\))?# $")
    error = re.compile(r"^% .*$", re.MULTILINE)
    full_table = "% Session table full"

    def __init__(self, shell: Any, *, mark: str = "") -> None:
        super().__init__(shell, mark=mark)
        self.waiting: str | None = None

    def facts(self) -> dict[str, Any]:
        found = self.ask("show version | json")
        return {
            "host_name": found["hostName"],
            "vendor": found["vendor"],
            "model": found["model"],
            "version": found["version"],
            "serial": found["serial"],
            "uptime_s": found["uptimeSeconds"],
        }

    def snapshot(self) -> str:
        return self.command("show running-config")

    # -- configuration

    def render(self, intents: Sequence[Intent], *, remove: bool = False) -> str:
        return "\n".join(line for intent in intents for line in _lines(intent, remove=remove))

    def validate(self, candidate: str) -> None:
        self._load(candidate)
        try:
            self.command("validate")
        finally:
            self._abort()

    def diff(self, candidate: str) -> str:
        self._load(candidate)
        try:
            text = self.command("show session-config diffs")
        finally:
            self._abort()
        changed = any(line[:1] in {"+", "-"} for line in text.splitlines())
        return text.strip("\n") if changed else ""

    def apply(self, candidate: str, *, confirm_s: int | None = None) -> None:
        self._clear_the_way()
        name = self._load(candidate)
        try:
            if confirm_s is None:
                self.command("commit")
            else:
                minutes, seconds = divmod(confirm_s, 60)
                reply = self.command(f"commit timer {minutes // 60:02}:{minutes % 60:02}:{seconds:02}")
                # A commit that changes nothing waits for nothing.
                self.waiting = name if "waiting for confirmation" in reply else None
        except Refused:
            self._abort()
            raise
        if confirm_s is None:
            self._save()

    def confirm(self) -> None:
        name, mine = self._pending(), self.waiting
        self.waiting = None
        if mine is not None and name != mine:
            raise Timeout(
                _("The element took the change back before it was confirmed"), code="element.takenBack"
            )
        if name is not None and name.startswith(OURS):
            self.command(f"configure session {name} commit")
        self._save()

    def rollback(self) -> None:
        name, self.waiting = self._pending(), None
        if name is not None and name.startswith(OURS):
            self.command(f"configure session {name} abort")

    def settle(self) -> bool:
        waiting = self._pending()
        left = [name for name, row in self._sessions().items() if row["state"] in {"open", "pending"}]
        for name in left:
            if name.startswith(OURS):
                self.command(f"configure session {name} abort")
        return waiting is not None and waiting.startswith(OURS)

    def _clear_the_way(self) -> None:
        """No commit is taken while another waits: not over somebody else's, and a dead writer's is taken back."""
        waiting = self._pending()
        if waiting is None:
            return
        if not waiting.startswith(OURS):
            raise Busy(_("Session %(name)s waits for its confirmation") % {"name": waiting})
        self.rollback()

    def _sessions(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.ask("show configuration sessions | json")["sessions"]
        return found

    def _pending(self) -> str | None:
        return next((name for name, row in self._sessions().items() if row["state"] == "pending"), None)

    def _load(self, candidate: str) -> str:
        """A named session holding the lines; a refused line aborts all of it. Returns the session's name."""
        name = f"{self.mark}-{secrets.token_hex(3)}"
        self.command(f"configure session {name}")
        try:
            for line in candidate.splitlines():
                self.command(line)
        except Refused:
            self._abort()
            raise
        return name

    def _abort(self) -> None:
        self.quietly("abort")
        self.quietly("end")

    def _save(self) -> None:
        # Heron does not keep a commit over a reboot by itself.
        self.command("copy running-config startup-config")

    # -- state

    def verify(self, intents: Sequence[Intent], *, remove: bool = False) -> Verification:
        findings: list[str] = []
        state: dict[str, Any] = {}
        for intent in intents:
            found, what = self._found(intent), _name(intent)
            state[what] = found
            if remove:
                findings += [f"{what} is still there"] if found is not None else []
            else:
                findings += differences(_wanted(intent), found, what)
        return Verification(not findings, tuple(findings), state)

    def _found(self, intent: Intent) -> dict[str, Any] | None:
        found: dict[str, Any] | None
        if isinstance(intent, AccessService):
            found = self.ask(f"show services {intent.name} | json")["services"].get(intent.name)
        elif isinstance(intent, VoiceLine):
            found = self.ask(f"show voice lines {intent.number} | json")["lines"].get(intent.number)
        elif isinstance(intent, SubscriberAccess):
            found = self._subscriber(intent.name)
        else:
            found = self.ports().get(intent.port)
        return found

    def _subscriber(self, name: str) -> dict[str, Any]:
        lines = [line.strip() for line in self.snapshot().splitlines()]
        start = lines.index(f"subscriber {name}") if f"subscriber {name}" in lines else len(lines)
        return {
            "blocked": "blocked" in lines[start : start + 4],
            "sessions": len(self.subscriber_sessions(name)),
        }

    def counters(self, port: str) -> dict[str, int]:
        found = self.ask(f"show interfaces {port} counters | json")["interfaces"][port]
        return {
            "in_octets": found["inOctets"],
            "out_octets": found["outOctets"],
            "in_packets": found["inPackets"],
            "out_packets": found["outPackets"],
            "in_errors": found["inErrors"],
            "out_errors": found["outErrors"],
            "discards": found["inDiscards"] + found["outDiscards"],
        }

    def ports(self) -> dict[str, dict[str, Any]]:
        rows = self.ask("show interfaces status | json")["interfaces"]
        return {
            name: {"admin": row["admin"], "oper": row["oper"], "description": row["description"]}
            for name, row in rows.items()
        }

    def neighbours(self) -> list[dict[str, str]]:
        rows = self.ask("show lldp neighbors | json")["neighbors"]
        return [
            {"local_port": port, "neighbour": row["neighbor"], "neighbour_port": row["neighborPort"]}
            for port, row in rows.items()
        ]

    def ping(self, address: str, *, count: int = 3) -> PingResult:
        found = self.ask(f"ping {address} count {count} | json", seconds=10 + count)["ping"]
        return PingResult(found["sent"], found["received"])

    def trace(self, address: str) -> tuple[bool, list[Hop]]:
        found = self.ask(f"traceroute {address} | json", seconds=30)["traceroute"]
        return found["reached"], [Hop(hop["element"], hop["address"], hop["rttMs"]) for hop in found["hops"]]

    def health(self) -> dict[str, Any]:
        found = self.ask("show environment | json")
        return {
            "cpu_percent": found["cpuPercent"],
            "memory_percent": found["memoryPercent"],
            "temperature_celsius": found["temperatureCelsius"],
            "alarms": found["alarms"],
        }

    def test_port(self, port: str) -> PortTest:
        found = self.ask(f"test port {port} | json")["test"]
        return PortTest(found["result"], found)

    def bounce(self, port: str) -> None:
        self.command(f"clear interface {port}")

    def reboot(self) -> None:
        self.shell.send("reload", seconds=5)

    def subscriber_sessions(self, name: str) -> list[dict[str, Any]]:
        found = self.ask(f"show subscribers {name} | json")["subscribers"]
        return list(found.values())


def _lines(intent: Intent, *, remove: bool) -> list[str]:
    if isinstance(intent, AccessService):
        port = [f"interface {intent.port}", f"no service {intent.name}"]
        return port if remove else [*port, *_access(intent)]
    if isinstance(intent, VoiceLine):
        return [f"no voice line {intent.number}", *([] if remove else _voice(intent))]
    if isinstance(intent, SubscriberAccess):
        return [f"subscriber {intent.name}", "blocked" if intent.blocked and not remove else "no blocked"]
    off = not intent.enabled and not remove
    return [f"interface {intent.port}", "shutdown" if off else "no shutdown"]


def _voice(intent: VoiceLine) -> list[str]:
    lines = [f"voice line {intent.number}", f"channels {intent.channels}"]
    lines += [f"trunk {intent.trunk_name}"] if intent.trunk_name else []
    return [*lines, "blocked"] if intent.blocked else lines


def _access(intent: AccessService) -> list[str]:
    # The service was removed first, so that nothing of an earlier one stays; what is the same is no change.
    lines = [f"service {intent.name} vlan {intent.vlan}"]
    if text := plain_text(intent.description):
        lines.append(f"description {text}")
    lines += [f"rate-limit down {intent.down_kbps}", f"rate-limit up {intent.up_kbps}"]
    if intent.gateway:
        lines.append(f"ip address {intent.gateway}")
    if intent.subscriber:
        lines.append(f"subscriber {intent.subscriber}")
    return [*lines, "suspend"] if intent.blocked else lines


def _wanted(intent: Intent) -> dict[str, Any]:
    if isinstance(intent, AccessService):
        return {
            "port": intent.port,
            "vlan": intent.vlan,
            "description": plain_text(intent.description),
            "downKbps": intent.down_kbps,
            "upKbps": intent.up_kbps,
            "address": intent.gateway,
            "subscriber": intent.subscriber,
            "state": "suspended" if intent.blocked else "active",
        }
    if isinstance(intent, VoiceLine):
        state = "blocked" if intent.blocked else "enabled"
        return {"channels": intent.channels, "trunk": intent.trunk_name, "state": state}
    if isinstance(intent, SubscriberAccess):
        return {"blocked": intent.blocked} | ({"sessions": 0} if intent.blocked else {})
    return {"admin": "up" if intent.enabled else "down"}


def _name(intent: Intent) -> str:
    if isinstance(intent, VoiceLine):
        return f"voice line {intent.number}"
    if isinstance(intent, SubscriberAccess):
        return f"subscriber {intent.name}"
    return f"port {intent.port}" if isinstance(intent, PortAdmin) else f"service {intent.name}"
