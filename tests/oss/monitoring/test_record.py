"""Values in, limits checked, charts out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from kernel import clock, events
from kernel.errors import Invalid
from kernel.models import OutboxEvent
from oss.inventory.models import Port
from oss.monitoring import services, tasks
from oss.monitoring.events import ThresholdCrossed, ThresholdLeft
from oss.monitoring.models import Feed, Measurement, Metric, RollUp, Threshold, ThresholdState
from tests.factories.oss_inventory import make_port
from tests.factories.oss_monitoring import AT, later, make_sample, make_threshold

pytestmark = pytest.mark.django_db


def told() -> list[events.Event]:
    rows = OutboxEvent.objects.filter(name__in=[ThresholdCrossed.name, ThresholdLeft.name]).order_by("seq")
    return [events.decode(row.name, row.payload) for row in rows]


def feed(port: Port, *values: float, start: float = 0) -> None:
    """One value every five seconds, each recorded on its own."""
    for turn, value in enumerate(values):
        services.record([make_sample(port, at=later(start + turn * 5), value=value)])


def test_values_are_stored_once() -> None:
    port = make_port()
    rows = [make_sample(port, at=later(n), value=n) for n in range(50)]

    assert services.record(rows) == 50
    assert services.record(rows) == 0
    assert services.record(rows + rows) == 0
    assert Measurement.objects.count() == 50


def test_nothing_is_stored_with_a_metric_nobody_defined() -> None:
    port = make_port()
    with pytest.raises(Invalid):
        services.record([make_sample(port), make_sample(port, metric="port.karma")])
    assert not Measurement.objects.exists()


def test_a_thousand_values_take_as_many_statements_as_one() -> None:
    ports = [make_port() for _ in range(3)]
    services.record([make_sample(port) for port in ports])

    def statements(count: int) -> int:
        rows = [make_sample(port, at=later(1000 + n), value=n) for n in range(count) for port in ports]
        with CaptureQueriesContext(connection) as seen:
            services.record(rows)
        return len(seen)

    assert statements(1) == statements(400)


def test_a_limit_is_crossed_after_values_in_a_row_and_left_below_the_clearing_limit() -> None:
    threshold, port = make_threshold(), make_port()

    feed(port, 90e6, 70e6, 90e6, 90e6, 95e6, 70e6, 90e6, 59e6, 50e6)

    assert told() == [
        ThresholdCrossed(threshold.pk, "port.in", port.element_id, port.pk, 90e6, 80e6, "major", later(15)),
        ThresholdLeft(threshold.pk, "port.in", port.element_id, port.pk, 59e6, later(35)),
    ]
    assert not ThresholdState.objects.exists()


def test_values_that_come_together_count_in_a_row() -> None:
    make_threshold(samples=3)
    port = make_port()

    services.record(
        [make_sample(port, at=later(n * 5), value=value) for n, value in enumerate([90e6, 10, 90e6, 90e6])]
    )
    assert told() == []
    feed(port, 90e6, start=20)

    assert [type(event) for event in told()] == [ThresholdCrossed]


def test_percent_is_of_the_ports_speed() -> None:
    make_threshold(limit=90, clear_limit=80, of_speed=True, samples=1)
    slow, fast = make_port(speed_mbps=100), make_port(speed_mbps=1000)

    services.record([make_sample(slow, value=95e6), make_sample(fast, value=95e6)])

    assert [(event.port_id, event.value) for event in told()] == [(slow.pk, 95)]  # type: ignore[attr-defined]


def test_a_limit_may_be_a_floor_and_of_one_port() -> None:
    port, other = make_port(), make_port()
    make_threshold(direction="below", limit=1e6, clear_limit=2e6, port=port, samples=1)

    services.record([make_sample(port, value=1), make_sample(other, value=1)])

    assert [event.port_id for event in told()] == [port.pk]  # type: ignore[attr-defined]


def test_a_limit_that_is_off_says_nothing() -> None:
    Threshold.objects.update(active=False)
    make_threshold(active=False, samples=1)
    feed(make_port(), 99e6)
    assert told() == []


@pytest.mark.parametrize(
    "values",
    [
        {"clear_limit": 90e6},
        {"direction": "below"},
        {"name": "Too hot"},
        {"metric": "element.cpu", "of_speed": True},
    ],
)
def test_senseless_limits_are_refused(values: dict[str, object]) -> None:
    if "metric" in values:
        values = {**values, "metric": Metric.objects.get(code=values["metric"])}
    with pytest.raises(Invalid):
        make_threshold(**values)


def test_a_limit_is_changed_through_its_door() -> None:
    threshold = make_threshold()

    services.change_threshold(threshold=threshold, limit=100e6)

    threshold.refresh_from_db()
    assert threshold.limit == 100e6
    with pytest.raises(Invalid):
        services.change_threshold(threshold=threshold, limit=1)


def test_definitions_are_there_after_every_migrate_and_leave_changes_alone() -> None:
    Metric.objects.filter(code="port.in").update(name="Inbound")
    Threshold.objects.all().delete()
    Metric.objects.filter(code="element.cpu").delete()

    services.ensure_definitions()

    metric = Metric.objects.get(code="port.in")
    assert str(metric) == "Inbound"
    assert Metric.objects.filter(code="element.cpu").exists()
    assert Threshold.objects.filter(name="Processor busy").exists()
    with translation.override("fr"):
        assert str(metric) == "Trafic entrant"


# -- charts


def test_a_chart_has_equal_slots_and_its_gaps() -> None:
    port = make_port()
    services.record([make_sample(port, at=later(n * 5), value=n) for n in range(120) if not 40 <= n < 80])

    points = services.series(port=port, metric="port.in", start=AT, end=later(600), points=10)

    assert len(points) == 10
    assert [point.value is None for point in points] == [False] * 4 + [True] * 2 + [False] * 4
    assert (points[0].at, points[0].value, points[0].low, points[0].high) == (AT, 5.5, 0, 11)


def test_a_chart_never_has_more_than_its_points() -> None:
    port = make_port()

    points = services.series(port=port, metric="port.in", start=AT, end=AT + timedelta(hours=11), points=5000)

    assert len(points) <= 800
    assert all(point.value is None for point in points)


def test_slots_are_not_narrower_than_two_polls() -> None:
    port = make_port()
    services.record([make_sample(port, at=later(n * 5), value=1) for n in range(24)])

    points = services.series(port=port, metric="port.in", start=AT, end=later(120), points=800)

    assert len(points) == 12
    assert all(point.value == 1 for point in points)


def test_long_charts_are_read_from_roll_ups() -> None:
    port = make_port()
    rows = [make_sample(port, at=AT + timedelta(minutes=n), value=n % 60) for n in range(24 * 60)]
    services.record(rows)
    services.roll_up(at=AT + timedelta(days=1), since=timedelta(days=1))

    day = services.series(port=port, metric="port.in", start=AT, end=AT + timedelta(days=1), points=24)
    month = services.series(port=port, metric="port.in", start=AT, end=AT + timedelta(days=30), points=800)

    assert {point.value for point in day} == {29.5}
    assert (day[3].low, day[3].high) == (0, 59)
    assert [point.value for point in month[:24]] == [29.5] * 24
    assert month[25].value is None


def test_rolling_up_twice_changes_nothing() -> None:
    services.record([make_sample(make_port(), at=later(n), value=n) for n in range(100)])
    services.roll_up(at=later(600))
    before = list(RollUp.objects.order_by("series", "step", "at").values())

    services.roll_up(at=later(600))

    assert before
    assert list(RollUp.objects.order_by("series", "step", "at").values()) == before


@pytest.mark.parametrize("values", [{"end": AT}, {"metric": "nope"}, {"port": None}])
def test_senseless_charts_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        services.series(
            **{"port": make_port(), "metric": "port.in", "start": AT, "end": later(60), **values}  # type: ignore[arg-type]
        )


# -- feeds


def test_a_feed_is_silent_after_twice_its_interval() -> None:
    services.heard("poll", AT, expected_every=timedelta(seconds=10))

    assert services.silent_feeds(later(20)) == []
    assert [row.name for row in services.silent_feeds(later(21))] == ["poll"]
    services.heard("poll", later(20), messages=3, expected_every=timedelta(seconds=10))

    assert services.silent_feeds(later(21)) == []
    feed = Feed.objects.get()
    assert (feed.messages, feed.last_message) == (3, later(20))


def test_late_news_of_a_feed_do_not_turn_it_back() -> None:
    services.heard("poll", later(20))
    services.heard("poll", AT)
    assert Feed.objects.get().last_heard == later(20)


def test_tasks_are_harmless_twice() -> None:
    with clock.frozen(later(600)):
        services.record([make_sample(make_port())])
        tasks.roll_up()
        before = RollUp.objects.count()
        tasks.roll_up()
        assert RollUp.objects.count() == before
    tasks.poll_batch([])
    assert not Feed.objects.exists()
