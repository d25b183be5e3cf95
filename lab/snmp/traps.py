"""Traps: what elements tell unasked (SNMPv2-Trap-PDU, RFC 3416 4.2.6)."""

from __future__ import annotations

from typing import Any

from pysnmp.proto.api import v2c

from lab.device.element import Element
from lab.events import Event
from lab.snmp.agent import encode
from lab.snmp.mib import ENTERPRISE, IF_ENTRY, SYS_NAME, SYS_UPTIME, Oid, status, text, ticks

TRAP_OID: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
TRAP_ADDRESS: Oid = (1, 3, 6, 1, 6, 3, 18, 1, 3, 0)
_STANDARD: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 5)

KINDS: dict[str, Oid] = {
    "boot": (*_STANDARD, 1),  # coldStart
    "link-down": (*_STANDARD, 3),
    "link-up": (*_STANDARD, 4),
    "power-loss": (*ENTERPRISE, 0, 1),
    "alarm": (*ENTERPRISE, 0, 2),
    "commit": (*ENTERPRISE, 0, 3),
    "rollback": (*ENTERPRISE, 0, 3),
}
KIND, SEVERITY, TEXT, STATE = ((*ENTERPRISE, 3, number) for number in (1, 2, 3, 4))


def trap(event: Event, element: Element) -> bytes | None:
    """The trap for an event as a whole message; None for events that make none."""
    if event.kind not in KINDS:
        return None
    bindings: list[tuple[Oid, Any]] = [
        (SYS_UPTIME, ticks(element.uptime)),
        (TRAP_OID, v2c.ObjectIdentifier(KINDS[event.kind])),
        *_port_bindings(event, element),
        *_text_bindings(event),
        (SYS_NAME, text(element.host_name)),
        (TRAP_ADDRESS, v2c.IpAddress(element.spec.address)),
    ]
    pdu = v2c.TrapPDU()
    v2c.apiTrapPDU.set_defaults(pdu)
    v2c.apiTrapPDU.set_varbinds(pdu, [(v2c.ObjectIdentifier(oid), value) for oid, value in bindings])
    return encode(pdu, element.community)


def _port_bindings(event: Event, element: Element) -> list[tuple[Oid, Any]]:
    if event.port is None:
        return []
    port = element.ports[event.port]
    return [
        ((*IF_ENTRY, 1, port.index), v2c.Integer32(port.index)),
        ((*IF_ENTRY, 2, port.index), text(port.name)),
        ((*IF_ENTRY, 7, port.index), status(port.admin_up)),
        # what the event was about, not what may have become of the port since
        ((*IF_ENTRY, 8, port.index), status(event.kind == "link-up")),
    ]


def _text_bindings(event: Event) -> list[tuple[Oid, Any]]:
    if event.kind in ("boot", "link-down", "link-up"):
        return []
    bindings = [(TEXT, text(event.text))]
    if "kind" in event.data:
        bindings.insert(0, (KIND, text(event.data["kind"])))
    if "state" in event.data:
        bindings += [(SEVERITY, text(event.severity)), (STATE, text(event.data["state"]))]
    return sorted(bindings, key=lambda binding: binding[0])
