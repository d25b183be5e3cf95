"""Windows in which alarms are expected."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kernel import lifecycle
from kernel.errors import IllegalMove, Invalid
from kernel.models import User
from oss.alarms import services
from oss.alarms.models import Alarm, Maintenance
from tests.factories.oss_alarms import AT, make_maintenance, make_network, make_notice, port_down, silent
from tests.factories.oss_inventory import make_element

pytestmark = pytest.mark.django_db
Status = Maintenance.Status


def later(minutes: float) -> datetime:
    return AT + timedelta(minutes=minutes)


def test_a_window_reaches_what_lies_behind_its_targets(admin: User) -> None:
    network = make_network()

    window = services.plan_maintenance(
        links=[network.spur],
        start=AT,
        end=later(60),
        reason="New fibre",
        change_ref="CHG-000001",
        by=admin,
        at=AT,
    )

    targets = window.targets.select_related("element", "link")
    assert {t.element for t in targets if t.element} == {network.agg, network.leaf}
    assert {(t.link, t.behind) for t in targets if t.link} == {(network.spur, False), (network.tail, True)}
    assert (window.status, window.planned_by, window.number[:4]) == (Status.ACTIVE, admin, "MNT-")


def test_the_preview_names_what_would_be_hidden() -> None:
    network = make_network()
    services.raise_many([silent(network.leaf), port_down(network.spur.port_a, network.spur), make_notice()])

    seen = services.preview_maintenance(links=[network.spur])

    assert {alarm.element for alarm in seen.alarms} == {network.leaf, network.core2}
    assert seen.behind == {network.agg.pk, network.leaf.pk}
    assert not seen.too_broad


def test_alarms_that_stand_are_marked_when_the_window_begins_and_unmarked_when_it_ends() -> None:
    network = make_network()
    services.raise_many([silent(network.leaf)])
    window = make_maintenance(elements=[network.leaf], start=later(10), end=later(20))
    assert window.status == Status.SCHEDULED
    assert not Alarm.objects.get().planned_outage

    services.sweep(at=later(10))
    assert Alarm.objects.get().planned_outage
    services.sweep(at=later(20))

    assert not Alarm.objects.get().planned_outage
    window.refresh_from_db()
    assert window.status == Status.ENDED


def test_ending_early_unmarks_and_calling_off_is_for_what_has_not_begun() -> None:
    element = make_element()
    running, coming = make_maintenance(elements=[element]), make_maintenance(start=later(60), end=later(90))
    services.raise_many([make_notice(element_id=element.pk)])

    services.end_maintenance(maintenance=running, at=later(1))
    services.end_maintenance(maintenance=coming, at=later(1))

    assert (running.status, coming.status) == (Status.ENDED, Status.CANCELLED)
    assert not Alarm.objects.get().planned_outage


def test_two_windows_over_one_element() -> None:
    element = make_element()
    first = make_maintenance(elements=[element])
    make_maintenance(elements=[element])
    services.raise_many([make_notice(element_id=element.pk)])

    services.end_maintenance(maintenance=first, at=later(1))

    assert Alarm.objects.get().planned_outage


def test_a_window_over_much_of_the_network_wants_confirmation() -> None:
    elements = [make_element() for _ in range(8)]

    with pytest.raises(Invalid) as refusal:
        make_maintenance(elements=elements)
    assert refusal.value.code == "maintenance.tooBroad"
    assert make_maintenance(elements=elements, broad=True).targets.count() == 8


@pytest.mark.parametrize(
    "values",
    [{"end": AT - timedelta(hours=2)}, {"start": AT, "end": AT}, {"elements": []}],
    ids=["past", "empty", "nothing"],
)
def test_senseless_windows_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        make_maintenance(**values)


@pytest.mark.parametrize("before", list(Status))
@pytest.mark.parametrize("after", list(Status))
def test_the_lifecycle_pair_by_pair(before: Status, after: Status) -> None:
    window = make_maintenance(start=later(60), end=later(90))
    way = {
        Status.SCHEDULED: [], Status.ACTIVE: [Status.ACTIVE], Status.ENDED: [Status.ENDED],
        Status.CANCELLED: [Status.CANCELLED],
    }  # fmt: skip
    for step in way[before]:
        lifecycle.move(window, step)
    if after in Maintenance.MOVES[before]:
        assert lifecycle.move(window, after).status == after
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(window, after)
