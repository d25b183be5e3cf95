"""The running portal as a drill sees it: who runs, how to end them, how to catch them in the middle, and what must hold."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection, connections
from django.db.models import QuerySet

from bss.usage.models import UsageFile
from kernel import audit, clock
from kernel.errors import UNAVAILABLE
from kernel.models import Job, OutboxEvent
from portal.story import design, order, people, provision, use
from portal.story.lab import Lab
from portal.story.run import open_calendar
from portal.story.teller import Broken, Teller
from service_mgmt.provisioning.models import WorkflowRun

T = TypeVar("T")
CHAPTERS = (("design", design.tell), ("order", order.tell), ("provision", provision.tell))
# What is done within seconds of its cause; what waits longer after everything came to rest waits for nobody.
SETTLED = timedelta(seconds=10)


class Held:
    """A lock on a table that lets everybody read and nobody write."""

    def __init__(self, house: House, table: str) -> None:
        self.house, self.table = house, table
        self.own = connections.create_connection("default")
        self._lock()

    def _lock(self) -> None:
        with self.own.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f"LOCK TABLE {self.table} IN SHARE MODE")
            cursor.execute("SELECT pg_backend_pid()")
            self.holder: int = cursor.fetchone()[0]

    def wait_for_writer(self) -> None:
        """Until somebody stands before the table, in mid-transaction."""
        self.house.wait(f"somebody to write {self.table}", lambda: self._writers() or None)

    def let_one_pass(self) -> None:
        """Let the one who waits finish its transaction; whoever comes after it is kept again."""
        with self.own.cursor() as cursor:
            cursor.execute("COMMIT")
        self._lock()

    def _writers(self) -> int:
        # Not asked on our own connection: in a transaction the server goes on showing the activity it showed first.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))", [self.holder]
            )
            found: int = cursor.fetchone()[0]
            return found


def _none_left(rows: QuerySet[Any]) -> bool | None:
    return None if rows.exists() else True


class House:
    """All processes of a portal, played up to its first customers; the launcher starts again whoever falls."""

    def __init__(self, record: Path) -> None:
        self.record = record
        self.story = Teller(people.hire(), base_url=settings.PUBLIC_URL)
        self.started = clock.now()

    def open(self) -> None:
        """The chapters that every drill builds on; then ten days pass, so that there was time for calls."""
        self.story.wait("the lab", lambda: Path(settings.LAB_STATE).exists() or None)
        self.lab.listen()
        open_calendar(self.story)
        for name, chapter in CHAPTERS:
            assert self.story.tell(name, chapter), self.story.step.error
        self.started = clock.now()
        self.story.move_clock(self.started + timedelta(days=10))
        with self.story.as_("billing"):
            use.handed_in()

    @property
    def lab(self) -> Lab:
        """The lab's controls."""
        return Lab.here()

    def pid(self, name: str) -> int | None:
        """The process of that name as it runs now; None while it is down."""
        found: int | None = json.loads(self.record.read_text())["processes"][name]
        return found

    def signal(self, name: str, signum: int) -> int:
        """Signal a process and whatever it started; a server's own children are its business. Returns its id."""
        pid = self.wait(f"{name} to run", lambda: self.pid(name))
        if name in {"postgres", "valkey"}:
            os.kill(pid, signum)
        else:
            os.killpg(pid, signum)
        return pid

    def kill(self, name: str) -> int:
        """kill -9; returns the id of who was killed."""
        return self.signal(name, signal.SIGKILL)

    def wait_for_successor(self, name: str, killed: int) -> None:
        """Until somebody else runs in the place of the one who was killed."""
        self.wait(f"a new {name}", lambda: self.pid(name) not in {None, killed} or None)

    def wait(self, what: str, found: Callable[[], T | None], *, seconds: float = 90.0) -> T:
        """Ask until the answer is something, also across a restart of the database."""

        def ask() -> T | None:
            try:
                return found()
            except UNAVAILABLE:  # the database restarts: nothing can be asked
                connection.close()
                return None

        return self.story.wait(what, ask, seconds=seconds)

    @contextmanager
    def held(self, table: str) -> Iterator[Held]:
        """Keep everybody from writing a table, so that a writer is caught in the middle of its transaction."""
        hold = Held(self, table)
        try:
            yield hold
        finally:
            hold.own.close()

    def rest(self) -> None:
        """Until all that was set in motion has come to its end, or to a person who is asked."""
        for what, rows in (
            ("order", WorkflowRun.objects.filter(status__in=["pending", "running", "compensating"])),
            ("file", UsageFile.objects.filter(finished=None)),
            ("job", Job.objects.filter(status__in=[Job.Status.PENDING, Job.Status.RUNNING])),
            ("event", OutboxEvent.objects.filter(delivered=None, dead=False)),
        ):
            self.wait(f"every {what} to come to its end", partial(_none_left, rows), seconds=300)

    def check(self) -> None:
        """Nothing is lost, nothing is wrong, and nobody has given up on an event."""
        self.rest()
        assert list(OutboxEvent.objects.filter(dead=True).values_list("name", "error")) == []
        # What was moving a moment ago may still be on its way; what stays is wrong.
        found: list[str] = []
        try:
            self.wait("the checker to find nothing", lambda: not self._look(found) or None, seconds=45)
        except Broken:
            assert found == []

    def _look(self, found: list[str]) -> list[str]:
        found[:] = self.findings()
        return found

    def findings(self) -> list[str]:
        """What the checker finds."""
        return [str(finding) for finding in audit.findings(SETTLED)]

    def calls(self, path: Path, number: str, count: int, *, seed: int) -> dict[str, Any]:
        """A file of calls of a number in the days that have passed; returns what it holds."""
        first: datetime = self.started + timedelta(days=1)
        command = [sys.executable, "-m", "lab", "calls", "--count", str(count), "--seed", str(seed)]
        command += [
            "--from",
            first.date().isoformat(),
            "--days",
            "7",
            "--numbers",
            number,
            "--out",
            str(path),
        ]
        done = subprocess.run(command, check=True, cwd=settings.BASE_DIR, capture_output=True, text=True)
        summary: dict[str, Any] = json.loads(done.stdout)
        return summary
