"""Typed readings of a configuration: what the rest of the lab acts upon."""

from __future__ import annotations

from dataclasses import dataclass

from lab.config.tree import Path, Tree


@dataclass(frozen=True)
class Service:
    """A customer service on a VLAN of a port; rates in kbit/s, texts empty where not configured."""

    port: str
    vlan: int
    name: str
    description: str
    down_kbps: int
    up_kbps: int
    address: str
    address6: str
    subscriber: str
    quality: str
    suspended: bool


@dataclass(frozen=True)
class VoiceLine:
    number: str
    channels: int
    trunk: str
    name: str
    blocked: bool


@dataclass(frozen=True)
class SubscriberRule:
    """What the BNG was told about one user; a rate of None leaves the service's own."""

    blocked: bool = False
    down_kbps: int | None = None
    up_kbps: int | None = None
    class_attribute: str | None = None


def _groups(tree: Tree, top: Path, depth: int) -> dict[Path, dict[Path, str]]:
    found: dict[Path, dict[Path, str]] = {}
    for path, value in tree.items():
        if path[: len(top)] == top and len(path) > depth:
            found.setdefault(path[:depth], {})[path[depth:]] = value
    return found


def services(tree: Tree) -> dict[tuple[str, int], Service]:
    """Customer services by port and VLAN."""
    found = {}
    for path, leaves in _groups(tree, ("interfaces",), 4).items():
        if path[2] != "unit":
            continue
        port, vlan = path[1], int(path[3])
        found[port, vlan] = Service(
            port=port,
            vlan=vlan,
            name=leaves.get(("service-name",), ""),
            description=leaves.get(("description",), ""),
            down_kbps=int(leaves.get(("rate-limit", "down"), "0")),
            up_kbps=int(leaves.get(("rate-limit", "up"), "0")),
            address=leaves.get(("address",), ""),
            address6=leaves.get(("address6",), ""),
            subscriber=leaves.get(("subscriber",), ""),
            quality=leaves.get(("class",), "best-effort"),
            suspended=("suspend",) in leaves,
        )
    return found


def voice_lines(tree: Tree) -> dict[str, VoiceLine]:
    """Voice lines by number."""
    return {
        path[2]: VoiceLine(
            number=path[2],
            channels=int(leaves.get(("channels",), "1")),
            trunk=leaves.get(("trunk",), ""),
            name=leaves.get(("name",), ""),
            blocked=("block",) in leaves,
        )
        for path, leaves in _groups(tree, ("voice", "line"), 3).items()
    }


def subscriber_rules(tree: Tree) -> dict[str, SubscriberRule]:
    """The BNG's own rules by user name."""

    def rate(leaves: dict[Path, str], direction: str) -> int | None:
        value = leaves.get(("rate-limit", direction))
        return None if value is None else int(value)

    return {
        path[1]: SubscriberRule(
            blocked=("block",) in leaves,
            down_kbps=rate(leaves, "down"),
            up_kbps=rate(leaves, "up"),
            class_attribute=leaves.get(("class-attribute",)),
        )
        for path, leaves in _groups(tree, ("subscribers",), 2).items()
    }
