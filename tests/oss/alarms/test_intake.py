"""Datagrams in, alarms out: who sent it, which port, when, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pysnmp.proto.api import v2c

from kernel import clock
from kernel.errors import Invalid
from oss.alarms import services
from oss.alarms.models import Alarm, AlarmNotification, Severity, Source
from oss.alarms.services import intake
from oss.alarms.services.intake import Datagram
from oss.alarms.services.places import Peer
from oss.inventory.models import NetworkElement, Port
from oss.inventory.services import occupy_port
from oss.monitoring.models import Feed
from oss.southbound.models import ManagementEndpoint
from tests.factories.oss_alarms import LINK_DOWN, Network, link_trap, make_endpoint, make_network, trap_bytes
from tests.factories.oss_inventory import make_element, make_port

pytestmark = pytest.mark.django_db
ENTERPRISE = (1, 3, 6, 1, 4, 1, 32473, 1)
Outcome = AlarmNotification.Outcome


@pytest.fixture(autouse=True)
def fresh_directory() -> Iterator[None]:
    """Each test has endpoints of its own."""
    intake.directory.forget()
    yield
    intake.directory.forget()


def peer_of(endpoint: ManagementEndpoint) -> Peer:
    return endpoint.host, endpoint.snmp_port


def line(element: NetworkElement, text: str) -> bytes:
    stamp = clock.system_now()
    return f"<187>{stamp:%b} {stamp.day:2d} {stamp:%H:%M:%S} {element.name} Ebra: {text}".encode()


def numbered(port: Port, index: int) -> Port:
    """A port whose interface number is known."""
    port.if_index = index
    port.save(update_fields=["if_index"])
    return port


@pytest.fixture
def network() -> Network:
    return make_network()


def test_trap_syslog_and_poll_of_one_port_are_one_alarm(network: Network) -> None:
    port = network.backbone.port_a
    endpoint = make_endpoint(network.core1)

    services.handle_trap(link_trap(port), peer_of(endpoint))
    services.handle_syslog(
        line(network.core1, f"%LINK-3-UPDOWN: Interface {port.name}, changed state to down"),
        ("127.0.0.1", 40000),
    )

    alarm = Alarm.objects.get()
    assert (alarm.element, alarm.port, alarm.link, alarm.count) == (network.core1, port, network.backbone, 2)
    assert (alarm.sources, alarm.perceived_severity) == ([Source.TRAP, Source.SYSLOG], Severity.MAJOR)
    port.refresh_from_db()
    assert port.oper_state == Port.OperState.DOWN

    services.handle_syslog(
        line(network.core1, f"%LINK-5-UPDOWN: Interface {port.name}, changed state to up"),
        ("127.0.0.1", 40000),
    )
    alarm.refresh_from_db()
    port.refresh_from_db()
    assert (alarm.is_open, alarm.cleared_by, port.oper_state) == (False, Source.SYSLOG, Port.OperState.UP)
    assert AlarmNotification.objects.filter(alarm_id=alarm.pk).count() == 3


def test_an_unused_port_makes_a_passing_warning(network: Network) -> None:
    endpoint = make_endpoint(network.leaf)
    port = network.leaf.ports.filter(kind="customer").first()
    assert port is not None

    services.handle_trap(link_trap(port), peer_of(endpoint))

    alarm = Alarm.objects.get()
    assert (alarm.perceived_severity, alarm.service_affecting) == (Severity.WARNING, False)
    assert alarm.expires is not None
    services.sweep(at=alarm.expires)
    assert not Alarm.objects.open().exists()


def test_a_customers_port_in_use_is_minor(network: Network) -> None:
    endpoint = make_endpoint(network.leaf)
    port = network.leaf.ports.filter(kind="customer").first()
    assert port is not None
    occupy_port(port=port, holder=port.pk)

    services.handle_trap(link_trap(port), peer_of(endpoint))

    assert Alarm.objects.get().perceived_severity == Severity.MINOR


def test_a_port_is_found_by_name_before_its_number() -> None:
    element = make_element()
    numbered(make_port(element=element, name="xe-1"), 7)
    wanted = numbered(make_port(element=element, name="xe-2"), 8)
    endpoint = make_endpoint(element)
    entry = (1, 3, 6, 1, 2, 1, 2, 2, 1)

    data = trap_bytes(
        LINK_DOWN, [((*entry, 1, 7), v2c.Integer32(7)), ((*entry, 2, 7), v2c.OctetString("xe-2"))]
    )
    services.handle_trap(data, peer_of(endpoint))

    assert Alarm.objects.get().port == wanted


def test_who_speaks_is_told_by_address_then_name_then_lonely_host() -> None:
    first, second = make_element(), make_element()
    endpoint = make_endpoint(first, host="10.0.0.1", snmp_port=161)
    make_endpoint(second, host="10.0.0.2", snmp_port=161)

    cold = trap_bytes(
        (1, 3, 6, 1, 6, 3, 1, 1, 5, 1), [((1, 3, 6, 1, 2, 1, 1, 5, 0), v2c.OctetString(second.name))]
    )
    services.handle_trap(cold, peer_of(endpoint))
    services.handle_trap(cold, ("192.0.2.1", 1))
    services.handle_trap(trap_bytes((1, 3, 6, 1, 6, 3, 1, 1, 5, 1)), ("10.0.0.2", 555))

    elements = list(AlarmNotification.objects.order_by("arrived", "id").values_list("element", flat=True))
    assert elements == [first.pk, second.pk, second.pk]


def test_an_unknown_sender_gets_an_alarm_under_its_address() -> None:
    port_index = [((1, 3, 6, 1, 2, 1, 2, 2, 1, 1, 3), v2c.Integer32(3))]

    services.handle_trap(trap_bytes(LINK_DOWN, port_index), ("192.0.2.7", 161))

    alarm = Alarm.objects.get()
    assert (alarm.key, alarm.element) == ("peer:192.0.2.7:161:3:link", None)


def test_a_wrong_community_is_kept_as_refused_and_never_written_down(network: Network) -> None:
    endpoint = make_endpoint(network.core1)

    services.handle_trap(link_trap(network.backbone.port_a, community="guessed"), peer_of(endpoint))

    note = AlarmNotification.objects.get()
    assert (note.outcome, note.fields["refusal"]) == (Outcome.REFUSED, "trap.community")
    assert "guessed" not in str(note.fields)
    assert not Alarm.objects.exists()
    network.backbone.port_a.refresh_from_db()
    assert network.backbone.port_a.oper_state == Port.OperState.UNKNOWN


def test_one_unreadable_datagram_does_not_spoil_the_batch(network: Network) -> None:
    endpoint = make_endpoint(network.core1)
    now = clock.system_now()

    services.ingest(
        [
            Datagram(Source.TRAP, b"\x30\x03junk", peer_of(endpoint), now),
            Datagram(Source.TRAP, link_trap(network.backbone.port_a), peer_of(endpoint), now),
            Datagram(Source.SYSLOG, b"no priority\x00", ("127.0.0.1", 1), now),
        ]
    )

    assert Alarm.objects.count() == 1
    assert sorted(AlarmNotification.objects.values_list("outcome", flat=True)) == [
        "raised",
        "refused",
        "refused",
    ]


def test_alone_an_unreadable_message_is_an_error() -> None:
    with pytest.raises(Invalid):
        services.handle_trap(b"junk", ("127.0.0.1", 1))
    with pytest.raises(Invalid):
        services.handle_syslog(b"junk", ("127.0.0.1", 1))


def test_news_without_alarm_is_kept() -> None:
    element = make_element()
    make_endpoint(element)

    services.handle_syslog(line(element, "%SYS-5-CONFIG_I: Configured by admin"), ("127.0.0.1", 1))

    note = AlarmNotification.objects.get()
    assert (note.outcome, note.kind, note.element) == (Outcome.NOTED, "configuration_changed", element)


def test_a_sensor_is_one_alarm_whether_trap_or_syslog_tells() -> None:
    element = make_element()
    endpoint = make_endpoint(element)

    def trap(state: str, text: str) -> bytes:
        return trap_bytes(
            (*ENTERPRISE, 0, 2),
            [
                ((*ENTERPRISE, 3, 1), v2c.OctetString("door")),
                ((*ENTERPRISE, 3, 2), v2c.OctetString("major")),
                ((*ENTERPRISE, 3, 3), v2c.OctetString(text)),
                ((*ENTERPRISE, 3, 4), v2c.OctetString(state)),
            ],
        )

    services.handle_trap(trap("raised", "Cabinet open"), peer_of(endpoint))
    services.handle_syslog(
        line(element, "%ENVMON-4-ALARM: Cabinet open").replace(b"<187>", b"<188>"), ("127.0.0.1", 1)
    )
    alarm = Alarm.objects.get()
    assert (alarm.count, alarm.perceived_severity, alarm.specific_problem) == (2, "major", "Cabinet open")

    services.handle_syslog(line(element, "%ENVMON-5-ALARM: Cabinet open cleared"), ("127.0.0.1", 1))
    assert not Alarm.objects.open().exists()


def test_power_comes_back_with_the_boot(network: Network) -> None:
    endpoint = make_endpoint(network.leaf)

    services.handle_trap(trap_bytes((*ENTERPRISE, 0, 1)), peer_of(endpoint))
    assert Alarm.objects.get().perceived_severity == Severity.CRITICAL
    services.handle_trap(trap_bytes((1, 3, 6, 1, 6, 3, 1, 1, 5, 1)), peer_of(endpoint))

    assert Alarm.objects.open().get().specific_problem == f"{network.leaf} restarted"


def test_a_batch_costs_the_same_for_one_port_as_for_many(network: Network) -> None:
    endpoint = make_endpoint(network.leaf)
    ports = [numbered(make_port(element=network.leaf), 100 + n) for n in range(30)]

    def statements(count: int) -> int:
        rows = [
            Datagram(Source.TRAP, link_trap(port), peer_of(endpoint), clock.system_now())
            for port in ports[:count]
        ]
        services.ingest(rows)  # the directory is read once
        with CaptureQueriesContext(connection) as seen:
            services.ingest(rows)
        return len(seen)

    assert statements(2) == statements(30)


@pytest.mark.parametrize(
    ("seconds", "trusted"), [(-30, True), (-3599, True), (-3700, False), (60, True), (180, False)]
)
def test_a_plainly_wrong_clock_is_not_believed(seconds: int, trusted: bool) -> None:
    arrived = clock.system_now()
    stamped = arrived + timedelta(seconds=seconds)

    assert intake.event_time(stamped, arrived) == (stamped if trusted else arrived)


def test_listeners_show_that_they_are_fed(network: Network) -> None:
    services.handle_trap(link_trap(network.backbone.port_a), ("127.0.0.1", 9))

    feed = Feed.objects.get(name="trap")
    assert feed.messages == 1
    assert feed.last_message is not None
