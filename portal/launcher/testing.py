"""`./dev test`, `./dev bench` and `./dev story`: on servers that are thrown away afterwards."""

import os
from collections.abc import Sequence

from portal.launcher.checkout import Checkout
from portal.launcher.children import run
from portal.launcher.console import say, step
from portal.launcher.environment import DEVELOPMENT
from portal.launcher.house import house, throw_away_environment
from portal.launcher.preparation import manage, prepare
from portal.launcher.servers import throw_away

DRILLS = "--drills"
DRILL_TESTS = "tests/drills"


def test(checkout: Checkout, arguments: Sequence[str]) -> int:
    """Run pytest; its exit code."""
    prepare(checkout, DEVELOPMENT)
    if DRILLS in arguments:
        return drills(checkout, arguments)
    outside = os.environ.get("TEST_ON_SERVERS") == "1"
    with throw_away(checkout, "test", outside=outside) as servers:
        env = throw_away_environment(checkout, servers, "test")
        command = [str(checkout.python), "-m", "pytest", *pytest_arguments(arguments, os.cpu_count() or 2)]
        code, _ = run(command, env=env, cwd=checkout.root)
        return code


def drills(checkout: Checkout, arguments: Sequence[str]) -> int:
    """Run the fault drills against all processes; the exit code of pytest.

    On a durable database: what a killed one has promised must be there when it comes back.
    """
    wanted = pytest_arguments(arguments, 1)
    if not any((checkout.root / argument.split("::")[0]).exists() for argument in wanted):
        wanted.append(DRILL_TESTS)
    # With the portal's own settings: a drill acts on the running portal's database, and makes none for itself.
    own = ["-m", "pytest", "--ds=portal.settings", "-p", "no:randomly", "-p", "no:cacheprovider"]
    with house(checkout, "drills", durable=True) as portal:
        code = portal.tell([*own, *wanted], TRUNKLINE_HOUSE=str(portal.record))
    say(f"  the drills ended with code {code}; logs of the processes: {checkout.logs / 'drills'}")
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
        env = throw_away_environment(checkout, servers, "demo")
        with step("database schema"):
            manage(checkout, ["migrate", "--no-input", "--verbosity", "0"], env)
        code, _ = run([str(checkout.python), "-m", "benchmarks", *arguments], env=env, cwd=checkout.root)
        return code


def story(checkout: Checkout, *, as_json: bool, keep: bool) -> int:
    """Play the story through all processes, from nothing; its exit code. Only the story itself writes to stdout."""
    prepare(checkout)
    options = [*(["--json"] if as_json else []), *(["--keep"] if keep else [])]
    with house(checkout, "story") as portal:
        code = portal.tell(["manage.py", "story", *options, "--base-url", portal.url])
        say(f"  the story ended with code {code}; logs of the processes: {checkout.logs / 'story'}")
        if keep:
            say(f"  {portal.url}/ stays up until Ctrl-C")
            portal.supervisor.run()
        return code
