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
LLDP_REMOTE = "1.0.8802.1.1.2.1.4.1.1"
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
