"""Dynamic authorization (RFC 5176): Disconnect and CoA requests to a BNG."""

from __future__ import annotations

import asyncio
from typing import cast

from pyrad.packet import (
    CoANAK,
    CoAPacket,
    CoARequest,
    DisconnectNAK,
    DisconnectRequest,
    PacketError,
)

from lab.device.element import Element
from lab.notify import Address
from lab.radius.accounting import dictionary
from lab.radius.sessions import Subscribers


class DynamicAuthorization(asyncio.DatagramProtocol):
    """Listens for one BNG. Requests that do not authenticate get no answer (RFC 5176 3.3)."""

    def __init__(self, bng: Element, subscribers: Subscribers, secret: str) -> None:
        self._bng, self._subscribers, self._secret = bng, subscribers, secret.encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self._bng.answers and (reply := self.answer(data)):
            self._transport.sendto(reply, addr)

    def error_received(self, exc: Exception) -> None:
        """Who asked has gone."""

    def answer(self, data: bytes) -> bytes | None:
        """The reply to one request, None for what deserves silence."""
        try:
            request = CoAPacket(packet=data, dict=dictionary(), secret=self._secret)
        except PacketError:
            return None
        if request.code not in (CoARequest, DisconnectRequest) or not request.VerifyCoARequest():
            return None
        error = self._perform(request)
        reply = request.CreateReply()
        if error:
            reply.code = DisconnectNAK if request.code == DisconnectRequest else CoANAK
            reply["Error-Cause"] = error
        return bytes(reply.ReplyPacket())

    def _perform(self, request: CoAPacket) -> str | None:
        """Do as asked; returns the name of an Error-Cause when it cannot be done."""
        session_id, user = _first(request, "Acct-Session-Id"), _first(request, "User-Name")
        if session_id is None and user is None:
            return "Missing-Attribute"
        session = self._subscribers.find(self._bng, session_id, user)
        if session is None:
            return "Session-Context-Not-Found"
        if request.code == DisconnectRequest:
            self._subscribers.disconnect(session)
            return None
        down, up = _first(request, "Lab-Down-Kbps"), _first(request, "Lab-Up-Kbps")
        if down is None and up is None:
            return "Missing-Attribute"
        self._subscribers.set_limits(session, down, up)  # type: ignore[arg-type]  # integers by dictionary
        return None


def _first(request: CoAPacket, name: str) -> str | None:
    values = request.get(name, [])
    return values[0] if values else None
