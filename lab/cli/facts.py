"""What an element knows of itself, as plain rows with snake_case names; the dialects only dress it."""

from __future__ import annotations

from typing import Any

from lab.clock import iso
from lab.config.store import ConfigStore
from lab.device.element import Element, ServiceState
from lab.device.port import Port
from lab.network import Network

Row = dict[str, Any]


def version(element: Element) -> Row:
    spec = element.spec
    return {
        "host_name": element.host_name,
        "vendor": spec.vendor,
        "model": spec.model,
        "version": element.version,
        "serial": spec.serial,
        "uptime_seconds": int(element.uptime),
        "booted_at": iso(element.booted_at),
        "location": element.location,
        "contact": element.contact,
    }


def interface(port: Port) -> Row:
    """State of a port without counters."""
    return {
        "name": port.name,
        "index": port.index,
        "kind": port.spec.kind,
        "admin": "up" if port.admin_up else "down",
        "oper": "up" if port.oper_up else "down",
        "speed_mbps": port.spec.speed_mbps,
        "description": port.description,
    }


def counters(element: Element, port: Port) -> Row:
    """Octets, packets, errors and discards since boot, and the present rates in bit/s."""
    reading = port.meter.read(element.clock.monotonic())
    return {
        "in_octets": reading.in_octets,
        "out_octets": reading.out_octets,
        "in_packets": reading.in_packets,
        "out_packets": reading.out_packets,
        "in_errors": reading.in_errors,
        "out_errors": reading.out_errors,
        "in_discards": reading.in_discards,
        "out_discards": reading.out_discards,
        "in_bps": round(port.meter.rates.in_octets * 8),
        "out_bps": round(port.meter.rates.out_octets * 8),
    }


def interface_in_full(element: Element, port: Port) -> Row:
    return {
        **interface(port),
        "last_change": iso(element.last_change(port)),
        "link": port.link,
        **counters(element, port),
        "services": [service(element, state) for state in element.services_on(port.name)],
    }


def service(element: Element, state: ServiceState) -> Row:
    it = state.service
    reading = state.meter.read(element.clock.monotonic())
    return {
        "port": it.port,
        "vlan": it.vlan,
        "service_name": it.name,
        "description": it.description,
        "state": state.state,
        "down_kbps": it.down_kbps,
        "up_kbps": it.up_kbps,
        "address": it.address,
        "address6": it.address6,
        "subscriber": it.subscriber,
        "class": it.quality,
        "in_octets": reading.in_octets,
        "out_octets": reading.out_octets,
        "in_bps": round(state.meter.rates.in_octets * 8),
        "out_bps": round(state.meter.rates.out_octets * 8),
    }


def services(element: Element, name: str | None = None) -> list[Row]:
    return [
        service(element, state) for state in element.services.values() if name in (None, state.service.name)
    ]


def subscribers(network: Network, element: Element, user: str | None = None) -> list[Row]:
    """Sessions: on a BNG those it holds, on an access element those of its customers."""
    found = []
    for session in network.broker.sessions.values() if network.broker else ():
        if element not in (session.bng, session.element) or user not in (None, session.user):
            continue
        octets_in, octets_out = session.octets(element.clock.monotonic())
        down, up = session.limits
        found.append(
            {
                "user": session.user,
                "session_id": session.session_id,
                "service_name": session.state.service.name,
                "element": session.element.name,
                "port": session.state.service.port,
                "vlan": session.state.service.vlan,
                "address": session.state.service.address,
                "since": iso(session.started_at),
                "in_octets": octets_in,
                "out_octets": octets_out,
                "down_kbps": down,
                "up_kbps": up,
            }
        )
    return found


def voice_lines(element: Element, number: str | None = None) -> list[Row]:
    return [
        {
            "number": line.number,
            "state": "blocked" if line.blocked else "enabled",
            "channels": line.channels,
            "in_use": element.calls_in_use(line.number),
            "trunk": line.trunk,
            "name": line.name,
        }
        for line in element.voice_lines.values()
        if number in (None, line.number)
    ]


def neighbors(network: Network, element: Element) -> list[Row]:
    found = []
    for link in network.links_of[element.name]:
        if link.up:
            other, port = link.far_end(element)
            found.append(
                {
                    "local_port": link.far_end(other)[1].name,
                    "neighbor": other.host_name,
                    "neighbor_port": port.name,
                    "neighbor_model": other.spec.model,
                    "link": link.name,
                }
            )
    return found


def routes(network: Network, element: Element) -> list[Row]:
    """Configured routes, those to the services' own networks, and the default way to the core."""
    rows = [
        {"prefix": path[3], "next_hop": value, "protocol": "static"}
        for path, value in element.store.running.leaves()
        if path[:3] == ("routing-options", "static", "route")
    ]
    rows += [
        {"prefix": state.service.address, "next_hop": state.service.port, "protocol": "direct"}
        for state in element.services.values()
        if state.service.address
    ]
    above, link = network.parents.get(element.name, (element, None))
    if link:
        rows.append({"prefix": "0.0.0.0/0", "next_hop": above.spec.address, "protocol": "igp"})
    return rows


def alarms(element: Element) -> list[Row]:
    return [
        {"kind": alarm.kind, "severity": alarm.severity, "text": alarm.text, "since": iso(alarm.since)}
        for alarm in element.alarms.values()
    ]


def health(element: Element) -> Row:
    """Plausible gauges: they follow the sessions, the services, and the alarms that were raised."""
    busy = len(element.sessions)
    return {
        "cpu_percent": 96 if "cpu" in element.alarms else min(90, 4 + 3 * busy),
        "memory_percent": 97 if "memory" in element.alarms else min(90, 31 + len(element.services) // 10),
        "temperature_celsius": 78 if "temperature" in element.alarms else 34,
        "sessions": busy,
    }


def log(element: Element, last: int | None = None) -> list[Row]:
    lines = list(element.log)[-last:] if last else list(element.log)
    return [
        {"at": iso(line.at), "severity": line.severity, "tag": line.tag, "text": line.text} for line in lines
    ]


def users(element: Element) -> list[Row]:
    return [
        {
            "id": session.number,
            "user": session.user,
            "from": session.peer,
            "since": iso(session.since),
            "mode": session.mode,
        }
        for session in element.sessions.values()
    ]


def commits(store: ConfigStore) -> Row:
    waiting = None
    if store.pending:
        left = (store.pending.deadline - store.clock.now()).total_seconds()
        waiting = {
            "generation": store.pending.generation.number,
            "seconds_left": max(0, round(left)),
            "deadline": iso(store.pending.deadline),
            "user": store.pending.generation.user,
            "comment": store.pending.generation.comment,
        }
    return {
        "generation": store.history[0].number,
        "startup_saved": store.startup_saved,
        "commits": [
            {
                "number": back,
                "generation": generation.number,
                "at": iso(generation.at),
                "user": generation.user,
                "comment": generation.comment,
            }
            for back, generation in enumerate(store.history)
        ],
        "pending": waiting,
    }
