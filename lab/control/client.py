"""Asks a running lab, as `python -m lab ctl` does."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from typing import Any

SECONDS = 10.0


def ask(control: Mapping[str, Any], do: str, args: Sequence[str]) -> dict[str, Any]:
    """Send one command to the address of a state file's `control`; returns the whole reply. Raises OSError."""
    if control["kind"] == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        target: Any = control["path"]
    else:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        target = (control["host"], control["port"])
    with connection:
        connection.settimeout(SECONDS)
        connection.connect(target)
        connection.sendall(json.dumps({"id": 1, "do": do, "args": list(args)}).encode() + b"\n")
        with connection.makefile("r", encoding="utf-8") as replies:
            line = replies.readline()
    if not line:
        raise ConnectionError("the lab hung up")
    reply: dict[str, Any] = json.loads(line)
    return reply
