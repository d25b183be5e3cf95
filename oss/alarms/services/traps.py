"""SNMP notifications (RFC 3416 §4.2.6-7, RFC 3584 for version 1): bytes in, what they say out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto import api
from pysnmp.proto.error import ProtocolError
from pysnmp.proto.proxy import rfc2576

from kernel.errors import Invalid
from oss.alarms.services.signs import Sign

# A UDP datagram of a notification; larger ones are not SNMP.
MAX_BYTES = 65_507

TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"
UPTIME = "1.3.6.1.2.1.1.3.0"
SYS_NAME = "1.3.6.1.2.1.1.5"
TRAP_ADDRESS = "1.3.6.1.6.3.18.1.3.0"
IF_INDEX, IF_DESCR = "1.3.6.1.2.1.2.2.1.1", "1.3.6.1.2.1.2.2.1.2"
IF_ADMIN, IF_OPER = "1.3.6.1.2.1.2.2.1.7", "1.3.6.1.2.1.2.2.1.8"
IF_NAME = "1.3.6.1.2.1.31.1.1.1.1"
# Variables of the enterprise notifications; 32473 is the number reserved for documentation (RFC 5612).
ENTERPRISE = "1.3.6.1.4.1.32473.1"
KIND, SEVERITY, TEXT, STATE = (f"{ENTERPRISE}.3.{n}" for n in (1, 2, 3, 4))

# Notification → kind of sign; `{state}` is filled from the variables.
KINDS: Mapping[str, str] = {
    "1.3.6.1.6.3.1.1.5.1": "restart",
    "1.3.6.1.6.3.1.1.5.2": "restart",
    "1.3.6.1.6.3.1.1.5.3": "link_down",
    "1.3.6.1.6.3.1.1.5.4": "link_up",
    "1.3.6.1.6.3.1.1.5.5": "authentication_failure",
    "1.3.6.1.2.1.15.7.1": "bgp_up",  # RFC 1657 numbering, still what most routers send
    "1.3.6.1.2.1.15.7.2": "bgp_down",
    "1.3.6.1.2.1.15.0.1": "bgp_up",  # RFC 4273
    "1.3.6.1.2.1.15.0.2": "bgp_down",
    f"{ENTERPRISE}.0.1": "power_loss",
    f"{ENTERPRISE}.0.2": "environment_{state}",
    f"{ENTERPRISE}.0.3": "configuration_changed",
}
IF_STATES = {
    "1": "up",
    "2": "down",
    "3": "testing",
    "5": "dormant",
    "6": "not present",
    "7": "lower layer down",
}


@dataclass(frozen=True)
class Trap:
    """A decoded notification: its name, variables in order as text, and the reply an inform waits for."""

    community: str
    oid: str
    variables: Mapping[str, str]
    reply: bytes | None = None

    def value(self, base: str) -> str:
        """The first variable of that column, whatever its index; empty when there is none."""
        exact = self.variables.get(base)
        if exact is not None:
            return exact
        return next((value for oid, value in self.variables.items() if oid.startswith(base + ".")), "")


def decode(data: bytes) -> Trap:
    """Read an SNMPv1 or v2c notification. Raises Invalid for anything else."""
    if len(data) > MAX_BYTES:
        raise Invalid("an SNMP message does not fit into more than one datagram", code="trap.tooLong")
    try:
        version = api.decodeMessageVersion(data)
        module = api.PROTOCOL_MODULES[version]
        message, _rest = decoder.decode(data, asn1Spec=module.Message())
        pdu = module.apiMessage.get_pdu(message)
        community = bytes(module.apiMessage.get_community(message)).decode("latin-1")
        reply = None
        if version == api.SNMP_VERSION_1:
            pdu = rfc2576.v1_to_v2(pdu)
        elif pdu.isSameTypeWith(module.InformRequestPDU()):
            reply = _reply(module, message, pdu)
        notifications = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
        if not (pdu.isSameTypeWith(notifications.TrapPDU()) or reply is not None):
            raise Invalid("not a notification", code="trap.notNotification")
        pairs = [(str(oid), value) for oid, value in notifications.apiPDU.get_varbinds(pdu)]
    except (PyAsn1Error, ProtocolError, KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        # The codec raises whatever the broken bytes run into; all of it means the same.
        raise Invalid(f"not a readable SNMP message: {error}"[:300], code="trap.unreadable") from error
    variables = {oid: _text(value) for oid, value in pairs}
    return Trap(community=community, oid=variables.pop(TRAP_OID, ""), variables=variables, reply=reply)


def _reply(module: Any, message: Any, pdu: Any) -> bytes:
    """The Response that ends an InformRequest: the same request id and variables (RFC 3416 §4.2.7)."""
    response = module.ResponsePDU()
    module.apiPDU.set_defaults(response)
    module.apiPDU.set_request_id(response, module.apiPDU.get_request_id(pdu))
    module.apiPDU.set_varbinds(response, module.apiPDU.get_varbinds(pdu))
    answer = module.Message()
    module.apiMessage.set_defaults(answer)
    module.apiMessage.set_community(answer, module.apiMessage.get_community(message))
    module.apiMessage.set_pdu(answer, response)
    encoded: bytes = encoder.encode(answer)
    return encoded


def _text(value: Any) -> str:
    if hasattr(value, "asOctets"):
        raw = bytes(value.asOctets())
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.hex(":")
        return text if text.isprintable() else raw.hex(":")
    return str(value.prettyPrint() if hasattr(value, "prettyPrint") else value)


def read(trap: Trap) -> Sign:
    """What a notification says. An unknown one is a sign of kind `unknown` that keeps its name and variables."""
    index = trap.value(IF_INDEX)
    fields = {"trap": trap.oid, **({"uptime": up} if (up := trap.value(UPTIME)) else {})}
    for name, base in (("admin", IF_ADMIN), ("oper", IF_OPER)):
        if (state := trap.value(base)) != "":
            fields[name] = IF_STATES.get(state, state)
    kind = KINDS.get(trap.oid, "unknown")
    if "{state}" in kind:
        kind = kind.format(state="clear" if trap.value(STATE) == "cleared" else "set")
    if kind == "unknown":
        fields |= {oid: value[:200] for oid, value in list(trap.variables.items())[:20]}
    return Sign(
        kind=kind,
        text=trap.value(TEXT) or _wording(kind, trap),
        host=trap.value(SYS_NAME),
        if_index=int(index) if index.isdigit() else None,
        port=trap.value(IF_NAME) or trap.value(IF_DESCR),
        subject=_subject(kind, trap),
        severity=trap.value(SEVERITY),
        fields=fields,
    )


def _subject(kind: str, trap: Trap) -> str:
    if kind.startswith("bgp_"):
        # bgpPeerState and bgpPeerLastError are indexed by the peer's address.
        return next((".".join(oid.split(".")[-4:]) for oid in trap.variables if ".2.1.15.3.1." in oid), "")
    return trap.value(KIND) if kind.startswith("environment_") else ""


def _wording(kind: str, trap: Trap) -> str:
    where = trap.value(IF_NAME) or trap.value(IF_DESCR) or trap.value(IF_INDEX)
    words = kind.replace("_", " ") if kind != "unknown" else f"notification {trap.oid}"
    return f"{words} {where}".strip()
