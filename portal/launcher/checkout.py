"""The checkout and the places in it; and the lock that says which launcher uses its servers."""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from portal.launcher.console import LauncherError


@dataclass(frozen=True)
class Checkout:
    """One working copy of the project."""

    root: Path
    other_var: Path | None = None  # for runs whose data are thrown away

    @property
    def var(self) -> Path:
        """Everything that is made at run time."""
        return self.other_var or self.root / "var"

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The interpreter of the virtual environment."""
        return self.venv / "bin" / "python"

    @property
    def key(self) -> str:
        """Short name of this working copy, for places outside it that are shared with others."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:10]

    def prepare(self) -> None:
        """Make the run-time folders."""
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LauncherError(
                f"cannot write below {self.root}: {error.strerror}", "Use a checkout you own."
            ) from error

    def secret(self, name: str) -> str:
        """A secret made once and kept readable by its owner alone."""
        path = self.var / name
        try:
            return path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            self.prepare()
        value = secrets.token_urlsafe(50)
        write_private(path, value + "\n")
        return value


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 in one move, so that a reader sees the old or the new text and nobody else either."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


@contextmanager
def exclusive(path: Path, refusal: LauncherError | None) -> Iterator[IO[str]]:
    """Hold a lock file while the block runs; the kernel lets go of it however this process ends.

    With `refusal` a lock held by another process raises it; without, wait.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if refusal else 0))
        except BlockingIOError:
            raise refusal or LauncherError(f"{path} is in use") from None
        yield file


def is_held(path: Path) -> bool:
    """Whether another process holds the lock file."""
    try:
        with path.open("r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


class State:
    """`var/state.json`: ports that stay the same from start to start, and the addresses of what is running now."""

    def __init__(self, checkout: Checkout) -> None:
        self.path = checkout.var / "state.json"
        self.lock = checkout.var / "launcher.lock"

    def read(self) -> dict[str, object]:
        """What is recorded; a missing or broken file counts as nothing."""
        try:
            loaded = json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return loaded if isinstance(loaded, dict) else {}

    def update(self, **values: object) -> None:
        """Record values; None removes one."""
        merged = {key: value for key, value in {**self.read(), **values}.items() if value is not None}
        write_private(self.path, json.dumps(merged, indent=2, sort_keys=True) + "\n")

    def running(self) -> dict[str, object]:
        """The record, if the launcher that wrote it is alive; otherwise nothing."""
        return self.read() if is_held(self.lock) else {}
