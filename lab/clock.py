"""The lab's clock: one place to ask for the time, so that tests can turn the hands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Timer(Protocol):
    """Something that will happen later and can still be called off."""

    def cancel(self) -> None: ...


class Clock:
    """Wall time for what is written down, monotonic seconds for measuring, timers on the event loop."""

    def now(self) -> datetime:
        """Aware UTC time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        return time.monotonic()

    def call_later(self, seconds: float, action: Callable[[], object]) -> Timer:
        """Run `action` once, `seconds` from now."""
        return asyncio.get_running_loop().call_later(seconds, action)


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 to the second, as every JSON output writes times; nothing stays nothing."""
    return None if moment is None else moment.isoformat(timespec="seconds")
