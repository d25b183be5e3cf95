"""A whole portal for a while: all its processes on servers that are thrown away afterwards (`story`, `test --drills`)."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.launcher import listeners, ports
from portal.launcher.checkout import Checkout, write_private
from portal.launcher.children import Child, die_with_parent
from portal.launcher.console import LauncherError, step
from portal.launcher.preparation import django_environment, manage
from portal.launcher.processes import table
from portal.launcher.servers import Servers, throw_away
from portal.launcher.supervise import Supervisor
from portal.launcher.up import make_folders, wait_for_web


@dataclass
class House:
    """A running portal. `record`, a file, always names the processes that run now: who breaks them finds them there."""

    checkout: Checkout
    servers: Servers
    env: Mapping[str, str]
    url: str
    supervisor: Supervisor
    record: Path

    def tell(self, arguments: Sequence[str], **more: str) -> int:
        """Run a Python program on our own stdout while the processes are looked after; its exit code."""
        process = subprocess.Popen(
            [str(self.checkout.python), *arguments],
            env={**self.env, **more},
            cwd=self.checkout.root,
            preexec_fn=die_with_parent(15),
        )
        try:
            self.supervisor.run(until=lambda: process.poll() is not None)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(15)
        return process.returncode

    def look_after(self) -> None:
        """Start again the servers that have fallen, and write down who runs now."""
        self.servers.revive()
        running = {name: entry.child for name, entry in self.supervisor.all.items()}
        for name, server in (("postgres", self.servers.postgres), ("valkey", self.servers.valkey)):
            if server is not None and server.child is not None:
                running[name] = server.child
        text = json.dumps({"processes": {name: _pid(child) for name, child in running.items()}}, indent=1)
        if not self.record.exists() or self.record.read_text(encoding="utf-8") != text:
            write_private(self.record, text)


def _pid(child: Child) -> int | None:
    return child.pid if child.returncode() is None else None


@contextmanager
def house(checkout: Checkout, purpose: str, *, durable: bool = False) -> Iterator[House]:
    """Start everything from nothing, with the lab and without the story; the logs are kept below `var/log/PURPOSE`."""
    logs = checkout.logs / purpose
    logs.mkdir(parents=True, exist_ok=True)
    for old in logs.glob("*.log"):
        old.unlink()
    with throw_away(checkout, purpose, durable=durable) as servers:
        if servers.folder is None:
            raise LauncherError("throw-away servers have no folder")
        apart = Checkout(checkout.root, other_var=servers.folder / "var")
        apart.prepare()
        port = ports.choose("web", str(servers.folder))
        url = f"http://127.0.0.1:{port}"
        env = throw_away_environment(apart, servers, "demo", PUBLIC_URL=url)
        with step("database schema"):
            manage(apart, ["migrate", "--no-input", "--verbosity", "0"], env)
        supervisor = Supervisor(apart, env, logs)
        made = House(apart, servers, env, url, supervisor, servers.folder / "house.json")
        supervisor.watch = made.look_after
        try:
            with step("processes"):
                web, *others = table(apart, env, port, demo=False)
                supervisor.start([web])
                wait_for_web(supervisor, url)
                supervisor.start(others)
            yield made
        finally:
            supervisor.stop()


def throw_away_environment(checkout: Checkout, servers: Servers, name: str, **extra: str) -> dict[str, str]:
    """As the demo's, with everything it writes in the folder that is thrown away."""
    if servers.folder is None:
        raise LauncherError("throw-away servers have no folder")
    var = servers.folder / "var"
    lab = make_folders(var)
    ports_of_this_run = listeners.environment(listeners.choose(str(servers.folder), {}))
    own = {"TRUNKLINE_VAR": str(var), "LAB_STATE": str(lab / "state.json"), **ports_of_this_run, **extra}
    return django_environment(checkout, servers, name, **own)
