"""Who answers, which ports changed, what was measured: one round of readings taken in."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel.events import Event
from oss.inventory.models import NetworkElement, Port
from oss.monitoring import services
from oss.monitoring.events import ElementRestarted, PortOperChanged, ReachabilityChanged
from oss.monitoring.models import ElementHealth, Measurement, PortCounters, Series
from tests.factories.oss_inventory import make_element, make_port
from tests.factories.oss_monitoring import AT, later, make_port_reading, make_reading, make_silence

pytestmark = pytest.mark.django_db


@pytest.fixture
def element() -> NetworkElement:
    return make_element()


def silence(element: NetworkElement, *seconds: float) -> list[Event]:
    return [event for second in seconds for event in services.take([make_silence(element, later(second))])]


def answer(element: NetworkElement, *seconds: float) -> list[Event]:
    return [
        event
        for second in seconds
        for event in services.take(
            [make_reading(element, at=later(second), uptime=360_000 + int(second * 100))]
        )
    ]


def test_never_polled_silent_and_up_are_three_things(element: NetworkElement) -> None:
    assert ElementHealth(element=element).state == "never"
    assert answer(element, 0) == []
    assert ElementHealth.objects.get().state == "up"


def test_silence_counts_after_three_misses_and_one_answer_ends_it(element: NetworkElement) -> None:
    answer(element, 0)

    assert silence(element, 5, 10) == []
    assert silence(element, 15) == [ReachabilityChanged(element.pk, False, later(15))]
    assert silence(element, 20) == []
    assert answer(element, 25) == [ReachabilityChanged(element.pk, True, later(25))]


def test_an_element_that_never_answered_is_news(element: NetworkElement) -> None:
    assert silence(element, 0, 5, 10) == [ReachabilityChanged(element.pk, False, later(10))]


def test_one_that_changes_often_must_answer_several_times(element: NetworkElement) -> None:
    answer(element, 0)
    for turn in range(2):
        silence(element, *[turn * 100 + second for second in (10, 20, 30)])
        answer(element, turn * 100 + 40)
    silence(element, 210, 220, 230)

    assert answer(element, 240, 245) == []
    assert answer(element, 250) == [ReachabilityChanged(element.pk, True, later(250))]


def test_an_older_round_is_left_out(element: NetworkElement) -> None:
    answer(element, 10)

    assert services.take([make_silence(element, later(5))]) == []
    assert ElementHealth.objects.get().misses == 0


def test_an_uptime_that_begins_anew_is_a_restart(element: NetworkElement) -> None:
    answer(element, 0)

    news = services.take([make_reading(element, at=later(60), uptime=1000)])

    assert news == [ElementRestarted(element.pk, later(50))]
    assert ElementHealth.objects.get().booted == later(50)


def test_a_port_that_reads_otherwise_than_recorded_is_news(element: NetworkElement) -> None:
    port = make_port(element=element)

    def read(seconds: float, oper: str) -> list[Event]:
        return services.take(
            [make_reading(element, at=later(seconds), ports=(make_port_reading(port, oper=oper),))]
        )

    assert read(0, "up") == [PortOperChanged(port.pk, element.pk, "up", AT)]
    assert read(5, "up") == []
    assert read(10, "down") == [PortOperChanged(port.pk, element.pk, "down", later(10))]
    port.refresh_from_db()
    assert (port.oper_state, port.oper_changed) == (Port.OperState.DOWN, later(10))


def test_counters_become_measurements_of_ports_that_are_up(element: NetworkElement) -> None:
    up, down = make_port(element=element), make_port(element=element)
    for second, octets in ((0, 0), (5, 625_000), (10, 1_250_000)):
        services.take(
            [
                make_reading(
                    element,
                    at=later(second),
                    uptime=360_000 + second * 100,
                    ports=(
                        make_port_reading(up, in_octets=octets, in_errors=second),
                        make_port_reading(down, oper="down", in_octets=octets),
                    ),
                    gauges={"element.cpu": 17.0},
                )
            ]
        )

    def values(metric: str) -> list[tuple[float, float]]:
        rows = Measurement.objects.filter(series__metric__code=metric).order_by("at")
        return [((row.at - AT).total_seconds(), row.value) for row in rows]

    assert values("port.in") == [(5, 1e6), (10, 1e6)]
    assert values("port.in_errors") == [(5, 1), (10, 1)]
    assert values("element.cpu") == [(0, 17), (5, 17), (10, 17)]
    assert not Series.objects.filter(port=down).exists()
    assert PortCounters.objects.get(port=up).in_octets == 1_250_000


def test_a_missed_poll_leaves_a_gap(element: NetworkElement, settings: object) -> None:
    port = make_port(element=element)
    for second in (0, 5, 100, 105):
        services.take(
            [
                make_reading(
                    element, at=later(second), uptime=360_000 + second * 100, ports=(make_port_reading(port),)
                )
            ]
        )

    assert [row.at for row in Measurement.objects.filter(series__metric__code="port.in").order_by("at")] == [
        later(5), later(105),
    ]  # fmt: skip


def test_a_round_taken_in_twice_changes_nothing(element: NetworkElement) -> None:
    reading = make_reading(element, gauges={"element.cpu": 5})
    services.take([reading])
    before = list(ElementHealth.objects.values())

    assert services.take([reading]) == []
    assert list(ElementHealth.objects.values()) == before
    assert Measurement.objects.count() == 1


def test_a_round_costs_the_same_for_one_port_as_for_many(element: NetworkElement) -> None:
    ports = [make_port(element=element) for _ in range(20)]

    def statements(count: int, second: int) -> int:
        rows = tuple(make_port_reading(port) for port in ports[:count])
        with CaptureQueriesContext(connection) as seen:
            services.take(
                [make_reading(element, at=later(second), uptime=360_000 + second * 100, ports=rows)]
            )
        return len(seen)

    for second, count in ((0, 20), (5, 20)):
        statements(count, second)
    assert statements(2, 10) == statements(20, 15)
