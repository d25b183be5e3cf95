"""Kestrel OS: set-style configuration with a private candidate, `commit confirmed`, rollback by generation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from oss.southbound.drivers.base import (
    OURS,
    Busy,
    Driver,
    Hop,
    NotSupported,
    PingResult,
    PortTest,
    Refused,
    Timeout,
    Verification,
    differences,
    plain_text,
)
from oss.southbound.drivers.intents import AccessService, Intent, PortAdmin, SubscriberAccess, VoiceLine


class Kestrel(Driver):
    """Driver of Kestrel OS over SSH."""

    name = "kestrel"
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
    prompt = re.compile(r"(?:^|\n)[\w.-]+@[\w.-]+(>|#) $")
    error = re.compile(r"^error: .*$", re.MULTILINE)
    full_table = "error: session table full"

    def __init__(self, shell: Any, *, mark: str = "") -> None:
        super().__init__(shell, mark=mark)
        self.waiting = False

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
        self._clear_the_way()
        self._load(candidate)
        try:
            # Kestrel announces a roll-back even for a commit that changes nothing and so waits for nothing.
            if not self.command("show | compare").strip():
                return
            confirmed = "" if confirm_s is None else f" confirmed {confirm_s}"
            self.command(f'commit{confirmed} comment "{self.mark}"')
            self.waiting = confirm_s is not None
        finally:
            self._leave()

    def confirm(self) -> None:
        waiting = self._pending()
        if waiting is None and self.waiting:
            self.waiting = False
            raise Timeout(
                _("The element took the change back before it was confirmed"), code="element.takenBack"
            )
        self.waiting = False
        if waiting is None or not self._is_ours(waiting):
            return
        self.command("configure")
        try:
            self.command("commit")
        finally:
            self._leave()

    def rollback(self) -> None:
        waiting, self.waiting = self._pending(), False
        if waiting is None or not self._is_ours(waiting):
            return
        self.command("configure")
        try:
            self.command("rollback 1")
            self.command(f'commit comment "{self.mark} rollback"')
        finally:
            self._leave()

    def settle(self) -> bool:
        waiting = self._pending()
        if waiting is None or not self._is_ours(waiting):
            return False
        self.rollback()
        return True

    def _clear_the_way(self) -> None:
        """Any commit confirms one that waits: never somebody else's, and never the half-done one of a dead writer."""
        waiting = self._pending()
        if waiting is None:
            return
        if not self._is_ours(waiting):
            raise Busy(_("A commit of %(user)s waits for its confirmation") % {"user": waiting["user"]})
        self.rollback()

    def _pending(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.ask("show system commit | display json")["pending"]
        return found

    @staticmethod
    def _is_ours(waiting: dict[str, Any]) -> bool:
        return str(waiting["comment"]).startswith(OURS)

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
        self.quietly("exit")

    # -- state

    def verify(self, intents: Sequence[Intent], *, remove: bool = False) -> Verification:
        findings: list[str] = []
        state: dict[str, Any] = {}
        for intent in intents:
            found = self._found(intent)
            what = _name(intent)
            state[what] = found
            if remove and not isinstance(intent, SubscriberAccess):
                findings += [f"{what} is still there"] if found is not None else []
            elif remove:
                findings += differences({"blocked": False}, found, what)
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

    def trace(self, address: str) -> tuple[bool, list[Hop]]:
        found = self.ask(f"traceroute {address} | display json", seconds=30)["traceroute"]
        return found["reached"], [Hop(hop["element"], hop["address"], hop["rtt-ms"]) for hop in found["hops"]]

    def health(self) -> dict[str, Any]:
        found = self.ask("show chassis health | display json")
        return {
            "cpu_percent": found["cpu-percent"],
            "memory_percent": found["memory-percent"],
            "temperature_celsius": found["temperature-celsius"],
            "alarms": self.ask("show chassis alarms | display json")["alarms"],
        }

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
        lines = [f"delete {line}", f"set {line} channels {intent.channels}"]
        lines += [f"set {line} trunk {intent.trunk_name}"] if intent.trunk_name else []
        return [*lines, f"set {line} block"] if intent.blocked else lines
    if isinstance(intent, SubscriberAccess):
        blocked = intent.blocked and not remove
        return [f"{'set' if blocked else 'delete'} subscribers {intent.name} block"]
    if isinstance(intent, PortAdmin):
        off = not intent.enabled and not remove
        return [f"{'set' if off else 'delete'} interfaces {intent.port} disable"]
    raise NotSupported(f"{type(intent).__name__} is not supported by Kestrel OS")


def _access(unit: str, intent: AccessService) -> list[str]:
    # Deleted first, so that nothing of an earlier service stays; what is the same afterwards is no change.
    lines = [
        f"delete {unit}",
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
    return [*lines, f"set {unit} suspend"] if intent.blocked else lines


def _wanted(intent: Intent) -> dict[str, Any]:
    if isinstance(intent, AccessService):
        return {
            "port": intent.port,
            "vlan": intent.vlan,
            "description": plain_text(intent.description),
            "down-kbps": intent.down_kbps,
            "up-kbps": intent.up_kbps,
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
    if isinstance(intent, PortAdmin):
        return f"port {intent.port}"
    kind = "service" if isinstance(intent, AccessService) else "subscriber"
    return f"{kind} {intent.name}"
