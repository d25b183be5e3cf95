"""Topology files: JSON in, checked dataclasses out (docs/lab.md, "Topology file")."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VENDORS = ("kestrel", "heron")
ROLES = ("core", "aggregation", "access", "voice-gateway", "bng")
BUILT_IN = Path(__file__).parent / "topologies" / "isp.json"


class TopologyError(ValueError):
    """The file does not describe a network."""


@dataclass(frozen=True)
class PortSpec:
    name: str
    index: int  # ifIndex, from 1
    speed_mbps: int
    kind: str  # network or customer


@dataclass(frozen=True)
class ElementSpec:
    """One element as the file describes it."""

    name: str
    vendor: str
    role: str
    model: str
    version: str
    serial: str
    site: str
    location: str
    address: str
    ports: tuple[PortSpec, ...]
    transit: bool
    config: tuple[str, ...] = ()


@dataclass(frozen=True)
class LinkSpec:
    name: str
    ends: tuple[tuple[str, str], tuple[str, str]]  # (element, port), twice


@dataclass(frozen=True)
class Defaults:
    """What an element does unless told otherwise."""

    load: float = 0.05  # share of its limit that a service carries
    boot_seconds: float = 2.0
    sessions: int = 8
    generations: int = 20
    community: str = "public"


@dataclass(frozen=True)
class RadiusSpec:
    secret: str = "lab-radius"
    interim_seconds: float = 300.0
    retry_seconds: float = 2.0
    tries: int = 4
    redial_seconds: float = 10.0


@dataclass(frozen=True)
class Topology:
    name: str
    noc: tuple[str, ...]
    elements: tuple[ElementSpec, ...]
    links: tuple[LinkSpec, ...]
    defaults: Defaults = field(default_factory=Defaults)
    radius: RadiusSpec = field(default_factory=RadiusSpec)


def load(path: Path) -> Topology:
    """Read and check a topology file; raises TopologyError naming what is wrong."""
    try:
        return parse(json.loads(path.read_text("utf-8")))
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise TopologyError(f"{path}: {error!r}") from error


def parse(raw: dict[str, Any]) -> Topology:
    """A topology from decoded JSON."""
    topology = Topology(
        name=raw["name"],
        noc=tuple(raw["noc"]),
        elements=tuple(_element(entry) for entry in raw["elements"]),
        links=tuple(
            LinkSpec(entry["name"], (tuple(entry["ends"][0]), tuple(entry["ends"][1])))
            for entry in raw["links"]
        ),
        defaults=Defaults(**raw.get("defaults", {})),
        radius=RadiusSpec(**raw.get("radius", {})),
    )
    _check(topology)
    return topology


def _element(entry: dict[str, Any]) -> ElementSpec:
    ports: list[PortSpec] = []
    for group in entry["ports"]:
        first = group.get("first", 0)
        for number in range(first, first + group["count"]):
            name = f"{group['prefix']}{number}"
            ports.append(PortSpec(name, len(ports) + 1, group["speed_mbps"], group["kind"]))
    return ElementSpec(
        **{key: entry[key] for key in ("name", "vendor", "role", "model", "version", "serial", "address")},
        site=entry.get("site", ""),
        location=entry.get("location", entry.get("site", "")),
        ports=tuple(ports),
        transit=entry.get("transit", entry["role"] in ("core", "aggregation")),
        config=tuple(entry.get("config", ())),
    )


def _check(topology: Topology) -> None:
    for what, names in (
        ("elements", [element.name for element in topology.elements]),
        ("links", [link.name for link in topology.links]),
        *(
            (f"ports of {element.name}", [port.name for port in element.ports])
            for element in topology.elements
        ),
    ):
        if len(set(names)) != len(names):
            raise TopologyError(f"two {what} share a name")
    for element in topology.elements:
        if element.vendor not in VENDORS or element.role not in ROLES:
            raise TopologyError(f"{element.name}: vendor {element.vendor!r}, role {element.role!r}")
    _check_ends(topology)


def _check_ends(topology: Topology) -> None:
    ports = {element.name: {port.name for port in element.ports} for element in topology.elements}
    if missing := [name for name in topology.noc if name not in ports]:
        raise TopologyError(f"noc: no element {missing[0]!r}")
    used: set[tuple[str, str]] = set()
    for link in topology.links:
        for end in link.ends:
            if end[1] not in ports.get(end[0], ()):
                raise TopologyError(f"link {link.name}: no port {end[0]} {end[1]}")
            if end in used:
                raise TopologyError(f"link {link.name}: port {end[0]} {end[1]} is taken")
            used.add(end)
