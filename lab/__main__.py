"""`python -m lab`: run a lab, control a running one, or make call-record and topology files (docs/lab.md)."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import signal
import sys
from datetime import date
from pathlib import Path

from lab import statefile
from lab.control.client import ask
from lab.grow import grow
from lab.notify import Sinks, parse_address
from lab.running import Lab, Options
from lab.topology import BUILT_IN, TopologyError
from lab.voice.generator import Generator, Order, numbers_from
from lab.voice.records import write_file


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    commands = {"ctl": ctl, "calls": calls, "grow": grow_file}
    if arguments and arguments[0] in commands:
        return commands[arguments[0]](arguments[1:])
    return run(arguments)


def run(arguments: list[str]) -> int:
    """Run a lab until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("--topology", type=Path, default=BUILT_IN)
    parser.add_argument(
        "--state", type=Path, required=True, help="state file, written when everything listens"
    )
    parser.add_argument("--trap-sink", type=parse_address, metavar="HOST:PORT")
    parser.add_argument("--syslog-sink", type=parse_address, metavar="HOST:PORT")
    parser.add_argument("--radius", type=parse_address, metavar="HOST:PORT", help="accounting server")
    parser.add_argument("--radius-secret")
    parser.add_argument("--cdr-dir")
    parser.add_argument("--ports-from", type=int, metavar="N")
    parser.add_argument("--control", type=_address_text, metavar="HOST:PORT", help="TCP, not a Unix socket")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--alive", action="store_true", help="traffic by the hour, calls, small faults")
    given = parser.parse_args(arguments)
    options = Options(
        state=given.state,
        topology=given.topology,
        sinks=Sinks(given.trap_sink, given.syslog_sink, given.radius, given.cdr_dir),
        radius_secret=given.radius_secret,
        ports_from=given.ports_from,
        control=given.control,
        seed=given.seed,
        alive=given.alive,
    )
    # three sockets an element and one a session: the usual soft limit ends at some three hundred elements
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        asyncio.run(_until_told(options))
    except (OSError, TopologyError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


def _address_text(text: str) -> str:
    parse_address(text)
    return text


async def _until_told(options: Options) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    options.state.parent.mkdir(parents=True, exist_ok=True)
    async with Lab(options) as lab:
        print(f"lab {lab.topology.name}: {len(lab.network.elements)} elements, {options.state}", flush=True)
        await told.wait()


def ctl(arguments: list[str]) -> int:
    """Send one control command and print its result."""
    parser = argparse.ArgumentParser(prog="python -m lab ctl", description=ctl.__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("do", help="a command; `help` lists them")
    parser.add_argument("args", nargs=argparse.REMAINDER)
    given = parser.parse_args(arguments)
    try:
        reply = ask(statefile.read_state(given.state)["control"], given.do, given.args)
    except (OSError, ValueError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    if reply["ok"]:
        print(json.dumps(reply["result"], indent=1, ensure_ascii=False))
        return 0
    print(f"lab: {reply['error']}", file=sys.stderr)
    return 1


def calls(arguments: list[str]) -> int:
    """Make a file of call records and print what it holds."""
    parser = argparse.ArgumentParser(prog="python -m lab calls", description=calls.__doc__)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="first_day", type=date.fromisoformat, required=True, metavar="DATE")
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--numbers", required=True, help="N,N,A-B or @FILE")
    parser.add_argument("--duplicates", type=int, default=0)
    parser.add_argument("--malformed", type=int, default=0)
    parser.add_argument("--late", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    text = Path(given.numbers[1:]).read_text("utf-8") if given.numbers.startswith("@") else given.numbers
    try:
        order = Order(
            given.count,
            given.seed,
            given.first_day,
            numbers_from(text),
            given.days,
            given.duplicates,
            given.malformed,
            given.late,
        )
        generator = Generator(order)
    except ValueError as error:
        parser.error(str(error))
    write_file(given.out, generator.lines())
    kinds = ("good", "duplicates", "malformed", "late")
    summary = {kind: generator.summary[kind] for kind in kinds}
    summary |= {"lines": sum(summary.values()), "seconds": generator.summary["seconds"]}
    print(json.dumps(summary))
    return 0


def grow_file(arguments: list[str]) -> int:
    """Make a larger topology file."""
    parser = argparse.ArgumentParser(prog="python -m lab grow", description=grow_file.__doc__)
    parser.add_argument("--elements", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        content = grow(given.elements)
    except ValueError as error:
        parser.error(str(error))
    given.out.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
