"""Accounting client (RFC 2866): sends requests, checks responses, tries again, gives up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from pyrad.dictionary import Dictionary
from pyrad.packet import AccountingResponse, AcctPacket, Packet, PacketError

from lab.clock import Clock, Timer
from lab.device.element import Element
from lab.notify import Address
from lab.topology import RadiusSpec

Attributes = dict[str, Any]
WINDOW = 200  # requests under way at once; the identifier has 256 values
BACKLOG = 20_000  # requests that wait for a place in the window


@lru_cache(maxsize=1)
def dictionary() -> Dictionary:
    """The attributes the lab knows."""
    return Dictionary(str(Path(__file__).with_name("dictionary")))


def split_octets(octets: int) -> tuple[int, int]:
    """A 64-bit count as Acct-*-Octets and Acct-*-Gigawords (RFC 2869 5.1)."""
    return octets & 0xFFFFFFFF, octets >> 32


@dataclass
class Request:
    """One accounting request on its way, however often it is sent."""

    attributes: Attributes
    since: datetime
    tries: int = 0
    identifier: int = -1
    packet: AcctPacket | None = field(default=None)
    timer: Timer | None = None


class AccountingClient(asyncio.DatagramProtocol):
    """Accounting of one BNG. `lost` is told of a request nobody confirmed."""

    def __init__(
        self,
        nas: Element,
        spec: RadiusSpec,
        clock: Clock,
        server: Callable[[], Address | None],
        lost: Callable[[Attributes], object],
    ) -> None:
        self._nas, self._spec, self._clock, self._server, self._lost = nas, spec, clock, server, lost
        self._transport: asyncio.DatagramTransport | None = None
        self._under_way: dict[int, Request] = {}
        self._backlog: deque[Request] = deque(maxlen=BACKLOG)
        self._next_identifier = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def error_received(self, exc: Exception) -> None:
        """The server is away: the timer will try again."""

    @property
    def outstanding(self) -> int:
        """Requests not yet confirmed."""
        return len(self._under_way) + len(self._backlog)

    def send(self, attributes: Attributes) -> None:
        """Account for something; without a configured server nothing happens."""
        if self._server() is None:
            return
        self._backlog.append(Request(attributes, self._clock.now()))
        self._fill_window()

    def last_words(self) -> None:
        """The BNG goes down in good order: what still waits for its place is sent, once."""
        for number, request in enumerate(self._backlog):
            request.identifier = number % 256  # nobody will look for the answers
            self._emit(request)
        self.forget()

    def forget(self) -> None:
        """Power is gone: nothing is tried again."""
        for request in self._under_way.values():
            if request.timer:
                request.timer.cancel()
        self._under_way.clear()
        self._backlog.clear()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if not self._nas.answers:
            return
        request = self._under_way.get(data[1]) if len(data) >= 20 else None
        if request is None or request.packet is None:
            return
        try:
            reply = Packet(packet=data, dict=dictionary(), secret=self._spec.secret.encode())
        except PacketError:
            return
        # a wrong authenticator is as good as no answer (RFC 2866 4.2)
        if reply.code == AccountingResponse and request.packet.VerifyReply(reply, data):
            self._done(request)

    def _fill_window(self) -> None:
        while self._backlog and len(self._under_way) < WINDOW:
            self._transmit(self._backlog.popleft())

    def _transmit(self, request: Request) -> None:
        request.tries += 1
        request.identifier = self._free_identifier()
        self._under_way[request.identifier] = request
        self._emit(request)
        request.timer = self._clock.call_later(self._spec.retry_seconds, lambda: self._late(request))

    def _emit(self, request: Request) -> None:
        delay = int((self._clock.now() - request.since).total_seconds())
        # a new Acct-Delay-Time makes a new packet, hence a new identifier (RFC 2866 5.2)
        request.packet = AcctPacket(
            id=request.identifier, secret=self._spec.secret.encode(), dict=dictionary()
        )
        for name, value in {**request.attributes, "Acct-Delay-Time": delay}.items():
            request.packet[name] = value
        server = self._server()
        if server and self._transport and self._nas.answers:
            self._transport.sendto(request.packet.RequestPacket(), server)

    def _free_identifier(self) -> int:
        while self._next_identifier in self._under_way:
            self._next_identifier = (self._next_identifier + 1) % 256
        found = self._next_identifier
        self._next_identifier = (found + 1) % 256
        return found

    def _late(self, request: Request) -> None:
        self._under_way.pop(request.identifier, None)
        if request.tries < self._spec.tries:
            self._transmit(request)
        else:
            self._lost(request.attributes)
            self._fill_window()

    def _done(self, request: Request) -> None:
        if request.timer:
            request.timer.cancel()
        self._under_way.pop(request.identifier, None)
        self._fill_window()
