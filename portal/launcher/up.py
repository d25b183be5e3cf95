"""`./dev up`: everything from nothing to a portal that answers, and `./dev manage` beside it."""

import argparse
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from portal.launcher import listeners, ports, schema
from portal.launcher.checkout import Checkout, State, exclusive
from portal.launcher.children import Interrupted, run
from portal.launcher.console import BOLD, DIM, GREEN, LauncherError, coloured, say, step
from portal.launcher.environment import RUNTIME, is_current
from portal.launcher.preparation import django_environment, manage, prepare
from portal.launcher.processes import WEB, table
from portal.launcher.servers import Servers, kept, remove_data
from portal.launcher.supervise import Supervisor

WEB_PATIENCE = 90.0
# A server that answers, but with an error, may still be waiting for something; not for long.
MOST_REFUSALS, MOST_CRASHES = 20, 2


def up(checkout: Checkout, options: argparse.Namespace) -> int:
    """Bring the demo up and keep it up until Ctrl-C."""
    started = time.monotonic()
    checkout.prepare()
    state = State(checkout)
    with exclusive(state.lock, already_running(state)):
        state.update(pid=os.getpid(), url=None, database_url=None, redis_url=None)
        _check_port(options.port)
        if options.fresh:
            _begin_anew(checkout)
        prepare(checkout)
        with _timed(checkout) as servers:
            env = _environment(checkout, servers, options.port)
            with step("database schema"):
                schema.migrate(checkout, servers, env)
            _serve(checkout, options, servers, env, started)
    return 0


def manage_command(checkout: Checkout, arguments: Sequence[str]) -> int:
    """Run manage.py against the demo that runs, or against its servers, started for the while."""
    prepare_quietly(checkout)
    if schema.UNSETTLING & set(arguments):
        schema.forget(checkout)
    state = State(checkout)
    record = state.running()
    if record.get("database_url"):
        servers = Servers(str(record["database_url"]), str(record["redis_url"]))
        return _manage_interactively(checkout, arguments, _environment(checkout, servers, record.get("port")))
    with exclusive(state.lock, already_running(state)), kept(checkout) as servers:
        return _manage_interactively(checkout, arguments, _environment(checkout, servers, record.get("port")))


def prepare_quietly(checkout: Checkout) -> None:
    """As `prepare`, with a word only when something has to be done."""
    if not is_current(checkout, RUNTIME):
        prepare(checkout, front_end=False)


def wait_for_web(supervisor: Supervisor, url: str) -> None:
    """Until /healthz answers that all is well; gives up when the web server keeps falling or refusing."""

    problem, deadline = "nothing", time.monotonic() + WEB_PATIENCE
    refusals = 0
    while time.monotonic() < deadline and refusals < MOST_REFUSALS and supervisor.crashes(WEB) < MOST_CRASHES:
        problem = ill(url)
        if not problem:
            return
        refusals += problem.startswith("HTTP")
        supervisor.run(seconds=0.25)
    raise LauncherError(
        f"the web server does not come up: {url}/healthz gave {problem}. Its last lines:\n"
        f"{supervisor.last_lines(WEB)}"
    )


def ill(url: str) -> str:
    """What is wrong with the portal at that address; empty when it answers that it is well."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:  # noqa: S310 - our own http address
            return "" if answer.status == 200 else f"HTTP {answer.status}"
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}"
    except OSError as error:
        return str(getattr(error, "reason", error))


def _serve(
    checkout: Checkout, options: argparse.Namespace, servers: Servers, env: Mapping[str, str], started: float
) -> None:
    url = f"http://127.0.0.1:{options.port}"
    web, *others = table(checkout, env, options.port, demo=options.demo)
    supervisor = Supervisor(checkout, env, checkout.logs, verbose=options.verbose, watch=servers.revive)
    try:
        with step("web server"):
            supervisor.start([web])
            wait_for_web(supervisor, url)
        State(checkout).update(url=url, port=options.port)
        # The others start while a person reads the first page.
        supervisor.start(others)
        _welcome(checkout, url, env, options, time.monotonic() - started)
        supervisor.run()
    except Interrupted:
        say("\nstopping …")
    finally:
        supervisor.stop()
        State(checkout).update(url=None, database_url=None, redis_url=None)


def _welcome(
    checkout: Checkout, url: str, env: Mapping[str, str], options: argparse.Namespace, seconds: float
) -> None:
    say(f"\n{coloured('Trunkline is up', GREEN)} after {seconds:.1f} s: {coloured(url + '/', BOLD)}\n")
    if options.demo:
        logins = json.loads(manage(checkout, ["demo_logins", "--json"], env))
        width = max((len(str(login.get("role", ""))) for login in logins), default=0)
        for login in logins:
            say(
                f"  {login.get('role', ''):<{width}}  {login.get('username', '')}  {login.get('password', '')}"
            )
        say()
    else:
        say("  ./dev manage createsuperuser makes the first account\n")
    say(coloured(f"  logs: {checkout.logs}   stop: Ctrl-C\n", DIM))


def make_folders(var: Path) -> Path:
    """Folders that processes expect to find; the one of the lab."""
    # Static files come from their sources here, but their collected place is asked for too.
    for name in ("lab", "static"):
        (var / name).mkdir(parents=True, exist_ok=True)
    return var / "lab"


@contextmanager
def _timed(checkout: Checkout) -> Iterator[Servers]:
    with ExitStack() as stack:
        with step("PostgreSQL and Valkey"):
            servers = stack.enter_context(kept(checkout))
        yield servers


def _environment(checkout: Checkout, servers: Servers, port: object) -> dict[str, str]:
    lab = make_folders(checkout.var)
    public = f"http://127.0.0.1:{port or 8000}"
    extra = {
        "LAB_STATE": str(lab / "state.json"),
        "PUBLIC_URL": public,
        **listeners.environment(listeners.kept(checkout)),
    }
    return django_environment(checkout, servers, "demo", **extra)


def _manage_interactively(checkout: Checkout, arguments: Sequence[str], env: Mapping[str, str]) -> int:
    command = [str(checkout.python), "manage.py", *arguments]
    code, _ = run(command, env=env, cwd=checkout.root, interactive=True)
    return code


def already_running(state: State) -> LauncherError:
    record = state.read()
    where = f" at {record['url']}" if record.get("url") else ""
    return LauncherError(
        f"this checkout's servers are already in use{where} (process {record.get('pid', 'unknown')})",
        "Stop that one with Ctrl-C first; another checkout can run beside it with --port.",
    )


def _check_port(port: int) -> None:
    if not ports.is_free(port):
        raise LauncherError(
            f"port {port} is taken by another program", f"Choose another: ./dev up --port {port + 1}"
        )


def _begin_anew(checkout: Checkout) -> None:
    if os.environ.get("DATABASE_URL"):
        raise LauncherError(
            "--fresh never empties a database that is given by DATABASE_URL", "Drop and create it by hand."
        )
    with step("removing the old data"):
        remove_data(checkout)
        checkout.prepare()
