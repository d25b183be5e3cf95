"""Checkouts to launch from: small folders that borrow this checkout's virtual environment."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.launcher.checkout import Checkout

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that the database's account can enter; pytest's own are private."""
    folder = Path(tempfile.mkdtemp(prefix="trunkline-launcher-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def checkout(reachable: Path) -> Checkout:
    """A checkout of its own with nothing in it but an environment."""
    return make_checkout(reachable / "checkout")


def make_checkout(root: Path) -> Checkout:
    root.mkdir(parents=True)
    (root / ".venv").symlink_to(ROOT / ".venv")
    made = Checkout(root)
    made.prepare()
    return made


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers of the tests themselves are not those that the launcher is to find."""
    for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_HOST", "EMAIL_PORT"):
        monkeypatch.delenv(name, raising=False)


def eventually(question: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether something that other processes bring about comes to be."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if question():
            return True
        time.sleep(0.05)
    return False
