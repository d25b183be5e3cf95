"""The state file: all that an outside program must know to talk to a running lab."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lab.clock import iso
from lab.device.element import Element
from lab.doors import Doors
from lab.keep import write_atomically
from lab.notify import Sinks, show_address
from lab.world import World

FORMAT = 1


def show_sinks(sinks: Sinks) -> dict[str, str | None]:
    return {
        "traps": show_address(sinks.traps),
        "syslog": show_address(sinks.syslog),
        "radius": show_address(sinks.radius),
        "cdr_dir": sinks.cdr_dir,
    }


@dataclass(frozen=True)
class Whereabouts:
    """Where a lab can be found, beyond what it is."""

    topology: Path
    control: Mapping[str, Any]
    client_key: Path
    doors: Mapping[str, Doors]
    started_at: datetime


def describe(world: World, where: Whereabouts, running: bool) -> dict[str, Any]:
    """The whole file as data; docs/lab.md, "State file"."""
    return {
        "format": FORMAT,
        "running": running,
        "pid": os.getpid() if running else None,
        "lab": world.topology.name,
        "topology": str(where.topology.resolve()),
        "started_at": iso(where.started_at),
        "control": where.control,
        "sinks": show_sinks(world.sinks),
        "client_key": str(where.client_key.resolve()),
        "elements": {
            name: _element(element, where.doors[name], world.radius.secret)
            for name, element in world.network.elements.items()
        },
        "links": [
            {
                "name": link.name,
                "ends": [{"element": element.name, "port": port.name} for element, port in link.ends],
            }
            for link in world.network.links.values()
        ],
    }


def _element(element: Element, doors: Doors, secret: str) -> dict[str, Any]:
    spec = element.spec
    host_key = doors.credentials.host_key.export_public_key().decode().split()
    described: dict[str, Any] = {
        "vendor": spec.vendor,
        "role": spec.role,
        "model": spec.model,
        "version": element.version,
        "serial": spec.serial,
        "site": spec.site,
        "address": spec.address,
        "host": "127.0.0.1",
        **doors.ports,
        "username": doors.credentials.username,
        "password": doors.credentials.password,
        "host_key": " ".join(host_key[:2]),
        "community": element.community,
        "ports": [
            {"name": port.name, "index": port.index, "speed_mbps": port.speed_mbps, "kind": port.kind}
            for port in spec.ports
        ],
    }
    if spec.role == "bng":
        described["radius_secret"] = secret
    return described


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write the file, one element or link a line: readable, and quick for hundreds of them."""
    lines = []
    for key, value in state.items():
        if isinstance(value, dict) and key == "elements":
            rows = ",\n  ".join(f"{_json(name)}: {_json(row)}" for name, row in value.items())
            lines.append(f"{_json(key)}: {{\n  {rows}\n }}")
        elif isinstance(value, list):
            rows = ",\n  ".join(_json(row) for row in value)
            lines.append(f"{_json(key)}: [\n  {rows}\n ]")
        else:
            lines.append(f"{_json(key)}: {_json(value)}")
    write_atomically(path, "{\n " + ",\n ".join(lines) + "\n}\n")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def read_state(path: Path) -> dict[str, Any]:
    """The state file's content; raises OSError or ValueError when there is none to read."""
    state: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if state.get("format") != FORMAT:
        raise ValueError(f"{path} is not a state file of this lab")
    return state


def previous_elements(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """Elements of the run before, for their ports; empty when there was none."""
    try:
        elements: Mapping[str, Mapping[str, Any]] = read_state(path)["elements"]
    except (OSError, ValueError, KeyError):
        return {}
    return elements
