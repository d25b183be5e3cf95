"""Runs chapters of the story, waits for the other processes, and keeps the account of what held."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from threading import Event
from typing import Any, TypeVar

from django.db import close_old_connections, connection

from kernel import clock, journal
from kernel.errors import UNAVAILABLE, DomainError
from kernel.models import User
from kernel.pages import url_of

T = TypeVar("T")
WAIT_SECONDS = 90.0
# In the order in which they are told (portal.story.run).
CHAPTERS = ("design", "order", "provision", "use", "break", "bill")


class Broken(Exception):
    """A check of the story did not hold."""


@dataclass
class Step:
    """One told step: what it made (`ids`, `links`) and what was found true (`checks`)."""

    name: str
    ok: bool = False
    seconds: float = 0.0
    ids: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    checks: dict[str, Any] = field(default_factory=dict)
    error: str = ""


class Teller:
    """What a chapter works with: people, the things made so far, checks and waits.

    `quiet` prints nothing; otherwise each step and each link is printed as it happens, on standard error so that
    standard output can carry JSON alone.
    """

    def __init__(
        self,
        people: dict[str, User],
        *,
        base_url: str,
        quiet: bool = False,
        pump: Callable[[], object] | None = None,
    ) -> None:
        self.people = people
        # Where no other processes run (tests), `pump` does a round of their work before every look.
        self.pump = pump
        self.base_url = base_url.rstrip("/")
        self.quiet = quiet
        self.things: dict[str, Any] = {}
        self.steps: list[Step] = []
        self.step = Step("prologue")
        # Called after every step, and again and again while waiting: the demo shows its progress with them.
        self.told: Callable[[Step], None] | None = None
        self.beat: Callable[[], None] | None = None

    @contextmanager
    def as_(self, role: str) -> Iterator[User]:
        """Act as the person of a role."""
        with journal.acting(self.people[role]):
            yield self.people[role]

    def tell(self, name: str, chapter: Callable[[Teller], None]) -> bool:
        """Run one chapter as a step; an error ends the step, never the account."""
        self.step = Step(name)
        self._print(f"\n{name}")
        started = time.monotonic()
        try:
            chapter(self)
            self.step.ok = True
        except (Broken, DomainError) as error:
            self.step.error = f"{getattr(error, 'code', 'check')}: {error}"
        self.step.seconds = round(time.monotonic() - started, 2)
        self.steps.append(self.step)
        self._print(
            f"  {'ok' if self.step.ok else 'FAILED: ' + self.step.error}  ({self.step.seconds:.1f} s)"
        )
        if self.told is not None:
            self.told(self.step)
        return self.step.ok

    def made(self, kind: str, thing: T) -> T:
        """Remember and show what came to be, with its page."""
        self.things[kind] = thing
        self.step.ids[kind] = str(getattr(thing, "number", None) or getattr(thing, "pk", thing))
        path = url_of(thing)
        if path:
            self.step.links[kind] = path
            self._print(f"  {kind}: {self.step.ids[kind]}  {self.base_url}{path}")
        else:
            self._print(f"  {kind}: {self.step.ids[kind]}")
        return thing

    def check(self, what: str, holds: bool, value: Any = None) -> None:
        """Record a fact; raises Broken when it does not hold."""
        self.step.checks[what] = value if value is not None else holds
        self._print(f"  {'✓' if holds else '✗'} {what}" + (f": {value}" if value is not None else ""))
        if not holds:
            raise Broken(f"{what} ({value})" if value is not None else what)

    def wait(self, what: str, found: Callable[[], T | None], *, seconds: float = WAIT_SECONDS) -> T:
        """Ask until the answer is something; raises Broken after `seconds`. Other processes do the work meanwhile."""
        pause, deadline = Event(), time.monotonic() + seconds
        while True:
            try:
                if self.pump is not None:
                    self.pump()
                else:
                    close_old_connections()
                if self.beat is not None:
                    self.beat()
                if (answer := found()) is not None and answer is not False:
                    return answer
            except UNAVAILABLE:
                # The database restarts: it is asked again, as everybody else does.
                connection.close()
            if time.monotonic() > deadline:
                raise Broken(f"waited {seconds:.0f} s for: {what}")
            pause.wait(0.2)

    def move_clock(self, instant: datetime) -> None:
        """Move the business clock of the whole installation; returns when every process tells the new time."""
        clock.move_to(instant)
        if self.pump is None:
            # Processes look at the clock's row once in CACHE_SECONDS: until then what they stamp is of before.
            Event().wait(2 * clock.CACHE_SECONDS)

    def account(self) -> dict[str, Any]:
        """The JSON of `./dev story --json`."""
        return {
            "ok": all(step.ok for step in self.steps),
            "seconds": round(sum(step.seconds for step in self.steps), 2),
            "steps": [asdict(step) for step in self.steps],
        }

    def _print(self, line: str) -> None:
        if not self.quiet:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
