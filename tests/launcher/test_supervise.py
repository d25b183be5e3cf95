"""Real processes, each a few lines of Python."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.launcher import supervise
from portal.launcher.checkout import Checkout
from portal.launcher.children import Child, Program, Signals
from portal.launcher.processes import Process
from portal.launcher.processtable import is_alive
from portal.launcher.supervise import Supervisor
from tests.launcher.conftest import ROOT, eventually

FOREVER = "import signal; signal.pause()"
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
while True:
    signal.pause()
"""
LAUNCHER = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from portal.launcher.checkout import Checkout
from portal.launcher.children import Interrupted, Signals
from portal.launcher.processes import Process
from portal.launcher.supervise import Supervisor
Signals.install()
checkout = Checkout(Path({checkout!r}))
supervisor = Supervisor(checkout, {{}}, checkout.logs)
try:
    supervisor.start([Process("a", ["-c", {program!r}]), Process("b", ["-c", {program!r}])])
    print(*[entry.child.pid for entry in supervisor.all.values()], flush=True)
    supervisor.run()
except Interrupted as reason:
    print("stopping", flush=True)
finally:
    supervisor.stop()
"""


@pytest.fixture
def make_supervisor(checkout: Checkout, request: pytest.FixtureRequest) -> Callable[..., Supervisor]:
    def make(*processes: Process, **options: object) -> Supervisor:
        supervisor = Supervisor(checkout, dict(os.environ), checkout.logs, **options)  # type: ignore[arg-type]
        request.addfinalizer(supervisor.stop)
        supervisor.start(processes)
        return supervisor

    return make


def log(checkout: Checkout, name: str) -> str:
    path = checkout.logs / f"{name}.log"
    return path.read_text() if path.exists() else ""


def test_output_goes_to_the_log_and_only_the_alarming_to_the_terminal(
    make_supervisor: Callable[..., Supervisor], checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    program = "import sys; print('fine'); sys.stderr.write('ERROR disk\\n'); sys.stdout.flush(); " + FOREVER
    supervisor = make_supervisor(Process("one", ["-c", program]))

    assert supervisor.run(until=lambda: log(checkout, "one").count("\n") == 2, seconds=10)

    shown = capsys.readouterr().err
    assert "one | ERROR disk" in shown
    assert "fine" not in shown


def test_verbose_and_echoing_processes_show_every_line(
    make_supervisor: Callable[..., Supervisor], capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = make_supervisor(
        Process("demo", ["-c", f"print('played', flush=True); {FOREVER}"], echo=True), verbose=False
    )

    assert supervisor.run(until=lambda: "demo | played" in capsys.readouterr().err, seconds=10)


def test_a_crashed_process_is_started_again_later_each_time(
    make_supervisor: Callable[..., Supervisor],
    checkout: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(supervise, "FIRST_PAUSE", 0.01)
    supervisor = make_supervisor(Process("one", ["-c", "print('again', flush=True); raise SystemExit(3)"]))
    entry = supervisor.all["one"]
    entry.pause = 0.01

    assert supervisor.run(until=lambda: supervisor.crashes("one") >= 3, seconds=20)

    assert log(checkout, "one").count("again") >= 3
    assert entry.pause > 0.05
    assert "ended (code 3), again in" in capsys.readouterr().err


def test_a_killed_process_takes_its_own_children_with_it(
    make_supervisor: Callable[..., Supervisor], checkout: Checkout
) -> None:
    program = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {FOREVER!r}])\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    supervisor = make_supervisor(Process("one", ["-c", program]))
    assert supervisor.run(until=lambda: log(checkout, "one").endswith("\n"), seconds=10)
    grandchild = int(log(checkout, "one"))

    os.kill(supervisor.all["one"].child.pid, signal.SIGKILL)

    assert supervisor.run(until=lambda: supervisor.crashes("one") == 1, seconds=10)
    assert eventually(lambda: not is_alive(grandchild))


def test_a_process_that_is_done_is_left_in_peace(make_supervisor: Callable[..., Supervisor]) -> None:
    supervisor = make_supervisor(Process("story", ["-c", "pass"], once=True))

    assert supervisor.run(until=lambda: supervisor.ended("story"), seconds=10)
    assert supervisor.crashes("story") == 0


def test_what_was_started_elsewhere_is_looked_after_too(make_supervisor: Callable[..., Supervisor]) -> None:
    looks: list[None] = []

    supervisor = make_supervisor(watch=lambda: looks.append(None))
    supervisor.run(seconds=0.5)

    assert len(looks) >= 2


def test_a_process_that_does_not_listen_is_killed_after_its_grace(
    make_supervisor: Callable[..., Supervisor], checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = make_supervisor(Process("deaf", ["-c", STUBBORN], grace=0.3))
    assert supervisor.run(until=lambda: "deaf" in log(checkout, "deaf"), seconds=10)

    supervisor.stop()

    assert supervisor.all["deaf"].child.returncode() == -signal.SIGKILL
    assert "did not end in time" in capsys.readouterr().err


def test_a_full_pipe_does_not_keep_a_process_from_ending(
    make_supervisor: Callable[..., Supervisor], checkout: Checkout
) -> None:
    program = (
        "import signal, sys\n"
        "def goodbye(*_):\n"
        "    sys.stdout.write('x' * 300_000 + 'END\\n'); sys.stdout.flush(); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, goodbye)\n"
        "print('ready', flush=True)\n"
        "signal.pause()\n"
    )
    supervisor = make_supervisor(Process("chatty", ["-c", program]))
    assert supervisor.run(until=lambda: "ready" in log(checkout, "chatty"), seconds=10)

    supervisor.stop()

    assert supervisor.all["chatty"].child.returncode() == 0
    assert log(checkout, "chatty").endswith("END\n")


def test_a_large_log_is_put_aside_at_the_next_start(
    make_supervisor: Callable[..., Supervisor], checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "LARGEST_LOG", 10)
    (checkout.logs / "one.log").write_text("much more than ten bytes")

    supervisor = make_supervisor(Process("one", ["-c", f"print('new', flush=True); {FOREVER}"]))
    assert supervisor.run(until=lambda: log(checkout, "one") == "new\n", seconds=10)

    assert (checkout.logs / "one.log.1").read_text() == "much more than ten bytes"


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_the_launcher_stops_all_and_leaves_with_zero(checkout: Checkout, signum: int) -> None:
    with _launch(checkout) as launcher:
        pids = _pids(launcher)
        launcher.send_signal(signum)
        output, _ = launcher.communicate(timeout=20)

    assert launcher.returncode == 0
    assert output == b"stopping\n"
    assert not any(is_alive(pid) for pid in pids)


@pytest.mark.skipif(sys.platform != "linux", reason="only the Linux kernel ends children with their parent")
def test_a_killed_launcher_leaves_nothing_running(checkout: Checkout) -> None:
    with _launch(checkout) as launcher:
        pids = _pids(launcher)
        launcher.kill()
        launcher.wait()

    assert eventually(lambda: not any(is_alive(pid) for pid in pids))


def test_a_launcher_begun_in_the_background_of_a_shell_can_be_interrupted(
    checkout: Checkout, tmp_path: Path
) -> None:
    """`command &` starts a program with SIGINT ignored."""
    program = "import signal, sys; sys.exit(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)"
    script = (
        f"import sys, signal; sys.path.insert(0, {str(ROOT)!r})\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from pathlib import Path\n"
        "from portal.launcher.children import Child, Program, Signals\n"
        "Signals.install()\n"
        f"log = Path({str(tmp_path / 'log')!r})\n"
        f"child = Child(Program('x', [sys.executable, '-c', {program!r}], {{}}, Path('/'), log=log))\n"
        "child.start()\n"
        "child.wait(10)\n"
        "sys.exit(child.returncode())\n"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_an_impatient_person_is_not_kept_waiting(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(
        "deaf", [sys.executable, "-c", STUBBORN], {}, checkout.root, log=checkout.logs / "deaf.log"
    )
    child = Child(program)
    child.start()
    assert eventually(lambda: "deaf" in log(checkout, "deaf"))
    monkeypatch.setattr(Signals, "seen", 2)

    child.stop()

    assert child.returncode() == -signal.SIGKILL


def _launch(checkout: Checkout) -> subprocess.Popen[bytes]:
    script = LAUNCHER.format(root=str(ROOT), checkout=str(checkout.root), program=FOREVER)
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)


def _pids(launcher: subprocess.Popen[bytes]) -> list[int]:
    assert launcher.stdout is not None
    return [int(word) for word in launcher.stdout.readline().split()]
