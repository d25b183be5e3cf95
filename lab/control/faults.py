"""Controls that break things and mend them."""

from __future__ import annotations

import re
from typing import Any

from lab.build import factory_config
from lab.cli.dialects import DIALECTS
from lab.config.args import ConfigError
from lab.config.store import CommitRefused
from lab.control.registry import (
    Args,
    control,
    customer_port,
    element_of,
    link_of,
    number_of,
    one_of,
    port_of,
    whole_of,
)
from lab.control.server import ControlError
from lab.device.element import Alarm, Refusal
from lab.device.port import FAULTS
from lab.world import World

SEVERITIES = ("critical", "major", "minor", "warning")


@control("cut", "LINK [--latched]")
def cut(world: World, args: Args) -> Any:
    """Cut a link: both ends go down; latched, they stay down after the repair until one end is bounced."""
    latched = len(args) > 1 and bool(one_of(args[1], "--latched"))
    world.network.set_cut(link_of(world, args[0]).name, True, latched=latched)
    return {"link": args[0], "state": "cut"}


@control("mend", "LINK")
def mend(world: World, args: Args) -> Any:
    """Mend a link."""
    link = link_of(world, args[0])
    world.network.set_cut(link.name, False)
    return {"link": args[0], "state": "up" if link.up else "down"}


@control("power-off", "ELEMENT [PORT]")
def power_off(world: World, args: Args) -> Any:
    """Power lost, with a last gasp; with PORT, by the customer's equipment there."""
    if len(args) == 1:
        world.network.power_off(element_of(world, args[0]))
        return {"element": args[0], "powered": False}
    element, port = customer_port(world, *args)
    if port.oper_up:
        text = f"Dying gasp from the equipment on {port.name}: power lost"
        world.network.note(element, "power-loss", "critical", text, port, kind="power-loss")
    port.cpe_power = False
    world.network.settle([element])
    return {"element": args[0], "port": args[1], "powered": False}


@control("power-on", "ELEMENT [PORT]")
def power_on(world: World, args: Args) -> Any:
    """Power back; an element boots first."""
    if len(args) == 1:
        world.network.power_on(element_of(world, args[0]))
        return {"element": args[0], "booting": True}
    element, port = customer_port(world, *args)
    port.cpe_power = True
    world.network.settle([element])
    return {"element": args[0], "port": args[1], "powered": True}


@control("reboot", "ELEMENT")
def reboot(world: World, args: Args) -> Any:
    """Restart an element from its startup configuration."""
    world.network.reboot(element_of(world, args[0]))
    return {"element": args[0], "booting": True}


@control("unplug", "ELEMENT PORT")
def unplug(world: World, args: Args) -> Any:
    """Take the customer's equipment away from a port."""
    return _plug(world, args, False)


@control("plug", "ELEMENT PORT")
def plug(world: World, args: Args) -> Any:
    """Attach a customer's equipment to a port, service or not."""
    return _plug(world, args, True)


def _plug(world: World, args: Args, plugged: bool) -> Any:
    element, port = customer_port(world, *args)
    port.plugged = plugged
    world.network.settle([element])
    return {"element": args[0], "port": args[1], "oper": "up" if port.oper_up else "down"}


@control("line", "ELEMENT PORT FAULT")
def line(world: World, args: Args) -> Any:
    """What a line test finds: ok, attenuation, open or short."""
    element, port = customer_port(world, args[0], args[1])
    port.line = one_of(args[2], *FAULTS)
    world.network.settle([element])
    return {"element": args[0], "port": args[1], "oper": "up" if port.oper_up else "down"}


@control("noise", "ELEMENT PORT ERRORS_PER_SECOND")
def noise(world: World, args: Args) -> Any:
    """Input errors on a port."""
    element = element_of(world, args[0])
    port_of(element, args[1]).noise = number_of(args[2])
    world.network.settle([element])
    return {"element": args[0], "port": args[1], "errors_per_second": number_of(args[2])}


