"""Sockets of one element, and how their ports are chosen."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.cli.dialects import DIALECTS
from lab.cli.ssh import Credentials, SshDoor
from lab.device.element import Element
from lab.network import Network
from lab.snmp.agent import Agent, Echo
from lab.snmp.mib import Mib

ORDER = ("ssh_port", "snmp_port", "echo_port", "coa_port")  # offsets with --ports-from
PER_ELEMENT = 10


@dataclass
class Ports:
    """Which ports to listen on: fixed ones, else those of the last run where free, else any."""

    start: int | None
    previous: Mapping[str, Mapping[str, Any]]

    def wish(self, number: int, name: str, which: str) -> list[int]:
        """Ports to try in turn for an element; 0 means any."""
        if self.start is not None:
            return [self.start + PER_ELEMENT * number + ORDER.index(which)]
        before = self.previous.get(name, {}).get(which)
        return [before, 0] if isinstance(before, int) else [0]


async def open_udp(protocol: asyncio.DatagramProtocol, wishes: list[int]) -> asyncio.DatagramTransport:
    """Bind a protocol to the first of these loopback ports that is free. Raises OSError when none is."""
    loop = asyncio.get_running_loop()
    for port in wishes[:-1]:
        with contextlib.suppress(OSError):
            transport, _ = await loop.create_datagram_endpoint(
                lambda: protocol, local_addr=("127.0.0.1", port)
            )
            return transport
    try:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: protocol, local_addr=("127.0.0.1", wishes[-1])
        )
    except OSError as error:
        raise _named(error, wishes[-1]) from error
    return transport


def _named(error: OSError, port: int) -> OSError:
    """The same error, saying which port."""
    return OSError(error.errno, f"127.0.0.1:{port}: {os.strerror(error.errno or 0)}")


def udp_port(transport: asyncio.DatagramTransport) -> int:
    return int(transport.get_extra_info("sockname")[1])


@dataclass
class Doors:
    """What one element listens on."""

    network: Network
    element: Element
    credentials: Credentials
    logged_in: Callable[[Element, str], object]
    ports: dict[str, int] = field(default_factory=dict)
    _transports: list[asyncio.DatagramTransport] = field(default_factory=list)

    async def open(self, wish: Callable[[str], list[int]]) -> None:
        """Open SSH, SNMP and echo; `wish` gives the ports to try for each."""
        shell = DIALECTS[self.element.spec.vendor].shell
        self.ssh = SshDoor(self.network, self.element, shell, self.credentials, self.logged_in)
        self.ports["ssh_port"] = self._open_ssh(wish("ssh_port"))
        self.agent = Agent(self.element, Mib(self.network, self.element))
        await self.add_udp("snmp_port", self.agent, wish("snmp_port"))
        await self.add_udp("echo_port", Echo(self.element), wish("echo_port"))

    async def add_udp(self, which: str, protocol: asyncio.DatagramProtocol, wishes: list[int]) -> None:
        transport = await open_udp(protocol, wishes)
        self._transports.append(transport)
        self.ports[which] = udp_port(transport)

    async def close(self) -> None:
        await self.ssh.close()
        for transport in self._transports:
            transport.close()

    def _open_ssh(self, wishes: list[int]) -> int:
        for port in wishes[:-1]:
            with contextlib.suppress(OSError):
                return self.ssh.open(port)
        try:
            return self.ssh.open(wishes[-1])
        except OSError as error:
            raise _named(error, wishes[-1]) from error
