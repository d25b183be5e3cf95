"""Control commands: how they are declared, and what they use to find things."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab.control.server import ControlError
from lab.device.element import Element
from lab.device.link import Link
from lab.device.port import Port
from lab.world import World

Args = list[str]
Run = Callable[[World, Args], Any]


@dataclass(frozen=True)
class Control:
    """One command. In `usage`, WORD is required, [WORD] is not, and a last WORD… takes all the rest."""

    name: str
    usage: str
    help: str
    run: Run

    def check(self, args: list[str]) -> None:
        words = self.usage.split()
        least = sum(not word.startswith("[") for word in words)
        most = None if words and words[-1].endswith("…") else len(words)
        if len(args) < least or (most is not None and len(args) > most):
            raise ControlError(f"usage: {self.name} {self.usage}".rstrip())


COMMANDS: dict[str, Control] = {}


def control(name: str, usage: str = "") -> Callable[[Run], Run]:
    """Declare a command; its docstring is its help."""

    def keep(run: Run) -> Run:
        COMMANDS[name] = Control(name, usage, (run.__doc__ or "").strip(), run)
        return run

    return keep


def element_of(world: World, name: str) -> Element:
    if name not in world.network.elements:
        raise ControlError(f"no element '{name}'")
    return world.network.elements[name]


def port_of(element: Element, name: str) -> Port:
    if name not in element.ports:
        raise ControlError(f"no port '{name}' on {element.name}")
    return element.ports[name]


def customer_port(world: World, element: str, port: str) -> tuple[Element, Port]:
    found = element_of(world, element)
    at = port_of(found, port)
    if at.link:
        raise ControlError(f"{port} on {element} is the end of link {at.link}")
    return found, at


def link_of(world: World, name: str) -> Link:
    if name not in world.network.links:
        raise ControlError(f"no link '{name}'")
    return world.network.links[name]


def number_of(text: str, low: float = 0.0) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value < 1e18:
        raise ControlError(f"'{text}' is not a number from {low:g}")
    return value


def whole_of(text: str, low: int = 0) -> int:
    """Exact, however large: octets do not fit a float."""
    if not text.isdecimal() or not low <= int(text) < 1 << 64:
        raise ControlError(f"'{text}' is not a whole number from {low}")
    return int(text)


def one_of(text: str, *choices: str) -> str:
    if text not in choices:
        raise ControlError(f"'{text}' is not one of {', '.join(choices)}")
    return text
