"""What happened on the way, marked on the charts: alarms, planned work, incidents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from kernel import clock
from oss.alarms.models import Alarm, Maintenance
from oss.monitoring import services
from oss.monitoring.views import marks_of
from tests.factories.oss_alarms import make_alarm, make_maintenance, make_network
from tests.factories.oss_incidents import make_incident, make_link_root
from tests.factories.oss_monitoring import AT, later, make_sample
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def words(about: Any) -> list[str]:
    return [text for _at, text in marks_of(about, AT - HOUR, AT + HOUR)]


def test_a_port_shows_its_alarms_its_links_and_their_incident() -> None:
    network = make_network()
    port = network.tail.port_b
    root = make_link_root(network.tail)
    incident = make_incident(root_alarm=root, at=AT + timedelta(minutes=1))

    marks = marks_of(port, AT - HOUR, AT + HOUR)

    assert [at for at, _text in marks] == sorted(at for at, _text in marks)
    assert f"{root.number} {root.specific_problem}" in words(port)
    assert f"{incident.number} {incident.title}" in words(port)
    own = Alarm.objects.get(port=port)
    assert f"{own.number} {own.specific_problem}" in words(port)
    assert words(network.backbone.port_a) == []


def test_an_element_leaves_its_ports_to_their_own_charts() -> None:
    network = make_network()
    own = make_alarm(element_id=network.leaf.pk, specific_problem="Fan failed")
    make_alarm(element_id=network.leaf.pk, port_id=network.tail.port_b_id, specific_problem="Loss of signal")

    assert words(network.leaf) == [f"{own.number} Fan failed"]


def test_planned_work_is_named_by_its_change() -> None:
    network = make_network()
    planned = make_maintenance(links=[network.tail], change_ref="CHG-000007")
    called_off = make_maintenance(elements=[network.leaf], start=AT + timedelta(minutes=5))

    Maintenance.objects.filter(pk=planned.pk).update(status="active")
    Maintenance.objects.filter(pk=called_off.pk).update(status="cancelled")

    assert words(network.tail.port_b) == ["CHG-000007 Splicing"]


def test_what_lies_outside_the_range_is_not_marked() -> None:
    network = make_network()
    make_alarm(element_id=network.leaf.pk, at=AT - 2 * HOUR)
    make_alarm(element_id=network.leaf.pk, at=AT + HOUR)

    assert words(network.leaf) == []


def test_the_gravest_alarms_stay_where_there_are_too_many() -> None:
    network = make_network()
    for index in range(25):
        make_alarm(element_id=network.leaf.pk, severity="minor", specific_problem=f"Noise {index}")
    grave = make_alarm(element_id=network.leaf.pk, severity="critical", specific_problem="On fire")

    shown = words(network.leaf)

    assert len(shown) == 20
    assert f"{grave.number} On fire" in shown


def test_the_chart_of_a_port_carries_its_marks(make_user: Callable[..., Any]) -> None:
    network = make_network()
    port = network.tail.port_b
    services.record([make_sample(port, at=later(-60 * n), value=1e6 + n) for n in range(10)])
    alarm = make_alarm(
        element_id=port.element_id, port_id=port.pk, at=later(-200), specific_problem="Errors <rising>"
    )

    with clock.frozen(AT + timedelta(minutes=1)):
        page = browser_of(make_user("noc")).get(
            reverse("oss_monitoring:explore"), {"element": port.element.name, "port": port.name}
        )

    text = page.content.decode()
    assert text.count(f"<title>{alarm.number} Errors &lt;rising&gt;</title>") >= 1
    assert f"{alarm.number} Errors &lt;rising&gt;</li>" in text
