"""The commands of `./dev`."""

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from portal.launcher import assets, checks, lock, testing
from portal.launcher.checkout import Checkout, State, exclusive
from portal.launcher.children import Interrupted, Signals
from portal.launcher.console import LauncherError, fail, say, step
from portal.launcher.servers import remove_data
from portal.launcher.up import already_running, manage_command, up

# These hand everything that follows to another program, options included.
PASSED_ON: dict[str, Callable[[Checkout, Sequence[str]], int]] = {
    "test": testing.test,
    "manage": manage_command,
    "bench": testing.bench,
}


def main(root: Path, arguments: Sequence[str]) -> int:
    """Run a command; the exit code."""
    checkout = Checkout(root)
    Signals.install()
    try:
        if arguments and arguments[0] in PASSED_ON:
            return PASSED_ON[arguments[0]](checkout, arguments[1:])
        options = parser().parse_args(list(arguments) or ["help"])
        return int(options.run(checkout, options))
    except LauncherError as error:
        fail(error)
        return 1
    except Interrupted as reason:
        say("interrupted")
        return 128 + reason.signum


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    parser = argparse.ArgumentParser(
        prog="./dev", description="Run, test and maintain Trunkline from its checkout."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    command = commands.add_parser("up", help="bring up the portal with all its processes, from nothing")
    command.add_argument("--port", type=_port, default=8000, help="of the web server (8000)")
    command.add_argument("--no-demo", dest="demo", action="store_false", help="do not play the demo story")
    command.add_argument("--fresh", action="store_true", help="forget the data of earlier starts")
    command.add_argument("--verbose", action="store_true", help="show every line of every process")
    command.set_defaults(run=up)

    command = commands.add_parser("story", help="play the story through all processes on throw-away servers")
    command.add_argument("--json", action="store_true", help="the result as JSON, alone on stdout")
    command.add_argument("--keep", action="store_true", help="leave everything up until Ctrl-C")
    command.set_defaults(
        run=lambda checkout, options: testing.story(checkout, as_json=options.json, keep=options.keep)
    )

    command = commands.add_parser(
        "check", help="format, lint, types, import rule, migrations, translations, …"
    )
    command.add_argument("--fix", action="store_true", help="format and mend what can be mended first")
    command.add_argument("only", nargs="*", metavar="NAME", help="only these checks")
    command.set_defaults(
        run=lambda checkout, options: checks.check(checkout, fix=options.fix, only=options.only)
    )

    for name, text in (
        ("test", "run pytest on throw-away servers: ./dev test [--drills] [pytest's own arguments]"),
        ("bench", "run benchmarks: ./dev bench [NAME] [--json]"),
        ("manage", "run manage.py on the demo's servers: ./dev manage COMMAND …"),
    ):
        commands.add_parser(name, help=text)

    command = commands.add_parser("assets", help="fetch the front-end files listed in static/vendor.json")
    command.set_defaults(run=_assets)
    command = commands.add_parser("lock", help="resolve pyproject.toml anew into the lock files (needs uv)")
    command.set_defaults(run=lambda checkout, _: lock.update(checkout))
    command = commands.add_parser("clean", help="remove the data of the demo")
    command.add_argument("--all", action="store_true", help="and the environment and the front-end files")
    command.set_defaults(run=_clean)
    command = commands.add_parser("help", help="show this")
    command.set_defaults(run=lambda _checkout, _options: _help(parser))
    return parser


def _assets(checkout: Checkout, _options: argparse.Namespace) -> int:
    checkout.prepare()
    with step("front-end files"):
        assets.ensure(checkout)
    return 0


def _clean(checkout: Checkout, options: argparse.Namespace) -> int:
    checkout.prepare()
    state = State(checkout)
    with exclusive(state.lock, already_running(state)):
        remove_data(checkout)
    if options.all:
        shutil.rmtree(checkout.venv, ignore_errors=True)
        shutil.rmtree(checkout.root / assets.TARGET, ignore_errors=True)
    return 0


def _help(parser: argparse.ArgumentParser) -> int:
    parser.print_help(sys.stderr)
    return 0


def _port(text: str) -> int:
    port = int(text)
    if not 1024 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port between 1024 and 65535")
    return port
