"""Keeps processes running: reads their logs, restarts what crashes, stops everything in order."""

import os
import selectors
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from portal.launcher.checkout import Checkout
from portal.launcher.children import Child, Signals
from portal.launcher.console import RED, YELLOW, coloured, say
from portal.launcher.loglines import Throttle, is_alarming, terse
from portal.launcher.processes import Process, colour_of

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# A process that ran this long before it fell is taken as sound: its next restart is quick again.
SOUND_AFTER = 60.0
LARGEST_LOG = 20 * 1024 * 1024


@dataclass
class Supervised:
    """One process and its history."""

    process: Process
    child: Child
    log: Path
    colour: str
    pause: float = FIRST_PAUSE
    restart_at: float | None = None
    crashes: int = 0
    done: bool = False
    rest: bytes = b""
    last: list[str] = field(default_factory=list)
    throttle: Throttle = field(default_factory=Throttle)


class Supervisor:
    """Runs processes until it is interrupted. One thread: the kernel ties children to the thread that made them."""

    def __init__(
        self,
        checkout: Checkout,
        env: Mapping[str, str],
        logs: Path,
        *,
        verbose: bool = False,
        watch: Callable[[], None] | None = None,
    ) -> None:
        self.checkout = checkout
        self.env = env
        self.logs = logs
        self.verbose = verbose
        self.watch = watch  # looks after what was started elsewhere: the servers
        self.all: dict[str, Supervised] = {}
        self.selector = selectors.DefaultSelector()

    def start(self, processes: Iterable[Process]) -> None:
        """Start processes one after the other."""
        for process in processes:
            log = self.logs / f"{process.name}.log"
            _rotate(log)
            child = Child(process.program(self.checkout, self.env))
            entry = Supervised(process, child, log, colour_of(len(self.all)))
            self.all[process.name] = entry
            self._launch(entry)

    def run(self, *, until: Callable[[], bool] | None = None, seconds: float | None = None) -> bool:
        """Supervise until the question is answered with yes, or for some time, or for ever; whether it was yes."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while deadline is None or time.monotonic() < deadline:
            if until is not None and until():
                return True
            self.turn(0.2)
        return False

    def turn(self, seconds: float) -> None:
        """Read what there is to read, then look after the fallen."""
        for key, _ in self.selector.select(seconds):
            self._read(key.data)
        if self.watch is not None:
            self.watch()
        now = time.monotonic()
        for entry in self.all.values():
            if entry.restart_at is not None:
                if now >= entry.restart_at:
                    self._launch(entry)
            elif not entry.done and (code := entry.child.returncode()) is not None:
                self._fallen(entry, code)

    def stop(self) -> None:
        """Ask all to end, last started first; wait for them together; end what remains."""
        order = list(reversed(self.all.values()))
        for entry in order:
            entry.restart_at = None
            entry.child.signal()
        # Their last lines are read meanwhile: a process that writes into a full pipe would never end.
        while any(entry.child.returncode() is None for entry in order):
            for key, _ in self.selector.select(0.1):
                self._read(key.data)
            for entry in order:
                self._end_late(entry)
        for entry in order:
            # What a process started belongs to its group and goes with it.
            entry.child.kill()
            self._close(entry)

    def ended(self, name: str) -> bool:
        """Whether a process has ended and will not be started again."""
        return self.all[name].done

    def crashes(self, name: str) -> int:
        return self.all[name].crashes

    def last_lines(self, name: str) -> str:
        return "\n".join(self.all[name].last)

    def _launch(self, entry: Supervised) -> None:
        entry.restart_at = None
        entry.child = Child(entry.process.program(self.checkout, self.env))
        entry.child.start()
        process = entry.child.process
        if process is not None and process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
            self.selector.register(process.stdout, selectors.EVENT_READ, entry)

    def _read(self, entry: Supervised) -> bool:
        """Take what the process has written; whether there was anything."""
        stream = entry.child.process.stdout if entry.child.process else None
        if stream is None or stream.closed:
            return False
        try:
            data = os.read(stream.fileno(), 65536)
        except BlockingIOError:
            return False
        if not data:
            self._forget(stream)
            return False
        with entry.log.open("ab") as log:
            log.write(data)
        *lines, entry.rest = (entry.rest + data).split(b"\n")
        entry.rest = entry.rest[-65536:]
        for line in lines:
            self._show(entry, line.decode("utf-8", "replace").rstrip())
        return True

    def _show(self, entry: Supervised, line: str) -> None:
        entry.last = [*entry.last[-14:], terse(line)]
        wanted = self.verbose or entry.process.echo
        if not wanted and not (is_alarming(line) and entry.throttle.lets_through()):
            return
        name = coloured(f"{entry.process.name:>11}", entry.colour)
        if held := entry.throttle.take_held():
            say(f"{name} | … {held} more like this in {entry.log}")
        say(f"{name} | {terse(line)}")

    def _fallen(self, entry: Supervised, code: int) -> None:
        ran = time.monotonic() - entry.child.started
        entry.child.kill()  # children of a killed process would go on working beside its successor
        self._close(entry)
        if entry.process.once and code == 0:
            entry.done = True
            return
        entry.crashes += 1
        pause = FIRST_PAUSE if ran > SOUND_AFTER else entry.pause
        entry.pause = min(pause * 2, LONGEST_PAUSE)
        entry.restart_at = time.monotonic() + pause
        reason = f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
        again = f"again in {pause:.0f} s; log: {entry.log}"
        name = coloured(f"{entry.process.name:>11}", YELLOW)
        say(f"{name} | ended ({reason}), {again}")
        for line in [line for line in entry.last if line.strip()][-2:]:
            say(f"{name} |   {line}")

    def _end_late(self, entry: Supervised) -> None:
        if entry.child.returncode() is None and (self._late(entry) or Signals.hurried()):
            say(f"{coloured(f'{entry.process.name:>11}', RED)} | did not end in time and is killed")
            entry.child.kill()

    def _late(self, entry: Supervised) -> bool:
        asked = entry.child.asked
        return asked is not None and time.monotonic() - asked > entry.process.grace

    def _close(self, entry: Supervised) -> None:
        """Read the last words, which say why it ended, and forget the stream."""
        while self._read(entry):
            pass
        stream = entry.child.process.stdout if entry.child.process else None
        if stream is not None and not stream.closed:
            self._forget(stream)

    def _forget(self, stream: IO[bytes]) -> None:
        self.selector.unregister(stream)
        stream.close()


def _rotate(log: Path) -> None:
    """Keep one older log once it has grown large; a restart never loses the reason of the last crash."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
