"""A lab as a process of its own, for tests that need real elements."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from threading import Event
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class RunningLab:
    """`python -m lab` on free ports, with its state file and controls."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.state_file = folder / "lab.json"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lab", "--state", str(self.state_file), *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._wait()

    def _wait(self) -> None:
        pause = Event()
        for _ in range(300):
            if self.process.poll() is not None:
                assert self.process.stdout is not None
                raise RuntimeError(f"the lab ended: {self.process.stdout.read()[-2000:]}")
            if self.state_file.exists() and self.state["running"] and self.state["pid"] == self.process.pid:
                return
            pause.wait(0.1)
        raise RuntimeError("the lab did not start within 30 s")

    @property
    def state(self) -> dict[str, Any]:
        """The state file's content."""
        loaded: dict[str, Any] = json.loads(self.state_file.read_text())
        return loaded

    @property
    def topology(self) -> dict[str, Any]:
        """The topology file that the lab runs."""
        loaded: dict[str, Any] = json.loads(Path(self.state["topology"]).read_text())
        return loaded

    def ctl(self, do: str, *args: str) -> Any:
        """One control command; raises RuntimeError with the lab's own words when it refuses."""
        control = self.state["control"]
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(10)
            link.connect(control["path"])
            link.sendall(json.dumps({"id": 1, "do": do, "args": list(args)}).encode() + b"\n")
            reply = json.loads(link.makefile().readline())
        if not reply["ok"]:
            raise RuntimeError(reply["error"])
        return reply["result"]

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(10)
        if self.process.stdout is not None:
            self.process.stdout.close()
