"""How alarms open, repeat and close: by event time, one open row per key, in sets."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel import clock, lifecycle
from kernel.errors import IllegalMove, Invalid
from kernel.models import JournalEntry, OutboxEvent, User
from oss.alarms import services
from oss.alarms.events import AlarmCleared, AlarmRaised
from oss.alarms.models import AckState, Alarm, AlarmNotification, Severity, Source, State
from tests.factories.oss_alarms import AT, make_alarm, make_clear, make_maintenance, make_notice
from tests.factories.oss_inventory import make_element

Outcome = AlarmNotification.Outcome


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


@pytest.mark.django_db
def test_a_first_sign_opens_an_alarm_with_journal_events_and_the_raw_message() -> None:
    element = make_element()
    OutboxEvent.objects.all().delete()

    intake = services.raise_many(
        [make_notice(element_id=element.pk, text="fan tray 2 failed", peer="10.0.0.1:161")]
    )

    alarm = Alarm.objects.get()
    assert intake.raised == [alarm.pk]
    assert (alarm.state, alarm.count, alarm.raised, alarm.number[:4]) == (State.RAISED, 1, AT, "ALM-")
    assert [event.name for event in OutboxEvent.objects.order_by("seq")] == [
        "kernel.ObjectCreated",
        AlarmRaised.name,
    ]
    assert OutboxEvent.objects.last().correlation_id == alarm.pk  # type: ignore[union-attr]
    assert JournalEntry.objects.get(object_id=alarm.pk).verb == "alarm.raised"
    note = AlarmNotification.objects.get()
    assert (note.outcome, note.alarm_id, note.text, note.element_id) == (
        Outcome.RAISED, alarm.pk, "fan tray 2 failed", element.pk,
    )  # fmt: skip


@pytest.mark.django_db
def test_events_written_in_sets_are_delivered_like_any_other() -> None:
    from kernel import events

    alarm = make_alarm()
    row = OutboxEvent.objects.get(name=AlarmRaised.name)
    assert events.decode(row.name, row.payload) == AlarmRaised(alarm.pk, None, None, "major", AT)
    assert events.drain() == 2


@pytest.mark.django_db
def test_repeats_count_and_keep_one_row() -> None:
    notice = make_notice()

    services.raise_many([notice])
    services.raise_many([make_notice(key=notice.key, at=later(5), source=Source.SYSLOG)] * 3)

    alarm = Alarm.objects.get()
    assert (alarm.count, alarm.state, alarm.last_raised, alarm.raised) == (4, State.UPDATED, later(5), AT)
    assert alarm.sources == [Source.API, Source.SYSLOG]
    assert OutboxEvent.objects.filter(name=AlarmRaised.name).count() == 1


@pytest.mark.django_db
def test_a_clear_closes_by_whichever_evidence_comes_and_keeps_it() -> None:
    notice = make_notice(source=Source.TRAP)
    services.raise_many([notice])

    intake = services.raise_many([make_clear(notice, source=Source.POLL, text="port polled up")])

    alarm = Alarm.objects.get()
    assert intake.outcomes == [Outcome.CLEARED]
    assert (alarm.state, alarm.perceived_severity, alarm.raised_severity) == ("cleared", "cleared", "major")
    assert (alarm.cleared, alarm.cleared_by, alarm.clear_evidence) == (
        later(10),
        Source.POLL,
        "port polled up",
    )
    assert OutboxEvent.objects.filter(name=AlarmCleared.name).get().payload["alarm_id"] == str(alarm.pk)


@pytest.mark.django_db
def test_a_cleared_key_opens_a_new_row() -> None:
    notice = make_notice()

    services.raise_many([notice, make_clear(notice)])
    services.raise_many([make_notice(key=notice.key, at=later(20))])

    assert [row.state for row in Alarm.objects.order_by("raised")] == [State.CLEARED, State.RAISED]


@pytest.mark.django_db
def test_an_older_raise_that_comes_late_never_reopens() -> None:
    notice = make_notice()
    services.raise_many([notice, make_clear(notice)])

    intake = services.raise_many([make_notice(key=notice.key, at=later(9))])

    assert intake.outcomes == [Outcome.LATE]
    assert not Alarm.objects.open().exists()


@pytest.mark.django_db
def test_an_older_clear_that_comes_late_does_not_close_what_is_newer() -> None:
    notice = make_notice()
    services.raise_many([notice, make_notice(key=notice.key, at=later(20))])

    intake = services.raise_many([make_clear(notice, after=10)])

    assert intake.outcomes == [Outcome.LATE]
    assert Alarm.objects.open().count() == 1


@pytest.mark.django_db
def test_a_clear_that_overtakes_its_raise_is_remembered() -> None:
    notice = make_notice()

    first = services.raise_many([make_clear(notice, after=2)])
    second = services.raise_many([notice])
    third = services.raise_many([make_notice(key=notice.key, at=later(3))])

    assert (first.outcomes, second.outcomes, third.outcomes) == (
        [Outcome.NOTHING],
        [Outcome.LATE],
        [Outcome.RAISED],
    )


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(
        st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=12, unique_by=lambda e: e[0]
    ),
    order=st.randoms(use_true_random=False),
    cut=st.integers(0, 12),
)
def test_the_order_of_arrival_does_not_matter(
    events: list[tuple[int, bool]], order: object, cut: int
) -> None:
    """Whatever way the same events arrive and are batched, the key is open if and only if the last of them raised."""
    shuffled = list(events)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    with transaction.atomic():
        notice = make_notice()
        # Clears every hour apart: nothing here flaps.
        rows = [
            make_clear(notice, after=at * 3600) if over else make_notice(key=notice.key, at=later(at * 3600))
            for at, over in shuffled
        ]
        services.raise_many(rows[:cut])
        services.raise_many(rows[cut:])
        expected = not max(events)[1]
        assert Alarm.objects.open().filter(key=notice.key).exists() is expected
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_changes_of_side_within_one_batch_are_followed() -> None:
    notice = make_notice()

    intake = services.raise_many(
        [
            make_notice(key=notice.key, at=later(30)),
            make_clear(notice, after=10),
            notice,
            make_clear(notice, after=40),
        ]
    )

    assert intake.outcomes == [Outcome.RAISED, Outcome.CLEARED, Outcome.RAISED, Outcome.CLEARED]
    assert list(Alarm.objects.order_by("raised").values_list("raised", "cleared")) == [
        (AT, later(10)), (later(30), later(40)),
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_key_that_keeps_coming_back_is_held_open_until_it_stays_quiet() -> None:
    notice = make_notice()
    for turn in range(3):
        services.raise_many(
            [make_notice(key=notice.key, at=later(turn * 20)), make_clear(notice, after=turn * 20 + 10)]
        )

    services.raise_many([make_notice(key=notice.key, at=later(60))])
    held = services.raise_many([make_clear(notice, after=70)])
    alarm = Alarm.objects.open().get()
    assert (alarm.flapping, held.outcomes, alarm.clear_pending) == (True, [Outcome.HELD], later(70))
    services.raise_many([make_notice(key=notice.key, at=later(80)), make_clear(notice, after=90)])
    services.sweep(at=later(100))
    assert Alarm.objects.open().exists()

    services.sweep(at=later(90) + timedelta(minutes=2))
    alarm.refresh_from_db()
    assert (alarm.state, alarm.cleared, alarm.cleared_by) == (State.CLEARED, later(90), Source.TIMER)
    assert OutboxEvent.objects.filter(name=AlarmRaised.name).count() == 4


@pytest.mark.django_db
def test_worse_severity_takes_an_acknowledgement_back(admin: User) -> None:
    notice = make_notice(severity=Severity.MINOR)
    services.raise_many([notice])
    services.acknowledge(Alarm.objects.all(), by=admin, note="seen", at=AT)

    services.raise_many([make_notice(key=notice.key, at=later(5), severity=Severity.MINOR)])
    assert Alarm.objects.get().is_acknowledged
    services.raise_many([make_notice(key=notice.key, at=later(6), severity=Severity.CRITICAL)])

    alarm = Alarm.objects.get()
    assert (alarm.perceived_severity, alarm.ack_state, alarm.acked_by) == (
        "critical",
        AckState.UNACKNOWLEDGED,
        None,
    )
    assert JournalEntry.objects.filter(object_id=alarm.pk, verb="alarm.severity").count() == 1


@pytest.mark.django_db
def test_an_older_sign_does_not_change_the_severity() -> None:
    notice = make_notice(severity=Severity.MINOR, at=later(10))
    services.raise_many([notice])

    services.raise_many([make_notice(key=notice.key, at=later(5), severity=Severity.CRITICAL)])

    alarm = Alarm.objects.get()
    assert (alarm.perceived_severity, alarm.raised, alarm.last_raised) == ("minor", later(5), later(10))


@pytest.mark.django_db
def test_a_persons_clear_outranks_flapping_and_order() -> None:
    alarm = make_alarm(at=later(50))

    assert services.clear(alarm=alarm, at=later(10), evidence="seen on site")

    alarm.refresh_from_db()
    assert (alarm.state, alarm.cleared_by, alarm.clear_evidence) == (
        State.CLEARED,
        Source.MANUAL,
        "seen on site",
    )
    assert not services.clear(alarm=alarm, at=later(11))


@pytest.mark.django_db
def test_alarms_of_a_window_are_marked_as_planned() -> None:
    element, other = make_element(), make_element()
    make_maintenance(elements=[element])

    services.raise_many([make_notice(element_id=element.pk), make_notice(element_id=other.pk)])

    assert Alarm.objects.get(element=element).planned_outage
    assert not Alarm.objects.get(element=other).planned_outage


@pytest.mark.django_db
def test_a_storm_takes_as_many_statements_as_a_drop() -> None:
    def statements(count: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            services.raise_many([make_notice() for _ in range(count)])
        return len(seen)

    assert statements(1) == statements(500)
    assert Alarm.objects.count() == 501
    assert AlarmNotification.objects.count() == 501


@pytest.mark.django_db
def test_raw_text_that_a_database_chokes_on_is_kept() -> None:
    nasty = 'a "quoted", \\N line\nwith\ttabs and \x00 zero'

    services.raise_many([make_notice(text=nasty), make_notice(text="\\N", key="")])

    texts = set(AlarmNotification.objects.values_list("text", flat=True))
    assert texts == {nasty.replace("\x00", ""), ""}


@pytest.mark.django_db
def test_an_alarm_without_key_or_with_an_unknown_severity_is_refused() -> None:
    with pytest.raises(Invalid):
        services.raise_alarm(key="", severity=Severity.MAJOR)
    with pytest.raises(Invalid):
        services.raise_alarm(key="x", severity="terrible")


@pytest.mark.django_db
@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("after", list(State))
def test_the_lifecycle_pair_by_pair(before: State, after: State) -> None:
    alarm = make_alarm()
    if before == State.UPDATED:
        services.raise_many([make_notice(key=alarm.key, at=later(1))])
    if before == State.CLEARED:
        services.clear(alarm=alarm, at=later(1))
    alarm.refresh_from_db()
    changes = {"cleared": later(2), "perceived_severity": "cleared"} if after == State.CLEARED else {}
    if after in Alarm.MOVES[before]:
        assert lifecycle.move(alarm, after, cycle=Alarm.lifecycle, **changes).state == after
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(alarm, after, cycle=Alarm.lifecycle, **changes)


@pytest.mark.django_db(transaction=True)
def test_rivals_with_the_same_keys_open_each_once() -> None:
    keys = [f"rival:{n}" for n in range(40)]
    start = Barrier(2)
    errors: list[BaseException] = []

    def intake(order: list[str]) -> None:
        try:
            start.wait(5)
            for _round in range(3):
                services.raise_many([make_notice(key=key) for key in order])
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    rivals = [Thread(target=intake, args=[order]) for order in (keys, keys[::-1])]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join(30)

    assert not errors
    assert Alarm.objects.open().count() == 40
    assert set(Alarm.objects.values_list("count", flat=True)) == {6}


@pytest.mark.django_db
def test_the_database_allows_one_open_row_per_key() -> None:
    alarm = make_alarm()
    twin = Alarm.objects.get(pk=alarm.pk)
    twin.pk, twin.number = None, "ALM-X"
    with pytest.raises(IntegrityError, match="oss_alarms_one_open"), transaction.atomic():
        Alarm.objects.bulk_create([twin])


@pytest.mark.django_db
def test_the_clock_is_read_when_no_time_is_given() -> None:
    with clock.frozen(later(77)):
        alarm = services.raise_alarm(key="now", severity=Severity.MINOR)
    assert alarm is not None
    assert alarm.raised == later(77)
