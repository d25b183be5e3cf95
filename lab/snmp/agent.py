"""The SNMP agent of an element: SNMPv2c over UDP (RFC 1901, RFC 3416), read-only."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto.api import v2c

from lab.device.element import Element
from lab.snmp.mib import Mib, Oid

MAX_OCTETS = 60_000  # of one response, below what a datagram holds
MAX_VARBINDS = 400
_VERSION = 1  # SNMPv2c on the wire
_NOT_WRITABLE = 17

Binding = tuple[Any, Any]


def answer(request: bytes, community: str, mib: Mib) -> bytes | None:
    """The response to one datagram; None where RFC 3416 wants silence (wrong community, not a request)."""
    try:
        message, _ = decoder.decode(request, asn1Spec=v2c.Message())
    except PyAsn1Error:
        return None
    if message["version"] != _VERSION or bytes(message["community"]) != community.encode():
        return None
    pdu = v2c.apiMessage.get_pdu(message)
    bindings = _bindings(pdu, mib)
    if bindings is None:
        return None
    response = v2c.ResponsePDU()
    v2c.apiPDU.set_defaults(response)
    v2c.apiPDU.set_request_id(response, v2c.apiPDU.get_request_id(pdu))
    if isinstance(pdu, v2c.SetRequestPDU):
        v2c.apiPDU.set_error_status(response, _NOT_WRITABLE)
        v2c.apiPDU.set_error_index(response, 1)
    v2c.apiPDU.set_varbinds(response, bindings)
    return encode(response, community)


def encode(pdu: Any, community: str) -> bytes:
    """A PDU as a whole SNMPv2c message."""
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, community)
    v2c.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


def _bindings(pdu: Any, mib: Mib) -> list[Binding] | None:
    if isinstance(pdu, v2c.GetBulkRequestPDU):
        return _bulk(pdu, mib)
    asked = v2c.apiPDU.get_varbinds(pdu)
    if isinstance(pdu, v2c.GetRequestPDU):
        return [(oid, mib.get(tuple(oid))) for oid, _ in asked]
    if isinstance(pdu, v2c.GetNextRequestPDU):
        return [_following(tuple(oid), mib)[1] for oid, _ in asked]
    if isinstance(pdu, v2c.SetRequestPDU):
        return list(asked)
    return None


def _following(oid: Oid, mib: Mib) -> tuple[Oid | None, Binding]:
    found = mib.after(oid)
    if found is None:
        return None, (v2c.ObjectIdentifier(oid), v2c.EndOfMibView())
    return found[0], (v2c.ObjectIdentifier(found[0]), found[1])


def _bulk(pdu: Any, mib: Mib) -> list[Binding]:
    """RFC 3416 4.2.3: the first names once, the others up to max-repetitions times, side by side."""
    names = [tuple(oid) for oid, _ in v2c.apiBulkPDU.get_varbinds(pdu)]
    once = max(0, int(v2c.apiBulkPDU.get_non_repeaters(pdu)))
    bindings = [_following(oid, mib)[1] for oid in names[:once]]
    columns: list[Oid | None] = [*names[once:]]
    for _ in range(max(0, int(v2c.apiBulkPDU.get_max_repetitions(pdu)))):
        if not any(column is not None for column in columns) or len(bindings) >= MAX_VARBINDS:
            break
        for at, column in enumerate(columns):
            if column is None:  # at its end: the last binding again says so
                bindings.append(bindings[-len(columns)])
                continue
            columns[at], binding = _following(column, mib)
            bindings.append(binding)
    return bindings


class Agent(asyncio.DatagramProtocol):
    """Answers on the element's UDP port; also the socket its traps leave by."""

    def __init__(self, element: Element, mib: Mib) -> None:
        self._element, self._mib = element, mib
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self._element.answers:
            return
        response = answer(data, self._element.community, self._mib)
        if response is None:
            return
        if delay := self._element.faults.delay_ms:
            asyncio.get_running_loop().call_later(delay / 1000, self.send, response, addr)
        else:
            self.send(response, addr)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there any more; UDP does not care."""

    def send(self, message: bytes, address: tuple[str, int]) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(message, address)


class Echo(asyncio.DatagramProtocol):
    """RFC 862: what comes in goes back. Stands in for ICMP, which loopback answers by itself."""

    def __init__(self, element: Element) -> None:
        self._element = element

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._element.answers:
            delay = self._element.faults.delay_ms / 1000
            asyncio.get_running_loop().call_later(delay, self._transport.sendto, data, addr)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there any more; UDP does not care."""
