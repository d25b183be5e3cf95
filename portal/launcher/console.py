"""Messages to the person at the terminal. All go to stderr: stdout belongs to the command that was asked for."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"
PROCESS_COLOURS = ("36", "35", "34", "32", "33", "96", "95", "94", "92")


class LauncherError(Exception):
    """Something the person can mend: what went wrong, then how to mend it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def coloured(text: str, code: str) -> str:
    """Text in a colour, when stderr is a terminal and NO_COLOR is not set."""
    if os.environ.get("NO_COLOR") or not sys.stderr.isatty():
        return text
    return f"\033[{code}m{text}\033[0m"


def say(text: str = "") -> None:
    """One line. A terminal that has gone must not keep the launcher from stopping what it started."""
    with suppress(OSError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def fail(error: LauncherError) -> None:
    """An error with its remedy."""
    say(f"{coloured('error:', RED)} {error.message}")
    if error.hint:
        say(f"       {error.hint}")


@contextmanager
def step(name: str) -> Iterator[None]:
    """A step with its time: `  environment  3.2 s`."""
    started = time.monotonic()
    outcome = coloured("failed", RED)
    try:
        yield
        outcome = ""
    finally:
        say(f"  {name:<28} {time.monotonic() - started:6.1f} s  {outcome}".rstrip())
