"""The control commands as one handler, and those that look, feed and connect."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lab.cli.dialects import DIALECTS
from lab.control import faults  # noqa: F401  # declares its commands
from lab.control.registry import COMMANDS, Args, control, customer_port, element_of, number_of, whole_of
from lab.control.server import ControlError
from lab.device.element import Element
from lab.notify import parse_address
from lab.statefile import show_sinks
from lab.voice.records import NORMAL
from lab.world import World


class Controls:
    """Runs commands by name on a lab."""

    def __init__(self, world: World) -> None:
        self._world = world

    def run(self, do: str, args: list[str]) -> Any:
        """Do a command; raises ControlError."""
        if do not in COMMANDS:
            raise ControlError(f"no command '{do}'; known: {', '.join(sorted(COMMANDS))}")
        COMMANDS[do].check(args)
        return COMMANDS[do].run(self._world, args)


@control("help")
def show_help(world: World, args: Args) -> Any:
    """All commands."""
    return {command.name: f"{command.usage}  {command.help}".strip() for command in COMMANDS.values()}


@control("status", "[ELEMENT]")
def status(world: World, args: Args) -> Any:
    """Elements, links, sinks and sessions."""
    if args:
        return _element_status(element_of(world, args[0]))
    network = world.network
    clients = world.subscribers.clients.values()
    return {
        "elements": {name: _element_status(element) for name, element in network.elements.items()},
        "links": {
            link.name: "cut" if link.cut else "up" if link.up else "down" for link in network.links.values()
        },
        "sinks": show_sinks(world.sinks),
        "subscribers": len(world.subscribers.sessions),
        "accounting_outstanding": sum(client.outstanding for client in clients),
    }


def _element_status(element: Element) -> dict[str, Any]:
    broken = element.faults
    pending = element.store.pending
    return {
        "powered": element.powered,
        "reachable": element.reachable,
        "answers": element.answers,
        "version": element.version,
        "sessions": len(element.sessions),
        "generation": element.store.history[0].number,
        "startup_saved": element.store.startup_saved,
        "pending": pending.generation.number if pending else None,
        "alarms": sorted(element.alarms),
        "faults": {
            "hung": broken.hung,
            "delay_ms": broken.delay_ms,
            "lose_confirm": broken.lose_confirm,
            "drop_mid_commit": broken.drop_commit,
            "sessions_full": broken.sessions_full,
            "refuse": {refusal.pattern.pattern: refusal.left for refusal in broken.refusals},
        },
    }


@control("config", "ELEMENT")
def config(world: World, args: Args) -> Any:
    """Running configuration, past the element's own doors."""
    element = element_of(world, args[0])
    return {"element": args[0], "text": DIALECTS[element.spec.vendor].render(element.store.running)}


@control("events", "[SINCE]")
def events(world: World, args: Args) -> Any:
    """The last events numbered SINCE and later."""
    return world.network.events.since(whole_of(args[0]) if args else 1)


@control("traffic", "ELEMENT PORT DOWN_KBPS|auto [UP_KBPS]")
def traffic(world: World, args: Args) -> Any:
    """Traffic offered to a port's services; `auto` restores the default."""
    element, port = customer_port(world, args[0], args[1])
    if args[2] == "auto":
        element.offered.pop(port.name, None)
    else:
        down = number_of(args[2])
        element.offered[port.name] = (down, number_of(args[3]) if len(args) > 3 else down / 10)
    world.network.settle([element])
    offered = element.offered.get(port.name)
    return {"element": args[0], "port": args[1], "offered_kbps": list(offered) if offered else "auto"}


@control("usage", "USER DOWN_BYTES UP_BYTES")
def usage(world: World, args: Args) -> Any:
    """Add volume to a subscriber's session and port at once."""
    session = world.subscribers.sessions.get(args[0])
    if session is None:
        raise ControlError(f"no session of '{args[0]}'")
    down, up = whole_of(args[1]), whole_of(args[2])
    now = world.network.clock.monotonic()
    for meter in (session.state.meter, session.element.ports[session.state.service.port].meter):
        meter.add(now, in_octets=up, out_octets=down)
    octets_in, octets_out = session.octets(now)
    return {
        "user": args[0],
        "session_id": session.session_id,
        "down_bytes": octets_out,
        "up_bytes": octets_in,
    }


@control("interim")
def interim(world: World, args: Args) -> Any:
    """Send every session's Interim-Update now."""
    return {"sent": world.subscribers.interim()}


@control("call", "A B SECONDS [CAUSE]")
def call(world: World, args: Args) -> Any:
    """One call on the gateway, ended just now."""
    cause = whole_of(args[3], 1) if len(args) > 3 else NORMAL
    for gateway in world.gateways:
        if gateway.knows(args[0]) or gateway.knows(args[1]):
            record = gateway.call(args[0], args[1], whole_of(args[2]), cause)
            return {**asdict(record), "start": record.start.isoformat(timespec="seconds")}
    raise ControlError(f"neither {args[0]} nor {args[1]} is a voice line")


@control("flush")
def flush(world: World, args: Args) -> Any:
    """Write the call records gathered so far."""
    paths = [gateway.flush() for gateway in world.gateways]
    return {"files": [str(path) for path in paths if path]}


@control("sinks", "[KIND] [TARGET]")
def sinks(world: World, args: Args) -> Any:
    """Show or change a sink: traps, syslog, radius or cdr, and HOST:PORT, a folder, or off."""
    if len(args) == 1:
        raise ControlError("usage: sinks [KIND TARGET]")
    if args:
        kind, target = args
        try:
            if kind == "cdr":
                world.sinks.cdr_dir = None if target == "off" else target
            elif kind in ("traps", "syslog", "radius"):
                setattr(world.sinks, kind, None if target == "off" else parse_address(target))
            else:
                raise ControlError(f"no sink '{kind}'")
        except ValueError as error:
            raise ControlError(str(error)) from None
    return show_sinks(world.sinks)
