import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal.launcher.checkout import Checkout, State, exclusive, is_held, write_private
from portal.launcher.console import LauncherError
from tests.launcher.conftest import ROOT

HOLD = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from portal.launcher.checkout import exclusive
with exclusive(Path({path!r}), None):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def state(tmp_path: Path) -> State:
    checkout = Checkout(tmp_path)
    checkout.prepare()
    return State(checkout)


def test_a_private_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    write_private(tmp_path / "secret", "text")

    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    first = checkout.secret("secret_key")

    assert checkout.secret("secret_key") == first
    assert len(first) >= 50
    assert checkout.secret("another") != first


def test_the_state_keeps_what_is_not_updated(state: State) -> None:
    state.update(postgres_port=20_001, url="http://127.0.0.1:8000")
    state.update(url=None, pid=5)

    assert state.read() == {"postgres_port": 20_001, "pid": 5}


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_broken_state_counts_as_none(state: State, text: str) -> None:
    state.path.write_text(text)

    assert state.read() == {}


def test_only_one_launcher_holds_the_lock_and_its_death_frees_it(state: State) -> None:
    script = HOLD.format(root=str(ROOT), path=str(state.lock))
    state.update(url="http://127.0.0.1:8000")
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"

        assert is_held(state.lock)
        assert state.running() == {"url": "http://127.0.0.1:8000"}
        with pytest.raises(LauncherError, match="in use"), exclusive(state.lock, LauncherError("in use")):
            pass

        other.kill()
        other.wait()

    assert not is_held(state.lock)
    assert state.running() == {}


def test_asking_for_a_lock_that_never_was_leaves_no_file(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "lock")
    assert not (tmp_path / "lock").exists()


def test_a_checkout_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")

    with pytest.raises(LauncherError, match="cannot write below"):
        Checkout(tmp_path).prepare()
