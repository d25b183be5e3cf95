"""The commands themselves, as far as they go without the rest of the portal."""

import argparse
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from portal.launcher import checks, listeners, up
from portal.launcher.checkout import Checkout, State, exclusive
from portal.launcher.checks import Check
from portal.launcher.cli import main, parser
from portal.launcher.console import LauncherError
from portal.launcher.preparation import translations_stale
from portal.launcher.processes import table
from portal.launcher.testing import pytest_arguments
from tests.launcher.conftest import ROOT


def options(**changes: object) -> argparse.Namespace:
    return argparse.Namespace(**{**vars(parser().parse_args(["up"])), **changes})


def dev(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(ROOT / "dev"), *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_help_names_every_command_and_keeps_stdout_clean() -> None:
    done = dev("help")

    assert done.returncode == 0
    assert done.stdout == ""
    for command in ("up", "test", "check", "story", "bench", "manage", "assets", "lock", "clean"):
        assert f"    {command} " in done.stderr


@pytest.mark.parametrize("arguments", [["fly"], ["up", "--port", "80"], ["up", "--port", "web"]])
def test_what_is_not_understood_ends_with_the_usage(arguments: list[str]) -> None:
    done = dev(*arguments)

    assert done.returncode == 2
    assert "usage:" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_old_python_is_told_what_it_needs() -> None:
    """The script itself must be readable by an old Python; the package it loads need not be."""
    script = (ROOT / "dev").read_text()
    ahead = "import shutil, sys; sys.version_info = (3, 8); sys.version = '3.8.18'; shutil.which = lambda n: None\n"

    done = subprocess.run(
        [sys.executable, "-c", ahead + f"__file__ = {str(ROOT / 'dev')!r}\n" + script],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert done.stderr == "error: Python 3.11 or newer is needed, this is 3.8.18\n"


def test_a_taken_port_is_named_with_the_option_to_choose_another(checkout: Checkout) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        with pytest.raises(LauncherError, match=f"port {port} is taken") as refusal:
            up.up(checkout, options(port=port))

    assert f"--port {port + 1}" in refusal.value.hint


def test_a_second_start_of_the_same_checkout_names_the_first(checkout: Checkout) -> None:
    state = State(checkout)
    with exclusive(state.lock, None):
        state.update(url="http://127.0.0.1:8000", pid=4711)

        with pytest.raises(
            LauncherError, match=r"already in use at http://127\.0\.0\.1:8000 \(process 4711\)"
        ):
            up.up(checkout, options(port=0))


def test_a_given_database_is_never_emptied(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")

    with pytest.raises(LauncherError, match="--fresh never empties"):
        up.up(checkout, options(port=0, fresh=True))


def test_errors_are_one_line_with_a_remedy(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout.root / "static").mkdir()

    assert main(checkout.root, ["assets"]) == 1

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "error:" in shown.err
    assert "vendor.json cannot be read" in shown.err


def test_every_queue_of_the_portal_has_a_worker(checkout: Checkout) -> None:
    from portal.celery import app

    env = {"LAB_STATE": "lab.json", "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": "2525"}
    processes = {process.name: process for process in table(checkout, env, 8000)}
    words = {word for process in processes.values() for text in process.arguments for word in text.split(",")}
    queues = {route["queue"] for route in app.conf.task_routes.values()} | {app.conf.task_default_queue}

    assert queues <= words
    assert list(processes) == [
        "web", "lab", "dispatcher", "worker-fast", "worker-bulk", "beat", "intake", "mail", "demo",
    ]  # fmt: skip
    assert "demo" not in [process.name for process in table(checkout, env, 8000, demo=False)]


def test_a_mail_server_of_ones_own_goes_before_ours(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"LAB_STATE": "lab.json"}
    chosen = listeners.choose("seed", {})
    assert listeners.environment(chosen)["EMAIL_PORT"] == str(chosen[listeners.MAIL])

    monkeypatch.setenv("EMAIL_HOST", "mail.example")

    assert "EMAIL_HOST" not in listeners.environment(chosen)
    assert "mail" not in [process.name for process in table(checkout, env, 8000)]


def test_listeners_have_ports_of_their_own_that_stay() -> None:
    chosen = listeners.choose("seed", {})

    assert len(set(chosen.values())) == len(listeners.SOUTHBOUND) + 1
    assert listeners.choose("seed", chosen) == chosen


def test_ports_in_use_by_the_demo_itself_are_not_given_up(checkout: Checkout) -> None:
    chosen = listeners.kept(checkout)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", chosen[listeners.MAIL]))
        listener.listen()
        state = State(checkout)
        with exclusive(state.lock, None):
            state.update(url="http://127.0.0.1:8000")
            assert listeners.kept(checkout) == chosen

        assert listeners.kept(checkout) != chosen


@pytest.mark.parametrize(
    ("given", "run"),
    [
        ([], ["-m", "not drill", "-n", "2"]),
        (["tests/kernel", "-x"], ["tests/kernel", "-x", "-m", "not drill", "-n", "2"]),
        (["-n", "0"], ["-n", "0", "-m", "not drill"]),
        (["-n4"], ["-n4", "-m", "not drill"]),
        (["--pdb"], ["--pdb", "-m", "not drill"]),
        (["-m", "browser"], ["-m", "browser", "-n", "2"]),
        (["--drills"], ["-m", "drill"]),
        (["--drills", "-k", "disk"], ["-k", "disk", "-m", "drill"]),
    ],
)
def test_pytest_gets_what_was_asked_for_and_our_defaults(given: list[str], run: list[str]) -> None:
    assert pytest_arguments(given, processors=2) == run


def test_processors_decide_on_the_number_of_test_processes() -> None:
    assert pytest_arguments([], processors=1)[-1] == "2"
    assert pytest_arguments([], processors=64)[-1] == "4"


def test_translations_are_stale_until_they_are_compiled(checkout: Checkout) -> None:
    assert not translations_stale(checkout)
    fragments = checkout.root / "locale/fr/fragments"
    fragments.mkdir(parents=True)
    (fragments / "kernel.po").write_text("")
    assert translations_stale(checkout)

    compiled = checkout.root / "locale/fr/LC_MESSAGES/django.mo"
    compiled.parent.mkdir()
    compiled.write_bytes(b"")
    assert not translations_stale(checkout)


def test_every_check_runs_and_one_failure_fails_the_whole(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    python = str(checkout.python)
    wanted = [
        Check("good", [python, "-c", "print('nobody asks')"], {}),
        Check("bad", [python, "-c", "print('the reason'); raise SystemExit(1)"], {}),
        Check("last", [python, "-c", ""], {}),
    ]

    outcomes = checks.run_all(checkout, wanted)
    checks.report(outcomes)

    assert [(outcome.name, outcome.passed) for outcome in outcomes] == [
        ("good", True),
        ("bad", False),
        ("last", True),
    ]
    shown = capsys.readouterr().err
    assert "the reason" in shown
    assert "nobody asks" not in shown
    assert "3 checks, 1 failed" in shown


def test_the_launcher_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import portal.launcher.cli"

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
