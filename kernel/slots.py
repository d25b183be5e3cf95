"""Slots: a lower layer names a place on its page or a small protocol, an upper layer fills it at start-up.

impact = Slot("oss_incidents.impact")            # lower layer
impact.fill(render_impact)                        # upper layer, in AppConfig.ready()
impact.call(incident)                             # lower layer: results of all fillers, in order of their names
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SLOTS: dict[str, Slot] = {}


class Slot:
    """A named place with any number of fillers."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._fillers: dict[str, Callable[..., Any]] = {}
        SLOTS[name] = self

    def fill(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Register a filler (idempotent by its qualified name); usable as a decorator."""
        self._fillers[f"{function.__module__}.{function.__qualname__}"] = function
        return function

    @property
    def filled(self) -> bool:
        """Whether anybody fills it."""
        return bool(self._fillers)

    def call(self, *args: Any, **kwargs: Any) -> list[Any]:
        """Results of every filler, None left out."""
        found = (self._fillers[name](*args, **kwargs) for name in sorted(self._fillers))
        return [result for result in found if result is not None]

    def one(self, *args: Any, **kwargs: Any) -> Any:
        """Result of the only filler; None when nobody filled the slot."""
        results = self.call(*args, **kwargs)
        return results[0] if results else None


def slot(name: str) -> Slot:
    """The slot of that name, made on first use."""
    return SLOTS.get(name) or Slot(name)
