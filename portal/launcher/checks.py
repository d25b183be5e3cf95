"""`./dev check`: everything that can be said about the code without running it, in one table."""

import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from portal.launcher import lock
from portal.launcher.checkout import Checkout
from portal.launcher.children import die_with_parent, run
from portal.launcher.console import DIM, GREEN, RED, LauncherError, coloured, say
from portal.launcher.environment import DEVELOPMENT, program_environment
from portal.launcher.preparation import django_environment, prepare
from portal.launcher.servers import throw_away

AT_ONCE = 2


@dataclass(frozen=True)
class Check:
    """A command whose exit code is the answer."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]


@dataclass
class Running:
    """A check under way, its output kept aside until it is known whether anybody wants it."""

    check: Check
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    started: float


@dataclass(frozen=True)
class Outcome:
    name: str
    seconds: float
    output: str
    passed: bool


def check(checkout: Checkout, *, fix: bool = False, only: Sequence[str] = ()) -> int:
    """Run all checks, or those named; 1 when any failed."""
    prepare(checkout, DEVELOPMENT)
    if fix:
        _fix(checkout)
    with throw_away(checkout, "check") as servers:
        checks = _checks(checkout, django_environment(checkout, servers, "test"))
        wanted = [check for check in checks if not only or check.name in only]
        if unknown := set(only) - {check.name for check in checks} - {"lock"}:
            known = ", ".join(["lock", *(check.name for check in checks)])
            raise LauncherError(f"no check is called {', '.join(sorted(unknown))}", f"There are: {known}.")
        outcomes = [_lock(checkout)] if not only or "lock" in only else []
        outcomes += run_all(checkout, wanted)
    report(outcomes)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def production_environment() -> dict[str, str]:
    """What a well-configured installation sets: the deploy check must be silent with it."""
    return {
        "TRUNKLINE_ENV": "production",
        "SECRET_KEY": "deploy-check-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
        "FIELD_KEYS": "deploy-check-" + "0123456789abcdefghijklmnopqrstuvwxyz",
        "ALLOWED_HOSTS": "portal.example.com",
        "CSRF_TRUSTED_ORIGINS": "https://portal.example.com",
        "PUBLIC_URL": "https://portal.example.com",
        "RADIUS_SECRET": "deploy-check",
    }


def _checks(checkout: Checkout, django: Mapping[str, str]) -> list[Check]:
    """The longest first: two run at a time."""
    python = str(checkout.python)
    plain = program_environment(checkout, {})
    manage = [python, "manage.py"]
    deploy = {**django, **production_environment()}
    return [
        Check("types", [python, "-m", "mypy", "."], django),
        Check("format", [python, "-m", "ruff", "format", "--check", "."], plain),
        Check("lint", [python, "-m", "ruff", "check", "."], plain),
        Check("imports", [str(checkout.venv / "bin" / "lint-imports"), "--no-cache"], django),
        Check("migrations", [*manage, "makemigrations", "--check", "--dry-run"], django),
        Check("deploy", [*manage, "check", "--deploy", "--fail-level", "WARNING"], deploy),
        Check("translations", [*manage, "messages", "--check"], django),
        Check("templates", [python, "-m", "djlint", "--lint", "--quiet", "."], plain),
        Check("dependencies", [python, "-m", "deptry", "."], plain),
    ]


def _fix(checkout: Checkout) -> None:
    env = program_environment(checkout, {})
    python = str(checkout.python)
    # Templates are not formatted: white space in them travels to every reader of every page.
    for tool in (["ruff", "check", "--fix", "--quiet", "."], ["ruff", "format", "."]):
        run([python, "-m", *tool], env=env, cwd=checkout.root)


def _lock(checkout: Checkout) -> Outcome:
    started = time.monotonic()
    problems = lock.problems(checkout.root)
    return Outcome("lock", time.monotonic() - started, "\n".join(problems), not problems)


def run_all(checkout: Checkout, checks: Sequence[Check]) -> list[Outcome]:
    """Two at a time, from one thread: children are tied to the thread that starts them."""
    waiting = list(checks)
    running: list[Running] = []
    outcomes: list[Outcome] = []
    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                running.append(_start(checkout, waiting.pop(0)))
            for task in [task for task in running if task.process.poll() is not None]:
                running.remove(task)
                outcomes.append(_finish(task))
            time.sleep(0.05)
    finally:
        for task in running:
            task.process.kill()
    order = [check.name for check in checks]
    return sorted(outcomes, key=lambda outcome: order.index(outcome.name))


def _start(checkout: Checkout, check: Check) -> Running:
    output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _finish
    process = subprocess.Popen(
        list(check.command),
        env=dict(check.env),
        cwd=checkout.root,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    return Running(check, process, output, time.monotonic())


def _finish(task: Running) -> Outcome:
    with task.output as output:
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    seconds = time.monotonic() - task.started
    return Outcome(task.check.name, seconds, text.strip(), task.process.returncode == 0)


def report(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if not outcome.passed:
            say(f"\n{coloured(outcome.name, RED)}\n{outcome.output}")
    say()
    for outcome in outcomes:
        mark = coloured("ok", GREEN) if outcome.passed else coloured("FAILED", RED)
        say(f"  {outcome.name:<14} {outcome.seconds:6.1f} s  {mark}")
    failed = sum(not outcome.passed for outcome in outcomes)
    say(coloured(f"\n  {len(outcomes)} checks, {failed} failed", DIM))
