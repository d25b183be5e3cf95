"""The processes of a running portal, in the order of their start: the one table of them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.launcher.checkout import Checkout
from portal.launcher.children import Program
from portal.launcher.console import PROCESS_COLOURS

WEB = "web"
DEMO = "demo"


@dataclass(frozen=True)
class Process:
    """One supervised process: what follows the interpreter, and how its end is to be taken."""

    name: str
    arguments: Sequence[str]
    grace: float = 10.0
    once: bool = False  # a clean end is the end, not a crash
    echo: bool = False  # its lines are for the person at the terminal

    def program(self, checkout: Checkout, env: Mapping[str, str]) -> Program:
        return Program(
            name=self.name,
            argv=[str(checkout.python), *self.arguments],
            env=env,
            cwd=checkout.root,
            grace=self.grace,
        )


def celery_worker(name: str, pool: str, concurrency: int, queues: str) -> Process:
    """A Celery worker of some queues. Tasks are acknowledged late: one that is cut off at the end is done again."""
    options = [
        "--pool",
        pool,
        "--concurrency",
        str(concurrency),
        "--queues",
        queues,
        "--hostname",
        f"{name}@%h",
    ]
    quiet = ["--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    return Process(name, ["-m", "celery", "-A", "portal", "worker", *options, *quiet], grace=20.0)


def mailbox(checkout: Checkout, env: Mapping[str, str]) -> Process:
    """A mail server that delivers everything to a folder: what the portal sends can be read, and nobody gets it."""
    address = f"{env['EMAIL_HOST']}:{env['EMAIL_PORT']}"
    options = ["--nosetuid", "--listen", address, "--class", "aiosmtpd.handlers.Mailbox"]
    return Process("mail", ["-m", "aiosmtpd", *options, str(checkout.var / "mail")])


def table(checkout: Checkout, env: Mapping[str, str], port: int, *, demo: bool = True) -> list[Process]:
    """Web first, because it is waited for; the story last, because it needs all the others."""
    bind = f"127.0.0.1:{port}"
    schedule = str(checkout.var / "celerybeat-schedule")
    web = ["-m", "gunicorn", "portal.wsgi:application", "--worker-class", "gthread", "--workers", "2"]
    processes = [
        Process(
            WEB, [*web, "--threads", "16", "--bind", bind, "--graceful-timeout", "5", "--no-control-socket"]
        ),
        # In the demo the lab lives: traffic by the hour, calls, a small fault now and then.
        Process("lab", ["-m", "lab", "--state", env["LAB_STATE"], *(["--alive"] if demo else [])]),
        Process("dispatcher", ["manage.py", "dispatch"]),
        celery_worker("worker-fast", "threads", 8, "provisioning,polling,default"),
        celery_worker("worker-bulk", "prefork", 1, "rating,billing"),
        Process("beat", ["-m", "celery", "-A", "portal", "beat", "--schedule", schedule, "--pidfile", ""]),
        Process("intake", ["manage.py", "intake"]),
    ]
    if not os.environ.get("EMAIL_HOST"):
        processes.append(mailbox(checkout, env))
    if demo:
        processes.append(Process(DEMO, ["manage.py", "demo"], once=True, echo=True))
    return processes


def colour_of(position: int) -> str:
    """A colour of its own for each process's name."""
    return PROCESS_COLOURS[position % len(PROCESS_COLOURS)]
