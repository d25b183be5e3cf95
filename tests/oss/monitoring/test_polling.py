"""Which elements are asked, and what their answers mean."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel import clock, jobs
from oss.inventory.models import NetworkElement, Port
from oss.monitoring import services
from oss.monitoring.models import ElementHealth, Feed, Measurement
from oss.monitoring.services import polling
from oss.southbound.models import ManagementEndpoint
from tests.factories.oss_alarms import make_endpoint
from tests.factories.oss_inventory import make_element
from tests.factories.oss_monitoring import AT, later

pytestmark = pytest.mark.django_db


def agent_values(uptime: int = 360_000, octets: int = 0, oper: int = 1) -> dict[str, Any]:
    """What an agent with one port and a processor tells."""
    return {
        "1.3.6.1.2.1.1.3.0": uptime,
        "1.3.6.1.2.1.2.2.1.2.7": b"xe-0/0/0",
        "1.3.6.1.2.1.31.1.1.1.1.7": b"xe-0/0/0",
        "1.3.6.1.2.1.2.2.1.7.7": 1,
        "1.3.6.1.2.1.2.2.1.8.7": oper,
        "1.3.6.1.2.1.31.1.1.1.6.7": octets,
        "1.3.6.1.2.1.31.1.1.1.10.7": octets * 2,
        **{f"1.3.6.1.2.1.2.2.1.{column}.7": 0 for column in (13, 14, 19, 20)},
        "1.3.6.1.4.1.32473.1.2.1.0": 17,
    }


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[UUID, dict[str, Any] | None]:
    """What each element answers; those not named are silent."""
    told: dict[UUID, dict[str, Any] | None] = {}

    def walk(*, endpoints: Iterable[ManagementEndpoint], oids: Any, concurrency: int) -> dict[UUID, Any]:
        return {endpoint.element_id: told.get(endpoint.element_id) for endpoint in endpoints}

    monkeypatch.setattr(polling, "snmp_walk_many", walk)
    return told


def polled_element() -> NetworkElement:
    element = make_element()
    make_endpoint(element)
    return element


def test_an_answer_is_read_by_name_and_number() -> None:
    element = make_element()

    reading = polling.read(element.pk, agent_values(octets=5), at=AT, gauges=polling.gauge_oids())

    assert (reading.answered, reading.uptime, reading.gauges) == (True, 360_000, {"element.cpu": 17})
    (port,) = reading.ports
    assert (port.name, port.if_index, port.oper, port.admin_up) == ("xe-0/0/0", 7, Port.OperState.UP, True)
    assert port.counters == {
        "in_octets": 5, "out_octets": 10, "in_errors": 0, "out_errors": 0, "in_discards": 0, "out_discards": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "meaning"), [(1, "up"), (2, "down"), (3, "unknown"), (4, "unknown"), (7, "down")]
)
def test_operational_states(state: int, meaning: str) -> None:
    reading = polling.read(make_element().pk, agent_values(oper=state), at=AT, gauges={})
    assert reading.ports[0].oper == meaning


@pytest.mark.parametrize("values", [None, {}, {"1.3.6.1.2.1.2.2.1.2.7": b"xe"}])
def test_no_uptime_is_no_answer(values: dict[str, Any] | None) -> None:
    assert not polling.read(make_element().pk, values, at=AT, gauges={}).answered


def test_a_round_is_taken_in_and_heard(answers: dict[UUID, Any]) -> None:
    talking, silent = polled_element(), polled_element()
    answers[talking.pk] = agent_values()

    assert services.poll(element_ids=[talking.pk, silent.pk], at=AT) == 1
    answers[talking.pk] = agent_values(uptime=360_500, octets=625_000)
    services.poll(element_ids=[talking.pk, silent.pk], at=later(5))

    assert ElementHealth.objects.get(element=talking).state == "up"
    assert ElementHealth.objects.get(element=silent).misses == 2
    assert Measurement.objects.get(series__metric__code="port.in").value == 1e6
    assert Feed.objects.get(name="poll").messages == 4


def test_only_live_elements_with_an_endpoint_are_asked(answers: dict[UUID, Any]) -> None:
    planned = make_element(status=NetworkElement.Status.PLANNED)
    make_endpoint(planned)
    bare = make_element()

    assert services.poll(element_ids=[planned.pk, bare.pk], at=AT) == 0
    assert not ElementHealth.objects.exists()


def test_a_round_is_sent_in_batches_and_leaves_out_who_was_just_polled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[list[str]] = []
    monkeypatch.setattr(jobs, "enqueue", lambda task, ids: sent.append(ids))
    monkeypatch.setattr(polling, "BATCH", 2)
    elements = [polled_element() for _ in range(5)]
    ElementHealth.objects.create(element=elements[0], last_polled=AT)
    ElementHealth.objects.create(element=elements[1], last_polled=AT - timedelta(minutes=1))

    with clock.frozen(later(1)):
        assert services.poll_all() == 4

    assert [len(batch) for batch in sent] == [2, 2]
    assert str(elements[0].pk) not in [pk for batch in sent for pk in batch]
