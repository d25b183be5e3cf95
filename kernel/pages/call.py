"""What a door-calling function of a page gets, and the words in which it may refuse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """Who asks, for which row or rows, with what cleaned data, having seen which version."""

    user: Any
    data: dict[str, Any] = field(default_factory=dict)
    object: Any = None
    objects: Sequence[Any] = ()
    version: int | None = None


# Reason why something cannot be done now, "" when it can.
WhyNot = Callable[[Any, Any], Any]
# What else will change, as sentences.
Effects = Callable[[Any, Any], Sequence[Any]]
