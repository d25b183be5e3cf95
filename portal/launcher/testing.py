"""`./dev test`, `./dev bench` and `./dev story`: on servers that are thrown away afterwards."""

import os
import subprocess
from collections.abc import Mapping, Sequence

from portal.launcher import listeners, ports
from portal.launcher.checkout import Checkout
from portal.launcher.children import die_with_parent, run
from portal.launcher.console import LauncherError, say, step
from portal.launcher.environment import DEVELOPMENT
from portal.launcher.preparation import django_environment, manage, prepare
from portal.launcher.processes import table
from portal.launcher.servers import Servers, throw_away
from portal.launcher.supervise import Supervisor
from portal.launcher.up import make_folders, wait_for_web

DRILLS = "--drills"


def test(checkout: Checkout, arguments: Sequence[str]) -> int:
    """Run pytest; its exit code."""
    prepare(checkout, DEVELOPMENT)
    outside = os.environ.get("TEST_ON_SERVERS") == "1"
    with throw_away(checkout, "test", outside=outside) as servers:
        env = _throw_away_environment(checkout, servers, "test")
        command = [str(checkout.python), "-m", "pytest", *pytest_arguments(arguments, os.cpu_count() or 2)]
        code, _ = run(command, env=env, cwd=checkout.root)
        return code


def pytest_arguments(given: Sequence[str], processors: int) -> list[str]:
    """What a person asked for, and the rest of what we want unless it was asked for otherwise."""
    arguments = [argument for argument in given if argument != DRILLS]
    drills = len(arguments) != len(given)
    words = {argument.split("=")[0] for argument in arguments}
    if "-m" not in words:
        arguments += ["-m", "drill" if drills else "not drill"]
    alone = drills or words & {"--pdb", "--trace", "-s", "--collect-only", "--co"}
    if not alone and not any(word.startswith(("-n", "--numprocesses")) for word in words):
        arguments += ["-n", str(max(2, min(4, processors)))]
    return arguments


def bench(checkout: Checkout, arguments: Sequence[str]) -> int:
    """Run benchmarks, on a database as durable as production's."""
    prepare(checkout, DEVELOPMENT, front_end=False)
    with throw_away(checkout, "bench", durable=True) as servers:
        env = _throw_away_environment(checkout, servers, "demo")
        with step("database schema"):
            manage(checkout, ["migrate", "--no-input", "--verbosity", "0"], env)
        code, _ = run([str(checkout.python), "-m", "benchmarks", *arguments], env=env, cwd=checkout.root)
        return code


def story(checkout: Checkout, *, as_json: bool, keep: bool) -> int:
    """Play the story through all processes, from nothing; its exit code. Only the story itself writes to stdout."""
    prepare(checkout)
    logs = checkout.logs / "story"
    logs.mkdir(parents=True, exist_ok=True)
    for old in logs.glob("*.log"):
        old.unlink()
    with throw_away(checkout, "story") as servers:
        apart = Checkout(checkout.root, other_var=servers.folder / "var" if servers.folder else None)
        apart.prepare()
        port = ports.choose("web", str(servers.folder))
        url = f"http://127.0.0.1:{port}"
        env = _throw_away_environment(apart, servers, "demo", PUBLIC_URL=url)
        with step("database schema"):
            manage(apart, ["migrate", "--no-input", "--verbosity", "0"], env)
        supervisor = Supervisor(apart, env, logs, watch=servers.revive)
        try:
            with step("processes"):
                web, *others = table(apart, env, port, demo=False)
                supervisor.start([web])
                wait_for_web(supervisor, url)
                supervisor.start(others)
            options = [*(["--json"] if as_json else []), *(["--keep"] if keep else [])]
            code = _tell(apart, supervisor, ["manage.py", "story", *options, "--base-url", url], env)
            say(f"  the story ended with code {code}; logs of the processes: {logs}")
            if keep:
                say(f"  {url}/ stays up until Ctrl-C")
                supervisor.run()
            return code
        finally:
            supervisor.stop()


def _tell(
    checkout: Checkout, supervisor: Supervisor, arguments: Sequence[str], env: Mapping[str, str]
) -> int:
    """Run a command on our own stdout while the processes it talks to are looked after."""
    process = subprocess.Popen(
        [str(checkout.python), *arguments],
        env=dict(env),
        cwd=checkout.root,
        preexec_fn=die_with_parent(15),
    )
    try:
        supervisor.run(until=lambda: process.poll() is not None)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(15)
    return process.returncode


def _throw_away_environment(checkout: Checkout, servers: Servers, name: str, **extra: str) -> dict[str, str]:
    """As the demo's, with everything it writes in the folder that is thrown away."""
    if servers.folder is None:
        raise LauncherError("throw-away servers have no folder")
    var = servers.folder / "var"
    lab = make_folders(var)
    ports_of_this_run = listeners.environment(listeners.choose(str(servers.folder), {}))
    own = {"TRUNKLINE_VAR": str(var), "LAB_STATE": str(lab / "state.json"), **ports_of_this_run, **extra}
    return django_environment(checkout, servers, name, **own)
