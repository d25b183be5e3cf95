"""Made-up alarms and the small network they happen in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from pyasn1.codec.ber import encoder
from pysnmp.proto.api import v2c

from kernel.models import User
from kernel.tmf import registry
from kernel.tmf.fields import Intake
from kernel.tmf.fields.base import load_all
from kernel.tmf.fields.references import resolve
from kernel.tmf.resource import Data
from oss.alarms import services
from oss.alarms.models import Alarm, AlarmType, Maintenance, ProbableCause, Severity, Source
from oss.alarms.services import normalise
from oss.alarms.services.notices import Notice
from oss.inventory.models import Link, NetworkElement, Port
from oss.southbound.models import ManagementEndpoint
from oss.southbound.services import create_credential, register_endpoint
from tests.factories.oss_inventory import make_element, make_link
from tests.factories.rest import sample

_serial = count(1)
AT = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
TRAP_OID = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
LINK_DOWN, LINK_UP, COLD_START = (
    (1, 3, 6, 1, 6, 3, 1, 1, 5, 3),
    (1, 3, 6, 1, 6, 3, 1, 1, 5, 4),
    (1, 3, 6, 1, 6, 3, 1, 1, 5, 1),
)


def make_notice(**overrides: Any) -> Notice:
    """News that something is wrong, at AT, under a key of its own."""
    values = {
        "key": f"test:{next(_serial)}",
        "at": AT,
        "source": Source.API,
        "severity": Severity.MAJOR,
        "alarm_type": AlarmType.EQUIPMENT,
        "probable_cause": ProbableCause.EQUIPMENT,
        "specific_problem": "Something broke",
        **overrides,
    }
    return Notice(**values)


def make_clear(notice: Notice, *, after: float = 10, **overrides: Any) -> Notice:
    """News, `after` seconds later, that what `notice` told is over."""
    return Notice(
        **{"key": notice.key, "at": notice.at + timedelta(seconds=after), "source": Source.API,
           "severity": Severity.CLEARED, "text": "it is over", **overrides}
    )  # fmt: skip


def make_alarm(**overrides: Any) -> Alarm:
    """An open alarm."""
    intake = services.raise_many([make_notice(**overrides)])
    return Alarm.objects.get(pk=intake.alarm_ids[0])


def make_maintenance(**overrides: Any) -> Maintenance:
    """A window of two hours that began half an hour before AT, over one element."""
    values = {
        "start": AT - timedelta(minutes=30),
        "end": AT + timedelta(minutes=90),
        "reason": "Splicing",
        "at": AT,
        **overrides,
    }
    if "elements" not in values and "links" not in values:
        values["elements"] = [make_element()]
    return services.plan_maintenance(**values)


def make_endpoint(element: NetworkElement, **overrides: Any) -> ManagementEndpoint:
    """Where an element of the made-up network is managed: its own port on loopback."""
    number = next(_serial)
    credential = overrides.pop("credential", None) or create_credential(
        name=f"credential {number}", username="admin", password="secret", community="public"
    )
    return register_endpoint(
        **{"element": element, "driver": "kestrel", "host": "127.0.0.1", "ssh_port": 20_000 + number * 10,
           "snmp_port": 20_001 + number * 10, "credential": credential, **overrides}
    )  # fmt: skip


@dataclass
class Network:
    """core1 ─ core2 ─ agg ─ leaf, agg2 between core1 and core2: `spur` and `tail` are bridges, the rest redundant."""

    core1: NetworkElement
    core2: NetworkElement
    agg: NetworkElement
    agg2: NetworkElement
    leaf: NetworkElement
    backbone: Link
    spur: Link
    tail: Link
    ring_a: Link
    ring_b: Link

    def ports(self, link: Link) -> tuple[Port, Port]:
        """Both ends of a link."""
        return link.port_a, link.port_b


def make_network() -> Network:
    """The network of `Network`, in service."""
    role = NetworkElement.Role
    core1, core2 = (
        make_element(name=f"core1-{next(_serial)}", role=role.CORE),
        make_element(name=f"core2-{next(_serial)}", role=role.CORE),
    )
    agg = make_element(name=f"agg-{next(_serial)}", role=role.AGGREGATION)
    agg2 = make_element(name=f"agg2-{next(_serial)}", role=role.AGGREGATION)
    leaf = make_element(name=f"leaf-{next(_serial)}", role=role.ACCESS)
    return Network(
        core1, core2, agg, agg2, leaf,
        backbone=make_link(core1, core2), spur=make_link(core2, agg), tail=make_link(agg, leaf),
        ring_a=make_link(core1, agg2), ring_b=make_link(core2, agg2),
    )  # fmt: skip


def port_down(port: Port, link: Link | None = None, *, at: datetime = AT, **overrides: Any) -> Notice:
    """The sign of a port that is down."""
    return make_notice(
        **{"key": normalise.key("link", port=port.pk), "at": at, "source": Source.TRAP, "port_id": port.pk,
           "element_id": port.element_id, "link_id": link.pk if link else None,
           "alarm_type": AlarmType.COMMUNICATIONS, "probable_cause": ProbableCause.LOSS_OF_SIGNAL,
           "specific_problem": f"{port.name} down", "service_affecting": True, **overrides}
    )  # fmt: skip


def silent(element: NetworkElement, *, at: datetime = AT, **overrides: Any) -> Notice:
    """The sign of an element that does not answer."""
    return make_notice(
        **{"key": normalise.key("reachability", element=element.pk), "at": at, "source": Source.POLL,
           "element_id": element.pk, "alarm_type": AlarmType.COMMUNICATIONS,
           "probable_cause": ProbableCause.UNREACHABLE, "specific_problem": f"{element} does not answer",
           "service_affecting": True, **overrides}
    )  # fmt: skip


def gasp(element: NetworkElement, *, at: datetime = AT, **overrides: Any) -> Notice:
    """The last gasp of an element that loses its power."""
    return make_notice(
        **{"key": normalise.key("power", element=element.pk), "at": at, "source": Source.TRAP,
           "element_id": element.pk, "severity": Severity.CRITICAL, "probable_cause": ProbableCause.POWER,
           "specific_problem": f"Power lost at {element}", "service_affecting": True, **overrides}
    )  # fmt: skip


def trap_bytes(
    oid: tuple[int, ...], bindings: list[tuple[tuple[int, ...], Any]] | None = None, *, community: str = "public",
    inform: bool = False,
) -> bytes:  # fmt: skip
    """An SNMPv2c notification as it stands in the datagram."""
    pdu = v2c.InformRequestPDU() if inform else v2c.TrapPDU()
    (v2c.apiPDU if inform else v2c.apiTrapPDU).set_defaults(pdu)
    rows = [
        ((1, 3, 6, 1, 2, 1, 1, 3, 0), v2c.TimeTicks(4711)),
        (TRAP_OID, v2c.ObjectIdentifier(oid)),
        *(bindings or []),
    ]
    v2c.apiPDU.set_varbinds(pdu, [(v2c.ObjectIdentifier(name), value) for name, value in rows])
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, community)
    v2c.apiMessage.set_pdu(message, pdu)
    data: bytes = encoder.encode(message)
    return data


def link_trap(port: Port, *, up: bool = False, **options: Any) -> bytes:
    """linkDown or linkUp of a port, by interface number and name."""
    index = port.if_index or 1
    entry = (1, 3, 6, 1, 2, 1, 2, 2, 1)
    state = 1 if up else 2
    return trap_bytes(
        LINK_UP if up else LINK_DOWN,
        [
            ((*entry, 1, index), v2c.Integer32(index)),
            ((*entry, 2, index), v2c.OctetString(port.name)),
            ((*entry, 7, index), v2c.Integer32(1)),
            ((*entry, 8, index), v2c.Integer32(state)),
        ],
        **options,
    )


def rest_alarms(count: int) -> list[Alarm]:
    """Alarms that differ, one of them with a root, a comment and an acknowledgement missing."""
    network = make_network()
    objects: list[dict[str, Any]] = [
        {"element_id": network.leaf.pk},
        {"port_id": network.spur.port_a_id, "element_id": network.core2.pk, "link_id": network.spur.pk},
        {"external_id": "E-1", "system": "optical"},
    ]
    made = [
        make_alarm(
            **objects[index % 3], at=AT + timedelta(minutes=index), severity=list(Severity.values)[index % 4],
            specific_problem=f"Trouble {index}", details={"text": f"in words {index}"},
        )
        for index in range(count)
    ]  # fmt: skip
    if count > 1:
        services.group(root=made[0], alarms=made[1:2])
        services.comment(alarm=made[0], text="Crew sent", author="nora", system="dispatch")
    return made


def _pattern(alarm: Alarm) -> list[dict[str, Any]]:
    return [{"id": str(alarm.pk)}]


def _task(name: str, body: Callable[[], dict[str, Any]]) -> None:
    """The sample of a task: made over REST's own door, because a task has no other."""

    @sample(f"642/{name}", body=body)
    def tasks(count: int) -> list[Any]:
        resource = registry.find(f"642/{name}")
        user = User.objects.filter(groups__name="admin").first()
        return [resource.create(_loaded(resource, body()), user) for _ in range(count)]  # type: ignore[union-attr]


