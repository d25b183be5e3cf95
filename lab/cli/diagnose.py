"""Ping, traceroute and line test, decided by the state of the network."""

from __future__ import annotations

from lab.cli.facts import Row
from lab.clock import iso
from lab.device.element import Element
from lab.device.link import Link
from lab.device.port import LineTest, Port
from lab.network import Network

HOP_MS, ACCESS_MS = 0.45, 2.1


def ping(network: Network, element: Element, address: str, count: int = 5) -> Row:
    """Answers come from a customer only while the service passes traffic, from an element while it is powered."""
    path = _answering_path(network, element, address)
    times = [] if path is None else [round(_round_trip(path, address, n), 2) for n in range(count)]
    return {
        "target": address,
        "sent": count,
        "received": len(times),
        "loss_percent": 0 if times else 100,
        "rtt_min_ms": min(times, default=None),
        "rtt_avg_ms": round(sum(times) / len(times), 2) if times else None,
        "rtt_max_ms": max(times, default=None),
    }


def traceroute(network: Network, element: Element, address: str) -> Row:
    """The way as far as it leads; a customer's gateway is the last hop, named after its service."""
    found = network.find_address(address)
    path = network.path(element, found[0]) if found else None
    hops = [
        {"hop": at, "element": hop.name, "address": hop.spec.address, "rtt_ms": round(at * HOP_MS + 0.3, 2)}
        for at, hop in enumerate((path or [])[1:], start=1)
    ]
    reached = _answering_path(network, element, address) is not None
    if reached and found and found[1]:
        name = found[1].service.name
        rtt = round(len(hops) * HOP_MS + ACCESS_MS, 2)
        hops.append({"hop": len(hops) + 1, "element": name, "address": address, "rtt_ms": rtt})
    return {"target": address, "reached": reached, "hops": hops}


def line_test(network: Network, element: Element, port: Port) -> Row:
    """A customer's line as its port finds it; a link's line as a reflectometer sees it from this end."""
    link = network.links[port.link] if port.link else None
    found = port.test_line(element.name) if link is None else _link_test(link, element)
    return {
        "port": port.name,
        "result": found.result,
        "fault": found.fault,
        "attenuation_db": found.attenuation_db,
        "length_m": found.length_m,
        "fault_distance_m": found.fault_distance_m,
        "at": iso(element.clock.now()),
    }


def _link_test(link: Link, element: Element) -> LineTest:
    loss = round(link.length_m * 0.00035 + 0.6, 1)
    if link.cut:
        return LineTest("fault", "open", loss, link.length_m, link.break_distance_m(element))
    return LineTest("ok", None, loss, link.length_m, None)


def _answering_path(network: Network, element: Element, address: str) -> list[Element] | None:
    found = network.find_address(address)
    if found is None:
        return None
    target, state = found
    answers = target.powered and (state.state == "active" if state else not target.faults.hung)
    return network.path(element, target) if answers else None


def _round_trip(path: list[Element], address: str, packet: int) -> float:
    last_mile = 0.0 if path[-1].spec.address == address else ACCESS_MS
    jitter = (sum(address.encode()) * 31 + packet * 17) % 40 / 100
    return 0.3 + HOP_MS * (len(path) - 1) + last_mile + jitter
