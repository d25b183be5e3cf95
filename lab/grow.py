"""Larger topologies of the built-in one's shape, for load."""

from __future__ import annotations

from typing import Any

ACCESS_PER_AGGREGATION = 10
CORE_PORTS = 400


def grow(elements: int) -> dict[str, Any]:
    """A topology file's content: two core elements, a gateway, a BNG, and access behind aggregation."""
    if elements < 6:
        raise ValueError("at least 6 elements")
    made: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    free: dict[str, list[str]] = {}

    def add(name: str, role: str, network_ports: int, customer_ports: int = 0) -> str:
        number = len(made)
        is_kestrel = role in ("core", "bng") or number % 2 == 0
        trunk, access = ("xe-0/0/", "ge-0/1/") if is_kestrel else ("Ethernet2/", "Ethernet1/")
        ports = [
            {"prefix": trunk, "first": 1, "count": network_ports, "speed_mbps": 10_000, "kind": "network"}
        ]
        if customer_ports:
            ports.append(
                {
                    "prefix": access,
                    "first": 1,
                    "count": customer_ports,
                    "speed_mbps": 1000,
                    "kind": "customer",
                }
            )
        made.append(
            {
                "name": name,
                "vendor": "kestrel" if is_kestrel else "heron",
                "role": role,
                "model": {"core": "KR-9400", "bng": "KB-300"}.get(role, "KX-48" if is_kestrel else "HS-48"),
                "version": "24.2R1" if is_kestrel else "4.31.2",
                "serial": f"G{number:07d}",
                "site": "Grown",
                "address": f"10.254.{number // 250}.{number % 250 + 1}",
                "ports": ports,
            }
        )
        free[name] = [f"{trunk}{at}" for at in range(1, network_ports + 1)]
        return name

    def join(upper: str, lower: str) -> None:
        ends = [[upper, free[upper].pop(0)], [lower, free[lower].pop(0)]]
        links.append({"name": f"{upper}--{lower}", "ends": ends})

    cores = [add("core1", "core", CORE_PORTS), add("core2", "core", CORE_PORTS)]
    join(*cores)
    join(cores[0], add("sbc1", "voice-gateway", 2))
    join(cores[0], add("bng1", "bng", 4))
    aggregation = ""
    while len(made) < elements:
        if not aggregation or not free[aggregation]:
            aggregation = add(f"agg{len(made):04d}", "aggregation", ACCESS_PER_AGGREGATION + 2)
            for core in cores:
                join(core, aggregation)
        else:
            join(aggregation, add(f"acc{len(made):04d}", "access", 2, 48))
    return {"name": "grown", "noc": [cores[0]], "elements": made, "links": links}
