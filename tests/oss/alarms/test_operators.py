"""What people do: take notice, remark, group; and what time does to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kernel import lifecycle
from kernel.errors import IllegalMove, Invalid
from kernel.models import JournalEntry, User
from kernel.pages import url_of
from oss.alarms import services, tasks
from oss.alarms.models import AckState, Alarm, AlarmComment, CorrelationVerdict, EarlyClear, Source
from oss.inventory.models import Port
from oss.inventory.services import set_oper_state
from oss.monitoring.models import ElementHealth
from oss.monitoring.services import heard
from tests.factories.oss_alarms import (
    AT,
    make_alarm,
    make_clear,
    make_network,
    make_notice,
    port_down,
    silent,
)
from tests.factories.oss_inventory import make_element
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def test_an_acknowledgement_says_who_why_and_until_when(admin: User) -> None:
    alarm = make_alarm()

    done = services.acknowledge([alarm], by=admin, note="spare part ordered", until=later(3600), at=AT)

    alarm.refresh_from_db()
    assert done == [alarm]
    assert (alarm.acked_by, alarm.acked_at, alarm.ack_note, alarm.ack_until) == (
        admin,
        AT,
        "spare part ordered",
        later(3600),
    )
    assert (
        JournalEntry.objects.filter(object_id=alarm.pk, verb="alarm.acknowledged").get().reason
        == "spare part ordered"
    )


def test_acknowledging_again_changes_note_and_end(admin: User) -> None:
    alarm = make_alarm()
    services.acknowledge([alarm], by=admin, note="looking", at=AT)

    services.acknowledge([alarm], by=admin, note="found it", until=later(60), at=later(5))

    alarm.refresh_from_db()
    assert (alarm.ack_note, alarm.ack_until) == ("found it", later(60))


def test_an_acknowledgement_ends_with_its_time(admin: User) -> None:
    alarm = make_alarm()
    services.acknowledge([alarm], by=admin, until=later(60), at=AT)

    assert services.sweep(at=later(59)).unacknowledged == 0
    assert services.sweep(at=later(60)).unacknowledged == 1

    alarm.refresh_from_db()
    assert (alarm.ack_state, alarm.acked_by, alarm.ack_until) == (AckState.UNACKNOWLEDGED, None, None)


def test_an_end_in_the_past_is_refused(admin: User) -> None:
    with pytest.raises(Invalid):
        services.acknowledge([make_alarm()], by=admin, until=AT, at=AT)


def test_cleared_alarms_are_not_acknowledged(admin: User) -> None:
    alarm = make_alarm()
    services.clear(alarm=alarm, at=later(1))

    assert services.acknowledge([alarm], by=admin) == []


def test_symptoms_go_with_their_root(admin: User) -> None:
    root, symptom = make_alarm(), make_alarm()
    services.group(root=root, alarms=[symptom], by=admin)

    assert len(services.acknowledge([root], by=admin, symptoms=True)) == 2
    assert len(services.unacknowledge([root], symptoms=True)) == 2


def test_a_thousand_alarms_are_acknowledged_in_sets(admin: User) -> None:
    services.raise_many([make_notice() for _ in range(1000)])
    rows = list(Alarm.objects.all())

    with CaptureQueriesContext(connection) as seen:
        assert len(services.acknowledge(rows, by=admin, note="storm")) == 1000
    assert len(seen) < 15
    with CaptureQueriesContext(connection) as seen:
        assert services.clear_many(rows, evidence="checked") == 1000
    assert len(seen) < 15


@pytest.mark.parametrize("before", list(AckState))
@pytest.mark.parametrize("after", list(AckState))
def test_acknowledgement_pair_by_pair(admin: User, before: AckState, after: AckState) -> None:
    alarm = make_alarm()
    if before == AckState.ACKNOWLEDGED:
        services.acknowledge([alarm], by=admin, at=AT)
        alarm.refresh_from_db()
    changes = {"acked_at": AT if after == AckState.ACKNOWLEDGED else None, "acked_by": None}
    if after in Alarm.ACK_MOVES[before]:
        assert lifecycle.move(alarm, after, cycle=Alarm.ack_cycle, **changes).ack_state == after
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(alarm, after, cycle=Alarm.ack_cycle, **changes)


def test_comments_keep_author_and_system(admin: User) -> None:
    alarm = make_alarm()

    services.comment(alarm=alarm, text=" crew on its way ", by=admin, system="dispatch")

    row = AlarmComment.objects.get()
    assert (row.text, row.author, row.system) == ("crew on its way", admin, "dispatch")
    with pytest.raises(Invalid):
        services.comment(alarm=alarm, text="  ", by=admin)


def test_grouping_moves_symptoms_along_and_is_remembered(admin: User) -> None:
    root, other, symptom = make_alarm(), make_alarm(), make_alarm()
    services.group(root=other, alarms=[symptom], by=admin)

    services.group(root=root, alarms=[other, root], by=admin, note="same pump")

    assert set(root.symptoms.all()) == {other, symptom}
    assert CorrelationVerdict.objects.filter(root=root, verdict="accept").count() == 2
    with pytest.raises(Invalid):
        services.group(root=Alarm.objects.get(pk=symptom.pk), alarms=[root], by=admin)


def test_ungrouping_and_accepting_are_verdicts(admin: User) -> None:
    root, symptom = make_alarm(), make_alarm()
    services.group(root=root, alarms=[symptom], by=admin)

    services.accept_grouping(alarms=[symptom], by=admin)
    services.ungroup(alarms=[symptom], by=admin, note="chance")

    symptom.refresh_from_db()
    assert (symptom.root, symptom.correlated) == (None, None)
    assert list(CorrelationVerdict.objects.order_by("created").values_list("verdict", flat=True)) == [
        "accept", "accept", "reject",
    ]  # fmt: skip


def test_a_lost_link_up_is_made_good_by_the_recorded_port_state() -> None:
    network = make_network()
    notice = port_down(network.backbone.port_a, network.backbone)
    services.raise_many([notice])
    set_oper_state(port=network.backbone.port_a, state=Port.OperState.UP, at=later(30))

    services.sweep(at=later(40))

    alarm = Alarm.objects.get(key=notice.key)
    assert (alarm.is_open, alarm.cleared, alarm.cleared_by) == (False, later(30), Source.POLL)


def test_an_element_that_answers_is_not_silent() -> None:
    network = make_network()
    services.raise_many([silent(network.leaf)])
    ElementHealth.objects.create(element=network.leaf, reachable=True, since=later(30))

    services.sweep(at=later(40))

    assert not Alarm.objects.open().exists()


def test_a_silent_feed_is_an_alarm_until_it_speaks() -> None:
    from kernel import clock

    heard("poll", clock.system_now() - timedelta(hours=1))

    services.sweep()
    alarm = Alarm.objects.get()
    assert alarm.specific_problem == "Feed poll is silent"
    heard("poll")
    services.sweep()

    alarm.refresh_from_db()
    assert not alarm.is_open


def test_early_clears_are_forgotten() -> None:
    services.raise_many([make_clear(make_notice())])
    assert EarlyClear.objects.exists()

    services.sweep(at=later(3700))

    assert not EarlyClear.objects.exists()


def test_tasks_are_harmless_twice() -> None:
    services.raise_many([make_notice()])

    tasks.sweep()
    tasks.sweep()
    before = list(Alarm.objects.values())
    tasks.sweep()

    assert list(Alarm.objects.values()) == before


def test_an_alarm_links_what_it_is_about_for_who_may_open_it(
    admin: User, make_user: Callable[..., User]
) -> None:
    element = make_element()
    alarm = make_alarm(element_id=element.pk)
    place, console = f'href="{url_of(element)}"', reverse("oss_alarms:alarm-list")

    for address in (console, url_of(alarm) or ""):
        assert place in browser_of(admin).get(address).content.decode()
        page = browser_of(make_user("care")).get(address).content.decode()
        assert element.name in page
        assert place not in page
