"""Messages from the network: datagrams in, alarms out, everything kept as it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from kernel import clock
from kernel.errors import Invalid
from oss.alarms.models import Alarm, Source, State
from oss.alarms.services import normalise, syslog, traps
from oss.alarms.services.normalise import Place
from oss.alarms.services.notices import Notice
from oss.alarms.services.places import Directory, Peer, places
from oss.alarms.services.signs import Sign
from oss.alarms.services.state import Intake, raise_many
from oss.inventory.services import set_oper_states
from oss.monitoring.services import heard

# A sender whose clock is further off than this is dated by the arrival of its message.
SKEW_AHEAD, SKEW_BEHIND = timedelta(minutes=2), timedelta(hours=1)
OPER_STATES = {"link_up": "up", "link_down": "down"}

directory = Directory()


@dataclass(frozen=True)
class Datagram:
    """One message as it came: `source` is trap or syslog, `peer` who sent it, `arrived` when (system time)."""

    source: str
    data: bytes
    peer: Peer
    arrived: datetime


@dataclass(frozen=True)
class Ingested:
    """What became of a batch: the alarms, and the answers that informs wait for."""

    intake: Intake
    replies: tuple[tuple[bytes, Peer], ...]


@dataclass
class _Message:
    datagram: Datagram
    sign: Sign
    at: datetime
    place: Place = field(default_factory=Place)
    refusal: str = ""
    reply: bytes | None = None


def handle_trap(data: bytes, peer: Peer) -> bytes | None:
    """Take one SNMP notification in; returns the answer an inform waits for. What is unreadable raises Invalid."""
    traps.decode(data)
    replies = ingest([Datagram(Source.TRAP, data, peer, clock.system_now())]).replies
    return replies[0][0] if replies else None


def handle_syslog(data: bytes, peer: Peer) -> None:
    """Take one syslog line in. What is not syslog raises Invalid."""
    now = clock.system_now()
    syslog.parse(data, now=now)
    ingest([Datagram(Source.SYSLOG, data, peer, now)])


@transaction.atomic
def ingest(datagrams: Sequence[Datagram]) -> Ingested:
    """Take a batch of messages in: read, find out who and what, raise and clear, record port states, keep the raw text.

    Messages nobody can read and notifications with a wrong community are kept as refused; they never spoil the batch.
    """
    messages = [_read(datagram) for datagram in datagrams]
    _locate(messages)
    _name_sensors(messages)
    notices = [notice for message in messages for notice in _notices(message)]
    intake = raise_many(notices)
    _port_states(messages)
    for source in {datagram.source for datagram in datagrams}:
        heard(str(source), messages=sum(datagram.source == source for datagram in datagrams))
    # An inform with a wrong community gets no answer (RFC 3584 §5.2.1 leaves the sender to its time-out).
    replies = tuple((m.reply, m.datagram.peer) for m in messages if m.reply is not None and not m.refusal)
    return Ingested(intake, replies)


def _read(datagram: Datagram) -> _Message:
    reply = None
    try:
        if datagram.source == Source.TRAP:
            trap = traps.decode(datagram.data)
            sign, reply = traps.read(trap), trap.reply
            sign = replace(sign, fields={**sign.fields, "community": trap.community})
        else:
            sign = syslog.read(syslog.parse(datagram.data, now=datagram.arrived))
    except Invalid as error:
        raw = datagram.data[:500].decode("latin-1").replace("\x00", "")
        sign = Sign(kind="unreadable", text=raw, fields={"error": error.message[:200]})
        return _Message(datagram, sign, clock.from_system(datagram.arrived), refusal=error.code)
    return _Message(datagram, sign, clock.from_system(event_time(sign.at, datagram.arrived)), reply=reply)


def event_time(stamped: datetime | None, arrived: datetime) -> datetime:
    """When it happened: the sender's stamp, unless it has none or its clock is plainly wrong."""
    if stamped is None or not -SKEW_BEHIND <= stamped - arrived <= SKEW_AHEAD:
        return arrived
    return stamped


def _locate(messages: Sequence[_Message]) -> None:
    found = [
        None if message.refusal else directory.find(message.sign, message.datagram.peer)
        for message in messages
    ]
    for message, endpoint in zip(messages, found, strict=True):
        offered = message.sign.fields.get("community")
        if endpoint is not None and offered is not None and offered != directory.community(endpoint):
            message.refusal = "trap.community"
    for message, place in zip(
        messages, places(zip([m.sign for m in messages], found, strict=True)), strict=True
    ):
        message.place = place
        # The community is a password: it is compared, not kept.
        message.sign = replace(
            message.sign, fields={k: v for k, v in message.sign.fields.items() if k != "community"}
        )


def _name_sensors(messages: Sequence[_Message]) -> None:
    """Give environment lines that carry only a text the sensor's name under which a trap told the same.

    A trap names its sensor, a syslog line may not. The two are matched by their text, within the batch and against
    what is open on the element.
    """
    nameless = [
        m for m in messages if m.sign.kind.startswith("environment_") and not m.sign.subject and not m.refusal
    ]
    if not nameless:
        return
    names: dict[tuple[UUID | None, str], str] = {}
    elements = {message.place.element_id for message in nameless if message.place.element_id}
    rows = Alarm.objects.exclude(state=State.CLEARED).filter(
        element__in=elements, key__contains=":environment:"
    )
    for element_id, key, details in rows.values_list("element_id", "key", "details"):
        names[element_id, str(details.get("text", ""))] = key.partition(":environment:")[2]
    for message in messages:
        if message.sign.kind.startswith("environment_") and message.sign.subject:
            names[message.place.element_id, normalise.bare_text(message.sign)] = message.sign.subject
    for message in nameless:
        if known := names.get((message.place.element_id, normalise.bare_text(message.sign))):
            message.sign = replace(message.sign, subject=known)


def _notices(message: _Message) -> list[Notice]:
    sign, peer = message.sign, "{}:{}".format(*message.datagram.peer)
    source = str(message.datagram.source)
    if message.refusal:
        details = {**sign.fields, "refusal": message.refusal}
        return [
            Notice(
                key="", at=message.at, source=source, element_id=message.place.element_id, kind=sign.kind,
                text=sign.text, peer=peer, details=details, refused=True,
            )
        ]  # fmt: skip
    return normalise.notices(sign, message.place, at=message.at, source=source, peer=peer)


def _port_states(messages: Sequence[_Message]) -> None:
    """What elements say of their ports goes into the inventory at once: polls come later and may be the same news."""
    seen = [
        (message.place.port_id, OPER_STATES[message.sign.kind], message.at)
        for message in messages
        if message.place.port_id is not None and message.sign.kind in OPER_STATES and not message.refusal
    ]
    if seen:
        set_oper_states(seen)
