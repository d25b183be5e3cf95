"""SNMPv2c reading with GETBULK (RFC 3416), many agents at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gufo.snmp import SnmpError
from gufo.snmp.aio import SnmpSession

from kernel.errors import Unreachable
from oss.southbound.drivers.ssh import call

SYSTEM = "1.3.6.1.2.1.1"
IF_TABLE = "1.3.6.1.2.1.2.2.1"
IF_X_TABLE = "1.3.6.1.2.1.31.1.1.1"
IF_NAME, IF_HIGH_SPEED, IF_ALIAS = f"{IF_X_TABLE}.1", f"{IF_X_TABLE}.15", f"{IF_X_TABLE}.18"
IF_ADMIN, IF_OPER = f"{IF_TABLE}.7", f"{IF_TABLE}.8"
LLDP_LOCAL = "1.0.8802.1.1.2.1.3.7.1"
LLDP_REMOTE = "1.0.8802.1.1.2.1.4.1.1"
LLDP_LOCAL_PORT, LLDP_REMOTE_PORT, LLDP_REMOTE_NAME = (
    f"{LLDP_LOCAL}.3",
    f"{LLDP_REMOTE}.7",
    f"{LLDP_REMOTE}.9",
)
FACTS = (SYSTEM, IF_NAME, IF_HIGH_SPEED, IF_ALIAS, IF_ADMIN, IF_OPER, LLDP_LOCAL_PORT, LLDP_REMOTE)
STATES = {1: "up", 2: "down"}
AGENT_SECONDS = 4.0

Values = dict[str, Any]


@dataclass(frozen=True)
class Agent:
    """Where one SNMP agent listens, and its community."""

    host: str
    port: int
    community: str


async def _walk(agent: Agent, bases: Sequence[str]) -> Values:
    found: Values = {}
    async with SnmpSession(
        addr=agent.host,
        port=agent.port,
        community=agent.community,
        timeout=AGENT_SECONDS / 2,
        allow_bulk=True,
    ) as session:
        for base in bases:
            async for oid, value in session.getbulk(base):
                found[oid] = value
    return found


async def _walk_many(agents: Sequence[Agent], bases: Sequence[str], concurrency: int) -> list[Values | None]:
    gate = asyncio.Semaphore(concurrency)

    async def one(agent: Agent) -> Values | None:
        async with gate:
            try:
                return await asyncio.wait_for(_walk(agent, bases), AGENT_SECONDS)
            except (TimeoutError, SnmpError, OSError):
                return None

    return list(await asyncio.gather(*(one(agent) for agent in agents)))


def walk(agent: Agent, bases: Sequence[str]) -> Values:
    """Every value below the given OIDs, by full OID. Raises Unreachable when the agent does not answer."""
    found = walk_many([agent], bases)[0]
    if found is None:
        raise Unreachable(f"SNMP agent {agent.host}:{agent.port} does not answer", code="element.unreachable")
    return found


def walk_many(agents: Iterable[Agent], bases: Sequence[str], *, concurrency: int = 20) -> list[Values | None]:
    """`walk` over many agents at once, in their order; None for an agent that does not answer."""
    listed = list(agents)
    # Each agent has its own limit; the whole only guards against a stuck loop.
    seconds = AGENT_SECONDS * (len(listed) // concurrency + 2)
    return call(_walk_many(listed, bases, concurrency), seconds)


@dataclass(frozen=True)
class Interface:
    """A port as ifTable and ifXTable (RFC 2863) show it; speed in Mbit/s."""

    index: int
    name: str
    alias: str
    speed_mbps: int
    admin: str
    oper: str


@dataclass(frozen=True)
class Neighbour:
    """What LLDP (IEEE 802.1AB) heard on a port."""

    local_port: str
    neighbour: str
    neighbour_port: str


@dataclass(frozen=True)
class Facts:
    """What an agent says of itself, its ports and its neighbours."""

    name: str
    description: str
    location: str
    uptime_s: float
    interfaces: tuple[Interface, ...]
    neighbours: tuple[Neighbour, ...]


def facts(values: Values) -> Facts:
    """Facts from a walk over `FACTS`."""
    return Facts(
        name=_text(values.get(f"{SYSTEM}.5.0")),
        description=_text(values.get(f"{SYSTEM}.1.0")),
        location=_text(values.get(f"{SYSTEM}.6.0")),
        uptime_s=int(values.get(f"{SYSTEM}.3.0", 0)) / 100,
        interfaces=tuple(_interface(index, values) for index in _column(values, IF_NAME)),
        neighbours=tuple(_neighbours(values)),
    )


def _interface(index: str, values: Values) -> Interface:
    return Interface(
        index=int(index),
        name=_text(values[f"{IF_NAME}.{index}"]),
        alias=_text(values.get(f"{IF_ALIAS}.{index}")),
        speed_mbps=int(values.get(f"{IF_HIGH_SPEED}.{index}", 0)),
        admin=STATES.get(values.get(f"{IF_ADMIN}.{index}", 0), "unknown"),
        oper=STATES.get(values.get(f"{IF_OPER}.{index}", 0), "unknown"),
    )


def _neighbours(values: Values) -> list[Neighbour]:
    # Rows of the remote table are indexed by time mark, local port number and a counter.
    local = _column(values, LLDP_LOCAL_PORT)
    ports = _column(values, LLDP_REMOTE_PORT)
    return [
        Neighbour(_text(local.get(row.split(".")[1])), _text(name), _text(ports.get(row)))
        for row, name in _column(values, LLDP_REMOTE_NAME).items()
    ]


def _column(values: Values, base: str) -> dict[str, Any]:
    """Values of one column by row index."""
    start = f"{base}."
    return {oid[len(start) :]: value for oid, value in values.items() if oid.startswith(start)}


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