@control("alarm", "ELEMENT KIND SEVERITY|clear [TEXT]")
def alarm(world: World, args: Args) -> Any:
    """Raise or clear an environment alarm."""
    element, kind = element_of(world, args[0]), args[1]
    text = args[3] if len(args) > 3 else f"{kind} alarm"
    if args[2] == "clear":
        if element.alarms.pop(kind, None) is None:
            raise ControlError(f"no alarm '{kind}' on {args[0]}")
        world.network.note(element, "alarm", "notice", f"{text} cleared", kind=kind, state="cleared")
    else:
        severity = one_of(args[2], *SEVERITIES)
        element.alarms[kind] = Alarm(kind, severity, text, element.clock.now())
        world.network.note(element, "alarm", severity, text, kind=kind, state="raised")
    return {"element": args[0], "alarms": sorted(element.alarms)}


@control("hang", "ELEMENT [SECONDS]")
def hang(world: World, args: Args) -> Any:
    """Answer nothing, for SECONDS or until reset; traffic goes on."""
    seconds = number_of(args[1]) if len(args) > 1 else None
    element_of(world, args[0]).hang(seconds)
    return {"element": args[0], "hung": True, "seconds": seconds}


@control("delay", "ELEMENT MS")
def delay(world: World, args: Args) -> Any:
    """Milliseconds before each answer."""
    element_of(world, args[0]).faults.delay_ms = number_of(args[1])
    return {"element": args[0], "delay_ms": number_of(args[1])}


@control("refuse", "ELEMENT PATTERN [COUNT]")
def refuse(world: World, args: Args) -> Any:
    """Turn down configuration lines that match, COUNT (1) times."""
    try:
        pattern = re.compile(args[1])
    except re.error as error:
        raise ControlError(f"not a regular expression: {error}") from None
    count = whole_of(args[2], 1) if len(args) > 2 else 1
    element_of(world, args[0]).faults.refusals.append(Refusal(pattern, count))
    return {"element": args[0], "pattern": args[1], "count": count}


@control("lose-confirm", "ELEMENT")
def lose_confirm(world: World, args: Args) -> Any:
    """The next confirmation never arrives."""
    element_of(world, args[0]).faults.lose_confirm = True
    return {"element": args[0], "lose_confirm": True}


@control("drop-mid-commit", "ELEMENT [WHEN]")
def drop_mid_commit(world: World, args: Args) -> Any:
    """The next commit drops the session, before or after (default) it took effect."""
    when = one_of(args[1] if len(args) > 1 else "after", "before", "after")
    element_of(world, args[0]).faults.drop_commit = when
    return {"element": args[0], "drop_mid_commit": when}


@control("fill-sessions", "ELEMENT")
def fill_sessions(world: World, args: Args) -> Any:
    """No new session finds a place."""
    element_of(world, args[0]).faults.sessions_full = True
    return {"element": args[0], "sessions_full": True}


@control("free-sessions", "ELEMENT")
def free_sessions(world: World, args: Args) -> Any:
    """New sessions find a place again."""
    element_of(world, args[0]).faults.sessions_full = False
    return {"element": args[0], "sessions_full": False}


@control("drift", "ELEMENT LINE…")
def drift(world: World, args: Args) -> Any:
    """Configure behind everybody's back; `;` separates modal lines."""
    element = element_of(world, args[0])
    if not element.powered:
        raise ControlError(f"{args[0]} has no power")
    dialect = DIALECTS[element.spec.vendor]
    candidate = element.store.candidate("field")
    lines = [part.strip() for arg in args[1:] for part in arg.split(";") if part.strip()]
    try:
        dialect.edit(candidate, lines, element.schema)
        made = element.store.commit(candidate, "drift")
    except ConfigError as error:
        raise ControlError(dialect.explain(error)) from None
    except CommitRefused as refused:
        raise ControlError("; ".join(problem.why for problem in refused.problems)) from None
    return {"element": args[0], "generation": made.number if made else None}


@control("reset", "[ELEMENT|config]")
def reset(world: World, args: Args) -> Any:
    """Clear faults, mend links, switch on; `config` also restores every first configuration."""
    network = world.network
    name = args[0] if args and args[0] != "config" else None
    elements = [element_of(world, name)] if name else list(network.elements.values())
    for link in network.links.values():
        if name is None or name in (link.ends[0][0].name, link.ends[1][0].name):
            link.cut = link.latched = False
    network.restore(elements)
    if args == ["config"]:
        for element in elements:
            candidate = element.store.candidate("root")
            candidate.replace(factory_config(element.spec, world.topology))
            element.store.commit(candidate, "reset")
            element.store.save()
    return {"elements": [element.name for element in elements]}
