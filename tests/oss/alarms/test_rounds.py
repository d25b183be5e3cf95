"""Correlation over time: planned work, what operators grouped, rounds that repeat."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel import clock
from kernel.models import User
from oss.alarms import services
from oss.alarms.models import Alarm
from tests.factories.oss_alarms import (
    Network,
    make_clear,
    make_maintenance,
    make_notice,
    port_down,
    silent,
)
from tests.factories.oss_inventory import make_link
from tests.oss.alarms.conftest import both_ends, correlate, later, root_of, roots_told, tell

pytestmark = pytest.mark.django_db


def test_planned_work_is_no_root_until_its_window_is_over(network: Network) -> None:
    window = make_maintenance(links=[network.backbone])
    tell(*both_ends(network.backbone))
    correlate()
    assert not roots_told()
    assert Alarm.objects.filter(planned_outage=True).count() == 3

    services.sweep(at=window.end)
    with clock.frozen(window.end + timedelta(seconds=5)):
        services.correlate()

    assert [event.link_id for event in roots_told()] == [network.backbone.pk]


def test_an_operators_grouping_is_repeated_the_next_time(admin: User) -> None:
    cause, effect = make_notice(key="pump:1"), make_notice(key="pump:2", at=later(1))
    tell(cause, effect)
    correlate(5)
    services.group(
        root=Alarm.objects.get(key="pump:1"), alarms=[Alarm.objects.get(key="pump:2")], by=admin, at=later(6)
    )
    services.raise_many([make_clear(cause, after=20), make_clear(effect, after=20)])

    tell(make_notice(key="pump:1", at=later(3600)), make_notice(key="pump:2", at=later(3610)))
    correlate(3620)

    again = Alarm.objects.open().get(key="pump:2")
    assert again.root is not None
    assert (again.root.key, again.because["rule"]) == ("pump:1", "taught")


def test_a_rejected_pair_is_not_grouped_again(network: Network, admin: User) -> None:
    tell(port_down(network.spur.port_a, network.spur), silent(network.agg, at=later(5)))
    correlate()
    symptom = Alarm.objects.get(key=silent(network.agg).key)

    services.ungroup(alarms=[symptom], by=admin, note="its own power supply", at=later(40))
    correlate(60)

    symptom.refresh_from_db()
    assert (symptom.root, symptom.because["rule"]) == (None, "element_silent")


def test_a_symptom_that_outlives_its_root_is_judged_anew(network: Network) -> None:
    a, b = both_ends(network.spur)
    tell(a, b, silent(network.agg, at=later(5)))
    correlate()
    services.raise_many([make_clear(a, after=60), make_clear(b, after=60)])

    correlate(80)
    assert Alarm.objects.open().get().root is not None
    correlate(100)

    assert Alarm.objects.open().get().because["rule"] == "element_silent"


def test_a_second_round_changes_nothing(network: Network) -> None:
    tell(*both_ends(network.spur), silent(network.agg, at=later(5)))
    correlate()
    before = list(Alarm.objects.order_by("pk").values())

    correlate(31)

    assert list(Alarm.objects.order_by("pk").values()) == before


def test_one_round_at_a_time(network: Network) -> None:
    from kernel import locks

    tell(*both_ends(network.spur))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN; SELECT pg_advisory_xact_lock(%s)", [locks.key_of("oss_alarms.correlate")])
            found = correlate()
            assert (found.waiting, found.roots) == (True, [])
            cursor.execute("ROLLBACK")
    finally:
        other.close()


def test_the_cost_does_not_grow_with_every_open_alarm(network: Network) -> None:
    tell(*[make_notice() for _ in range(5)])
    correlate()
    services.raise_many([make_notice(at=later(40)) for _ in range(200)])
    correlate(60)
    tell(make_notice(at=later(70)))
    with CaptureQueriesContext(connection) as seen:
        correlate(80)

    assert len(seen) < 25


def test_ends_of_a_link_in_a_wider_network_find_only_their_root(network: Network) -> None:
    other = make_link(network.core1, network.agg)
    tell(*both_ends(network.backbone), *both_ends(other, 1))
    correlate()

    assert Alarm.objects.roots().count() == 2
    assert {root_of(notice.key).link_id for notice in both_ends(other)} == {other.pk}
