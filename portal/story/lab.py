"""The lab's controls, as a person at the bench would use them. The story is told on elements that can be broken."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from django.conf import settings

from kernel.errors import Unreachable


class Lab:
    """A running lab, found by its state file (docs/lab.md)."""

    def __init__(self, state_file: Path) -> None:
        self.state: dict[str, Any] = json.loads(state_file.read_text())

    @classmethod
    def here(cls) -> Lab:
        """The lab of this installation; raises Unreachable when LAB_STATE names none."""
        path = Path(settings.LAB_STATE)
        if not settings.LAB_STATE or not path.exists():
            raise Unreachable("no lab runs here: LAB_STATE names no state file", code="lab.absent")
        return cls(path)

    def listen(self) -> None:
        """Have the elements report to this installation's listeners."""
        self.ctl("sinks", "traps", settings.TRAP_LISTEN)
        self.ctl("sinks", "syslog", settings.SYSLOG_LISTEN)
        self.ctl("sinks", "radius", settings.RADIUS_LISTEN)
        drop = settings.USAGE_DROP_DIR / "voice-gateway"
        drop.mkdir(parents=True, exist_ok=True)
        self.ctl("sinks", "cdr", str(drop))

    def ctl(self, do: str, *args: str) -> Any:
        """One control command; raises Unreachable with the lab's own words when it refuses."""
        control = self.state["control"]
        family, address = (
            (socket.AF_UNIX, control["path"])
            if control["kind"] == "unix"
            else (socket.AF_INET, (control["host"], control["port"]))
        )
        with socket.socket(family, socket.SOCK_STREAM) as link:
            link.settimeout(15)
            link.connect(address)
            link.sendall(json.dumps({"id": 1, "do": do, "args": list(args)}).encode() + b"\n")
            reply = json.loads(link.makefile().readline())
        if not reply["ok"]:
            raise Unreachable(f"lab {do}: {reply['error']}", code="lab.refused")
        return reply["result"]
