"""The rules between statements, checked when a configuration is to be committed."""

from __future__ import annotations

from dataclasses import dataclass

from lab.config.schema import PortLimits, Schema
from lab.config.tree import Path, Tree


@dataclass(frozen=True)
class Problem:
    """Why a configuration cannot be committed: the statement's path and the reason."""

    path: Path
    why: str


def validate(tree: Tree, schema: Schema) -> list[Problem]:
    """Everything wrong with a configuration as a whole, in the order of its statements."""
    units: dict[Path, dict[Path, str]] = {}
    voice: dict[Path, set[str]] = {}
    for path, value in tree.leaves():
        if path[0] == "interfaces" and path[2] == "unit":
            units.setdefault(path[:4], {})[path[4:]] = value
        elif path[0] == "voice":
            voice.setdefault(path[:3], set()).add(path[3])
    problems = [
        Problem(line, "missing mandatory statement 'channels'")
        for line, words in voice.items()
        if "channels" not in words
    ]
    seen: dict[tuple[str, str], Path] = {}
    for unit, leaves in units.items():
        problems += [Problem(unit, why) for why in _unit_problems(schema.ports[unit[1]], leaves)]
        for word in ("service-name", "address", "address6", "subscriber"):
            if (used := leaves.get((word,))) is None:
                continue
            # two lengths of one address are still one address
            first = seen.setdefault((word, used.split("/")[0] if "address" in word else used), unit)
            if first != unit:
                problems.append(Problem(unit, f"{word} {used} is already used on {first[1]} unit {first[3]}"))
    return problems


def _unit_problems(port: PortLimits, leaves: dict[Path, str]) -> list[str]:
    problems = []
    if port.is_network:
        problems.append("no customer service on a network port")
    problems += [
        f"missing mandatory statement '{' '.join(word)}'"
        for word in (("service-name",), ("rate-limit", "down"), ("rate-limit", "up"))
        if word not in leaves
    ]
    for direction in ("down", "up"):
        rate = leaves.get(("rate-limit", direction))
        if rate is not None and int(rate) > port.speed_mbps * 1000:
            room = port.speed_mbps * 1000
            problems.append(f"rate-limit {direction} {rate} exceeds the port's {room} kbit/s")
    return problems
