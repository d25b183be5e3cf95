"""Kestrel OS: set-style configuration with a private candidate, `commit confirmed`, rollback by generation."""

from __future__ import annotations

import re
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


class Kestrel(Driver):
    """Driver of Kestrel OS over SSH."""

    name = "kestrel"
    capabilities = frozenset(
        {"candidate", "confirm", "rollback", "ping", "test_port", "bounce", "reboot", "voice"}
    )
    prompt = re.compile(r"(?:^|\n)admin@[\w.-]+(>|#) $")
    error = re.compile(r"^error: .*$", re.MULTILINE)
    full_table = "error: session table full"

    def facts(self) -> dict[str, Any]:
        found = self.ask("show version | display json")
        return {
            "host_name": found["host-name"],
            "vendor": found["vendor"],
            "model": found["model"],
            "version": found["version"],
            "serial": found["serial"],
            "uptime_s": found["uptime-seconds"],
        }

    def snapshot(self) -> str:
        return self.command("show configuration")

    # -- configuration

    def render(self, intents: Sequence[Intent], *, remove: bool = False) -> str:
        return "\n".join(line for intent in intents for line in _lines(intent, remove=remove))

    def validate(self, candidate: str) -> None:
        self._load(candidate)
        try:
            self.command("commit check")
        finally:
            self._leave()

    def diff(self, candidate: str) -> str:
        self._load(candidate)
        try:
            return self.command("show | compare").strip()
        finally:
            self._leave()

    def apply(self, candidate: str, *, confirm_s: int | None = None) -> None:
        self._load(candidate)
        try:
            self.command("commit" if confirm_s is None else f"commit confirmed {confirm_s}")
        finally:
            self._leave()

    def confirm(self) -> None:
        self.command("configure")
        try:
            self.command("commit")
        finally:
            self._leave()

    def rollback(self) -> None:
        self.command("configure")
        try:
            self.command("rollback 1")
            self.command("commit")
        finally:
            self._leave()

    def settle(self) -> bool:
        if self.ask("show system commit | display json")["pending"] is None:
            return False
        self.rollback()
        return True

    def _load(self, candidate: str) -> None:
        """A fresh private candidate holding the lines; a refused line drops all of it."""
        self.command("configure")
        try:
            for line in candidate.splitlines():
                self.command(line)
        except Refused:
            self._leave()
            raise

    def _leave(self) -> None:
        # Uncommitted edits are dropped with a warning; a warning is no error.
        self.shell.send("exit", seconds=5)

    # -- state

    def verify(self, intents: Sequence[Intent], *, remove: bool = False) -> Verification:
        findings: list[str] = []
        state: dict[str, Any] = {}
        for intent in intents:
            found = self._found(intent)
            what = _name(intent)
            state[what] = found
            if remove:
                findings += [f"{what} is still there"] if found is not None else []
            else:
                findings += differences(_wanted(intent), found, what)
        return Verification(not findings, tuple(findings), state)

    def _found(self, intent: Intent) -> dict[str, Any] | None:
        if isinstance(intent, AccessService):
            rows = self.ask(f"show services {intent.name} | display json")["services"]
            return next((row for row in rows if row["service-name"] == intent.name), None)
        if isinstance(intent, VoiceLine):
            rows = self.ask(f"show voice lines {intent.number} | display json")["lines"]
            return next((row for row in rows if row["number"] == intent.number), None)
        if isinstance(intent, SubscriberAccess):
            blocked = f"subscribers {intent.name} block" in self.snapshot()
            return {"blocked": blocked, "sessions": len(self.subscriber_sessions(intent.name))}
        return self.ports().get(intent.port)

    def counters(self, port: str) -> dict[str, int]:
        found = self.ask(f"show interfaces extensive {port} | display json")["interfaces"][0]
        return {
            "in_octets": found["input-bytes"],
            "out_octets": found["output-bytes"],
            "in_packets": found["input-packets"],
            "out_packets": found["output-packets"],
            "in_errors": found["input-errors"],
            "out_errors": found["output-errors"],
            "discards": found["input-drops"] + found["output-drops"],
        }

    def ports(self) -> dict[str, dict[str, Any]]:
        rows = self.ask("show interfaces terse | display json")["interfaces"]
        return {
            row["name"]: {"admin": row["admin"], "oper": row["oper"], "description": row["description"]}
            for row in rows
        }

    def neighbours(self) -> list[dict[str, str]]:
        rows = self.ask("show lldp neighbors | display json")["neighbors"]
        return [
            {"local_port": r["local-port"], "neighbour": r["neighbor"], "neighbour_port": r["neighbor-port"]}
            for r in rows
        ]

    def ping(self, address: str, *, count: int = 3) -> PingResult:
        found = self.ask(f"ping {address} count {count} | display json", seconds=10 + count)["ping"]
        return PingResult(found["sent"], found["received"])

    def test_port(self, port: str) -> PortTest:
        found = self.ask(f"test port {port} | display json")["test"]
        return PortTest(found["result"], found)

    def bounce(self, port: str) -> None:
        self.command(f"restart port {port}")

    def reboot(self) -> None:
        self.shell.send("request system reboot", seconds=5)

    def subscriber_sessions(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.ask(f"show subscribers {name} | display json")["subscribers"]
        return rows


def _lines(intent: Intent, *, remove: bool) -> list[str]:
    if isinstance(intent, AccessService):
        unit = f"interfaces {intent.port} unit {intent.vlan}"
        return [f"delete {unit}"] if remove else _access(unit, intent)
    if isinstance(intent, VoiceLine):
        line = f"voice line {intent.number}"
        if remove:
            return [f"delete {line}"]
        lines = [f"set {line} channels {intent.channels}"]
        lines += [f"set {line} trunk {intent.trunk_name}"] if intent.trunk_name else []
        return [*lines, f"{'set' if intent.blocked else 'delete'} {line} block"]
    if isinstance(intent, SubscriberAccess):
        blocked = intent.blocked and not remove
        return [f"{'set' if blocked else 'delete'} subscribers {intent.name} block"]
    if isinstance(intent, PortAdmin):
        off = not intent.enabled and not remove
        return [f"{'set' if off else 'delete'} interfaces {intent.port} disable"]
    raise NotSupported(f"{type(intent).__name__} is not supported by Kestrel OS")


def _access(unit: str, intent: AccessService) -> list[str]:
    lines = [
        f"set {unit} service-name {intent.name}",
        f"set {unit} rate-limit down {intent.down_kbps}",
        f"set {unit} rate-limit up {intent.up_kbps}",
    ]
    if text := plain_text(intent.description):
        lines.append(f'set {unit} description "{text}"')
    if intent.gateway:
        lines.append(f"set {unit} address {intent.gateway}")
    if intent.subscriber:
        lines.append(f"set {unit} subscriber {intent.subscriber}")
    return [*lines, f"{'set' if intent.blocked else 'delete'} {unit} suspend"]


def _wanted(intent: Intent) -> dict[str, Any]:
    if isinstance(intent, AccessService):
        wanted: dict[str, Any] = {
            "port": intent.port,
            "vlan": intent.vlan,
            "down-kbps": intent.down_kbps,
            "up-kbps": intent.up_kbps,
            "state": "suspended" if intent.blocked else "active",
        }
        return wanted | ({"subscriber": intent.subscriber} if intent.subscriber else {})
    if isinstance(intent, VoiceLine):
        return {"channels": intent.channels, "state": "blocked" if intent.blocked else "enabled"}
    if isinstance(intent, SubscriberAccess):
        return {"blocked": intent.blocked} | ({"sessions": 0} if intent.blocked else {})
    return {"admin": "up" if intent.enabled else "down"}


def _name(intent: Intent) -> str:
    if isinstance(intent, VoiceLine):
        return f"voice line {intent.number}"
    if isinstance(intent, PortAdmin):
        return f"port {intent.port}"
    kind = "service" if isinstance(intent, AccessService) else "subscriber"
    return f"{kind} {intent.name}"
