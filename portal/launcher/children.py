"""Child processes that never outlive the launcher."""

import contextlib
import ctypes
import os
import platform
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.launcher.console import LauncherError

PR_SET_PDEATHSIG = 1
# Loaded before any fork: the code between fork and exec must not take locks.
_LIBC = ctypes.CDLL(None, use_errno=True) if platform.system() == "Linux" else None


class Interrupted(BaseException):
    """The person, or the system, asked the launcher to end."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


class Signals:
    """SIGINT, SIGTERM and SIGHUP end the launcher in order; a second one says: quickly."""

    seen = 0

    @classmethod
    def install(cls) -> None:
        # Explicitly for SIGINT too: a shell starts `command &` with SIGINT ignored, and children would inherit that.
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, cls._handle)

    @classmethod
    def _handle(cls, signum: int, _frame: object) -> None:
        cls.seen += 1
        if cls.seen == 1:
            raise Interrupted(signum)

    @classmethod
    def hurried(cls) -> bool:
        return cls.seen > 1


@dataclass(frozen=True)
class Account:
    """The system account a server runs as."""

    name: str
    uid: int
    gid: int


def database_account() -> Account | None:
    """For root, the account that PostgreSQL (which refuses root) is given; None: run as ourselves. Never useradd."""
    if os.geteuid() != 0:
        _refuse_nameless()
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise LauncherError(
        "you are root, and there is neither an account postgres nor nobody to run PostgreSQL as",
        "Run ./dev as an ordinary user, or set DATABASE_URL.",
    )


def _refuse_nameless() -> None:
    """PostgreSQL asks for the name of its account, which a container begun with a bare number does not have."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise LauncherError(
            f"your user id {os.geteuid()} has no name on this system, and PostgreSQL will not run without",
            "Run as a user that is in /etc/passwd, or set DATABASE_URL.",
        ) from None


def can_enter(account: Account, folder: Path) -> bool:
    """Whether the account can enter a folder; asked of the system itself, so that every kind of permission counts."""
    command = ["/bin/sh", "-c", 'cd -- "$1" && test -r .', "sh", str(folder)]
    done = subprocess.run(
        command,
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


@dataclass(frozen=True)
class Program:
    """What to run, as whom, and how to stop it."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    stop_signal: int = signal.SIGTERM
    grace: float = 10.0
    account: Account | None = None
    log: Path | None = None  # None: the supervisor reads the output


def die_with_parent(death_signal: int) -> Callable[[], None]:
    """A preexec function that asks the kernel (Linux) for a signal when the launcher is gone.

    It runs after setuid, which would clear the request. The signal is tied to the thread that forks, so the launcher
    starts everything from its main thread.
    """
    launcher = os.getpid()

    def request() -> None:
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != launcher:  # it died between fork and prctl
                os._exit(1)

    return request


class Child:
    """A started program in a session of its own: the terminal's Ctrl-C reaches the launcher alone."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.asked: float | None = None  # when it was asked to stop

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def start(self) -> None:
        program = self.program
        identity = {}
        if program.account is not None:
            identity = {"user": program.account.uid, "group": program.account.gid, "extra_groups": []}
        output = program.log.open("ab") if program.log else None
        try:
            self.process = subprocess.Popen(
                list(program.argv),
                env=dict(program.env),
                cwd=program.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output or subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(program.stop_signal),
                **identity,  # type: ignore[call-overload]
            )
        finally:
            if output:
                output.close()
        self.started = time.monotonic()

    def returncode(self) -> int | None:
        """None while it runs."""
        return self.process.poll() if self.process else 0

    def signal(self) -> None:
        """Ask it to stop."""
        if self.process and self.process.poll() is None:
            self.asked = time.monotonic()
            self.process.send_signal(self.program.stop_signal)

    def wait(self, seconds: float, *, patient: bool = False) -> bool:
        """Wait for its end; False when it is still there. Only the patient go on waiting after a second Ctrl-C."""
        if self.process is None:
            return True
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > deadline or (Signals.hurried() and not patient):
                return self.process.poll() is not None
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.05)
        return True

    def kill(self) -> None:
        """End it and whatever it started, at once."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask, wait for the grace, then end it."""
        self.signal()
        if not self.wait(self.program.grace):
            self.kill()


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stdout: int | None = None,
    stderr: int | None = None,
    interactive: bool = False,
) -> tuple[int, str]:
    """Run a command in the foreground to its end; its exit code, and its output when `stdout` is PIPE.

    It shares the terminal, so Ctrl-C reaches it directly. An interactive one may live on after that; any other is
    given the time to say goodbye before the launcher goes too.
    """
    if interactive:
        # A handler and not SIG_IGN, which the command would inherit.
        signal.signal(signal.SIGINT, lambda _signum, _frame: None)
    process = subprocess.Popen(
        list(argv),
        env=dict(env),
        cwd=cwd,
        stdout=stdout,
        stderr=stderr,
        text=True,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    try:
        output, _ = process.communicate()
    except BaseException as reason:
        if not (isinstance(reason, Interrupted) and reason.signum == signal.SIGINT):
            process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
    finally:
        if interactive:
            Signals.install()
    return process.returncode, output or ""
