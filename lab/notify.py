"""Carries events to the sinks: traps by the element's own agent, syslog by a common socket."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from lab import syslog
from lab.device.element import Element, LogLine
from lab.events import Event
from lab.snmp.agent import Agent
from lab.snmp.traps import trap

Address = tuple[str, int]


@dataclass
class Sinks:
    """Where elements report to; None is off."""

    traps: Address | None = None
    syslog: Address | None = None
    radius: Address | None = None
    cdr_dir: str | None = None


def parse_address(text: str) -> Address:
    """HOST:PORT; raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is not HOST:PORT")
    return host, int(port)


def show_address(address: Address | None) -> str | None:
    return f"{address[0]}:{address[1]}" if address else None


class Notifier(asyncio.DatagramProtocol):
    """Listens to the event log; also writes each element's own log, which is kept sent or not."""

    def __init__(self, elements: Mapping[str, Element], agents: Mapping[str, Agent], sinks: Sinks) -> None:
        self._elements, self._agents, self._sinks = elements, agents, sinks
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def error_received(self, exc: Exception) -> None:
        """The sink is away; syslog over UDP does not care."""

    def take(self, event: Event) -> None:
        """Log an event on its element and, where it has a way out, report it."""
        element = self._elements[event.element]
        _, mnemonic = syslog.tag(event, element)
        element.log.append(LogLine(event.at, event.severity, mnemonic, event.text))
        if not event.sent:
            return
        if self._sinks.syslog and self._transport and not self._transport.is_closing():
            self._transport.sendto(syslog.message(event, element), self._sinks.syslog)
        if self._sinks.traps and (message := trap(event, element)):
            self._agents[element.name].send(message, self._sinks.traps)
