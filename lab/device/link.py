"""Links between ports."""

from __future__ import annotations

from dataclasses import dataclass

from lab.device.element import Element
from lab.device.port import Port
from lab.topology import LinkSpec


@dataclass
class Link:
    """A link between two ports."""

    spec: LinkSpec
    ends: tuple[tuple[Element, Port], tuple[Element, Port]]
    cut: bool = False

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def up(self) -> bool:
        return not self.cut and all(
            element.powered and port.admin_up and not port.bouncing for element, port in self.ends
        )

    def far_end(self, element: Element) -> tuple[Element, Port]:
        return self.ends[1] if self.ends[0][0] is element else self.ends[0]
