"""Heron NOS: modal lines in named configuration sessions, `commit timer`, confirmed from any connection."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any

from oss.southbound.drivers.base import (
    Driver,
    NotSupported,
    PingResult,
    PortTest,
    Refused,
    Verification,
    differences,
    plain_text,
)
from oss.southbound.drivers.intents import AccessService, Intent, PortAdmin, SubscriberAccess, VoiceLine


class Heron(Driver):
    """Driver of Heron NOS over SSH. A bad line does not end its session: every reply is read for an error."""

    name = "heron"
    capabilities = frozenset(
        {"candidate", "confirm", "rollback", "ping", "test_port", "bounce", "reboot", "voice"}
    )
    prompt = re.compile(r"(?:^|\n)[\w.-]+(\(config[^)]*\))?# $")
    error = re.compile(r"^% .*$", re.MULTILINE)
    full_table = "% Session table full"

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
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
        name = self._load(candidate)
        if confirm_s is None:
            self._commit("commit")
            self._save()
            return
        minutes, seconds = divmod(confirm_s, 60)
        self._commit(f"commit timer {minutes // 60:02}:{minutes % 60:02}:{seconds:02}")
        self.waiting = name

    def _commit(self, line: str) -> None:
        try:
            self.command(line)
        except Refused:
            self._abort()
            raise
        self.shell.send("end", seconds=5)

    def confirm(self) -> None:
        if (name := self.waiting or self._pending()) is not None:
            self.command(f"configure session {name} commit")
        self.waiting = None
        self._save()

    def rollback(self) -> None:
        if (name := self.waiting or self._pending()) is not None:
            self.command(f"configure session {name} abort")
        self.waiting = None

    def settle(self) -> bool:
        if self._pending() is None:
            return False
        self.rollback()
        return True

    def _pending(self) -> str | None:
        sessions = self.ask("show configuration sessions | json")["sessions"]
        return next((name for name, row in sessions.items() if row["state"] == "pending"), None)

    def _load(self, candidate: str) -> str:
        """A named session holding the lines; a refused line aborts all of it. Returns the session's name."""
        name = f"t{secrets.token_hex(4)}"
        self.command(f"configure session {name}")
        try:
            for line in candidate.splitlines():
                self.command(line)
        except Refused:
            self._abort()
            raise
        return name

    def _abort(self) -> None:
        self.shell.send("abort", seconds=5)
        self.shell.send("end", seconds=5)

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
        elif isinstance(intent, PortAdmin):
            found = self.ports().get(intent.port)
        else:
            raise NotSupported(f"{type(intent).__name__} is not supported by Heron NOS")
        return found

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
        port = f"interface {intent.port}"
        return [port, f"no service {intent.name}"] if remove else [port, *_access(intent)]
    if isinstance(intent, VoiceLine):
        if remove:
            return [f"no voice line {intent.number}"]
        lines = [f"voice line {intent.number}", f"channels {intent.channels}"]
        lines += [f"trunk {intent.trunk_name}"] if intent.trunk_name else []
        return [*lines, "blocked" if intent.blocked else "no blocked"]
    if isinstance(intent, PortAdmin):
        off = not intent.enabled and not remove
        return [f"interface {intent.port}", "shutdown" if off else "no shutdown"]
    raise NotSupported(f"{type(intent).__name__} is not supported by Heron NOS")


def _access(intent: AccessService) -> list[str]:
    lines = [f"service {intent.name} vlan {intent.vlan}"]
    if text := plain_text(intent.description):
        lines.append(f"description {text}")
    lines += [f"rate-limit down {intent.down_kbps}", f"rate-limit up {intent.up_kbps}"]
    if intent.gateway:
        lines.append(f"ip address {intent.gateway}")
    if intent.subscriber:
        lines.append(f"subscriber {intent.subscriber}")
    return [*lines, "suspend" if intent.blocked else "no suspend"]


def _wanted(intent: Intent) -> dict[str, Any]:
    if isinstance(intent, AccessService):
        wanted: dict[str, Any] = {
            "port": intent.port,
            "vlan": intent.vlan,
            "downKbps": intent.down_kbps,
            "upKbps": intent.up_kbps,
            "state": "suspended" if intent.blocked else "active",
        }
        return wanted | ({"subscriber": intent.subscriber} if intent.subscriber else {})
    if isinstance(intent, VoiceLine):
        return {"channels": intent.channels, "state": "blocked" if intent.blocked else "enabled"}
    return {"admin": "up" if isinstance(intent, PortAdmin) and intent.enabled else "down"}


def _name(intent: Intent) -> str:
    if isinstance(intent, VoiceLine):
        return f"voice line {intent.number}"
    if isinstance(intent, SubscriberAccess):
        return f"subscriber {intent.name}"
    return f"port {intent.port}" if isinstance(intent, PortAdmin) else f"service {intent.name}"