def _loaded(resource: Any, raw: dict[str, Any]) -> Data:
    intake, values = Intake(), {}
    load_all([each.field for each in resource.attributes if hasattr(each, "field")], raw, values, intake)
    intake.check()
    resolve(intake, User.objects.filter(groups__name="admin").first())
    return Data(values, raw)


sample(
    "642/alarm",
    body=lambda: {
        "sourceSystemId": "optical-ems",
        "externalAlarmId": f"OA-{next(_serial)}",
        "alarmedObject": {"id": "amplifier 7"},
        "alarmType": "equipmentAlarm",
        "probableCause": "equipmentMalfunction",
        "perceivedSeverity": "major",
        "state": "raised",
        "alarmRaisedTime": "2026-01-15T09:00:00Z",
        "specificProblem": "Pump laser weak",
    },
    patch=lambda row: {"specificProblem": "Pump laser weak, in other words"},
)(rest_alarms)
_task(
    "ackAlarms", lambda: {"ackSystemId": "noc", "ackUserId": "nora", "alarmPattern": _pattern(make_alarm())}
)
_task(
    "unAckAlarms", lambda: {"ackSystemId": "noc", "ackUserId": "nora", "alarmPattern": _pattern(make_alarm())}
)
_task(
    "clearAlarms",
    lambda: {
        "clearSystemId": "noc", "clearUserId": "nora", "alarmClearedTime": "2026-01-15T11:00:00Z",
        "alarmPattern": _pattern(make_alarm()),
    },
)  # fmt: skip
_task(
    "commentAlarms",
    lambda: {"comment": {"comment": "Seen", "userId": "nora"}, "alarmPattern": _pattern(make_alarm())},
)
for _name in ("groupAlarms", "unGroupAlarms"):
    _task(
        _name,
        lambda: {
            "sourceSystemId": "noc", "alarmChangedTime": "2026-01-15T11:00:00Z",
            "parentAlarm": {"id": str(make_alarm().pk)}, "correlatedAlarm": [{"id": str(make_alarm().pk)}],
        },
    )  # fmt: skip

SAMPLES: dict[str, Callable[[], Any]] = {
    "oss_alarms.Alarm": lambda: rest_alarms(3)[0],
    "oss_alarms.Maintenance": lambda: make_maintenance(),
}
