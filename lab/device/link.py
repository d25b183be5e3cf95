"""Links between ports."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lab.device.element import Element
from lab.device.port import Port
from lab.topology import LinkSpec


@dataclass
class Link:
    """A link between two ports.

    `latched`: the lasers switched themselves off when the light was lost (automatic laser shutdown, ITU-T G.664) and
    stay off after the repair until one end is switched off and on.
    """

    spec: LinkSpec
    ends: tuple[tuple[Element, Port], tuple[Element, Port]]
    cut: bool = False
    latched: bool = False

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def up(self) -> bool:
        return not (self.cut or self.latched) and all(
            element.powered and port.admin_up and not port.bouncing for element, port in self.ends
        )

    @property
    def length_m(self) -> int:
        """A link's length is its own for ever, so it is derived from its name."""
        return 400 + int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:2], "big") % 60_000

    def break_distance_m(self, element: Element) -> int:
        """Where the line is cut, seen from one end; both ends' distances add up to the length."""
        share = 20 + hashlib.sha256(self.name.encode()).digest()[2] % 60
        from_a = self.length_m * share // 100
        return from_a if self.ends[0][0] is element else self.length_m - from_a

    def far_end(self, element: Element) -> tuple[Element, Port]:
        return self.ends[1] if self.ends[0][0] is element else self.ends[0]
