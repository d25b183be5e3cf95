"""SNMP notifications decoded and understood."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto.api import v1, v2c

from kernel.errors import Invalid
from oss.alarms.services import traps
from tests.factories.oss_alarms import COLD_START, LINK_DOWN, trap_bytes

ENTERPRISE = (1, 3, 6, 1, 4, 1, 32473, 1)
IF_ENTRY = (1, 3, 6, 1, 2, 1, 2, 2, 1)


def octets(text: str) -> v2c.OctetString:
    return v2c.OctetString(text)


def test_link_down_names_port_and_states() -> None:
    sign = traps.read(
        traps.decode(
            trap_bytes(
                LINK_DOWN,
                [
                    ((*IF_ENTRY, 1, 7), v2c.Integer32(7)),
                    ((*IF_ENTRY, 2, 7), octets("xe-0/0/6")),
                    ((*IF_ENTRY, 7, 7), v2c.Integer32(2)),
                    ((*IF_ENTRY, 8, 7), v2c.Integer32(2)),
                    ((1, 3, 6, 1, 2, 1, 1, 5, 0), octets("cr1-pam")),
                ],
            )
        )
    )

    assert (sign.kind, sign.if_index, sign.port, sign.host) == ("link_down", 7, "xe-0/0/6", "cr1-pam")
    assert (sign.fields["admin"], sign.fields["oper"], sign.fields["uptime"]) == ("down", "down", "4711")


@pytest.mark.parametrize(
    ("oid", "bindings", "kind", "subject", "severity"),
    [
        (COLD_START, [], "restart", "", ""),
        ((*ENTERPRISE, 0, 1),
         [((*ENTERPRISE, 3, 1), octets("power-loss")), ((*ENTERPRISE, 3, 3), octets("Dying gasp"))],
         "power_loss", "", ""),
        ((*ENTERPRISE, 0, 2), [((*ENTERPRISE, 3, 1), octets("fan")), ((*ENTERPRISE, 3, 2), octets("major")),
                               ((*ENTERPRISE, 3, 4), octets("raised"))], "environment_set", "fan", "major"),
        ((*ENTERPRISE, 0, 2), [((*ENTERPRISE, 3, 1), octets("fan")), ((*ENTERPRISE, 3, 4), octets("cleared"))],
         "environment_clear", "fan", ""),
        ((*ENTERPRISE, 0, 3), [((*ENTERPRISE, 3, 3), octets("generation 12"))], "configuration_changed", "", ""),
        ((1, 3, 6, 1, 2, 1, 15, 7, 2), [((1, 3, 6, 1, 2, 1, 15, 3, 1, 2, 192, 0, 2, 9), v2c.Integer32(1))],
         "bgp_down", "192.0.2.9", ""),
        ((1, 3, 6, 1, 4, 1, 99999, 1), [((1, 3, 6, 1, 4, 1, 99999, 2), octets("odd"))], "unknown", "", ""),
    ],
)  # fmt: skip
def test_what_notifications_mean(
    oid: tuple[int, ...], bindings: list, kind: str, subject: str, severity: str
) -> None:  # type: ignore[type-arg]
    sign = traps.read(traps.decode(trap_bytes(oid, bindings)))

    assert (sign.kind, sign.subject, sign.severity) == (kind, subject, severity)


def test_version_one_traps_are_translated() -> None:
    pdu = v1.TrapPDU()
    v1.apiTrapPDU.set_defaults(pdu)
    v1.apiTrapPDU.set_generic_trap(pdu, 2)  # linkDown
    v1.apiTrapPDU.set_varbinds(pdu, [((*IF_ENTRY, 1, 3), v1.Integer(3))])
    message = v1.Message()
    v1.apiMessage.set_defaults(message)
    v1.apiMessage.set_community(message, "old")
    v1.apiMessage.set_pdu(message, pdu)

    trap = traps.decode(encoder.encode(message))

    assert (trap.oid, trap.community, trap.reply) == ("1.3.6.1.6.3.1.1.5.3", "old", None)
    assert traps.read(trap).if_index == 3


def test_an_inform_is_answered_with_its_own_request_id() -> None:
    data = trap_bytes(LINK_DOWN, inform=True)
    sent, _rest = decoder.decode(data, asn1Spec=v2c.Message())

    reply = traps.decode(data).reply

    assert reply is not None
    answer, _rest = decoder.decode(reply, asn1Spec=v2c.Message())
    pdu = v2c.apiMessage.get_pdu(answer)
    assert pdu.isSameTypeWith(v2c.ResponsePDU())
    assert v2c.apiPDU.get_request_id(pdu) == v2c.apiPDU.get_request_id(v2c.apiMessage.get_pdu(sent))


def test_text_that_is_no_text_is_shown_as_bytes() -> None:
    data = trap_bytes(
        (1, 3, 6, 1, 4, 1, 9, 9), [((1, 3, 6, 1, 4, 1, 9, 1), v2c.OctetString(hexValue="00ff10"))]
    )

    assert "00:ff:10" in traps.read(traps.decode(data)).fields.values()


def test_a_request_is_not_a_notification() -> None:
    pdu = v2c.GetRequestPDU()
    v2c.apiPDU.set_defaults(pdu)
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_pdu(message, pdu)
    with pytest.raises(Invalid):
        traps.decode(encoder.encode(message))


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        traps.decode(data)


@given(st.integers(0, 90), st.integers(0, 255))
def test_one_broken_byte_is_read_or_refused(position: int, value: int) -> None:
    data = bytearray(
        trap_bytes(
            LINK_DOWN, [((*IF_ENTRY, 1, 7), v2c.Integer32(7)), ((*IF_ENTRY, 2, 7), octets("xe-0/0/6"))]
        )
    )
    data[position % len(data)] = value
    with suppress(Invalid):
        traps.read(traps.decode(bytes(data)))
