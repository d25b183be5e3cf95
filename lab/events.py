"""What happens on elements, and the ring that keeps the last of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Event:
    """Something an element noticed; `sent` says whether it had a way to tell anybody.

    Kinds: link-down, link-up, boot, power-loss, alarm, commit, confirmed, rollback, login, session-start,
    session-stop, accounting-lost, fault.
    """

    kind: str
    element: str
    at: datetime
    severity: str  # critical, major, minor, warning, error, notice, informational
    text: str
    port: str | None = None
    sent: bool = True
    data: dict[str, Any] = field(default_factory=dict)


class EventLog:
    """The last events in order, numbered from 1."""

    def __init__(self, keep: int = 2000) -> None:
        self._ring: deque[tuple[int, Event]] = deque(maxlen=keep)
        self._next = 1
        self.listeners: list[Callable[[Event], object]] = []

    def add(self, event: Event) -> None:
        self._ring.append((self._next, event))
        self._next += 1
        for listener in self.listeners:
            listener(event)

    def since(self, seq: int) -> dict[str, Any]:
        """Events numbered `seq` and later, and the number the next one will have."""
        rows = [
            {
                "seq": number,
                "at": event.at.isoformat(timespec="milliseconds"),
                "kind": event.kind,
                "element": event.element,
                "port": event.port,
                "sent": event.sent,
                "text": event.text,
            }
            for number, event in self._ring
            if number >= seq
        ]
        return {"next": self._next, "events": rows}
