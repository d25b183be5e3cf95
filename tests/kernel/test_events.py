"""Outbox: at-least-once delivery, exactly-once effects, retry, dead letters, a story's correlation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections, transaction

from kernel import clock, events, journal
from kernel.events import Event
from kernel.models import EventReceipt, Job, OutboxEvent


@dataclass(frozen=True)
class ThingHappened(Event):
    thing_id: UUID
    at: datetime
    day: date
    amount: Decimal
    names: tuple[str, ...]
    other_id: UUID | None = None


def happening(**overrides: Any) -> ThingHappened:
    values: dict[str, Any] = {
        "thing_id": uuid4(),
        "at": datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        "day": date(2026, 2, 28),
        "amount": Decimal("1.10"),
        "names": ("a", "b"),
    }
    return ThingHappened(**{**values, **overrides})


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Event]]:
    """A subscriber of ThingHappened that only remembers."""
    seen: list[Event] = []
    monkeypatch.setattr(
        events, "subscribers", lambda: {ThingHappened.name: (("test.remember", seen.append),)}
    )
    return seen


def test_an_event_survives_the_way_through_json() -> None:
    event = happening(other_id=uuid4())
    assert events.decode(event.name, event.payload()) == event
    assert event.ids() == [event.thing_id, event.other_id]


def test_publishing_outside_a_transaction_is_refused(transactional_db: None) -> None:
    with pytest.raises(RuntimeError):
        events.publish(happening())


@pytest.mark.django_db
def test_delivery_in_order_and_only_once(heard: list[Event]) -> None:
    sent = [happening(names=(str(n),)) for n in range(3)]
    events.publish(*sent)
    assert events.drain() == 3
    assert heard == sent
    assert events.drain() == 0
    OutboxEvent.objects.update(delivered=None)  # the dispatcher died between effect and mark
    assert events.drain() == 3
    assert heard == sent


@pytest.mark.django_db
def test_a_subscriber_acts_as_part_of_the_same_story(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[journal.Context] = []
    monkeypatch.setattr(
        events,
        "subscribers",
        lambda: {ThingHappened.name: (("test.ctx", lambda _e: seen.append(journal.context())),)},
    )
    story = uuid4()
    with journal.acting(label="Ada", correlation_id=story):
        events.publish(happening())
    events.drain()
    assert [(c.actor, c.correlation_id) for c in seen] == [("Ada", story)]


@pytest.mark.django_db
def test_a_failing_subscriber_is_retried_alone_then_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def fails(_event: Event) -> None:
        calls.append("fails")
        Job.objects.create(kind="x", title="must be rolled back")
        raise ValueError("no")

    table = {ThingHappened.name: (("test.works", lambda _e: calls.append("works")), ("test.fails", fails))}
    monkeypatch.setattr(events, "subscribers", lambda: table)
    events.publish(happening())
    for _ in range(events.MAX_ATTEMPTS + 2):
        events.deliver_pending()
        OutboxEvent.objects.update(next_attempt=None)
    row = OutboxEvent.objects.get()
    assert row.dead
    assert "ValueError: no" in row.error
    assert calls == ["works"] + ["fails"] * events.MAX_ATTEMPTS
    assert not Job.objects.exists()
    assert EventReceipt.objects.count() == 1


@pytest.mark.django_db
def test_a_retry_waits_for_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_event: Event) -> None:
        raise ValueError

    monkeypatch.setattr(events, "subscribers", lambda: {ThingHappened.name: (("test.fails", fails),)})
    events.publish(happening())
    events.deliver_pending()
    row = OutboxEvent.objects.get()
    assert row.attempts == 1
    assert row.next_attempt is not None
    assert row.next_attempt > clock.system_now() - timedelta(seconds=1)
    events.deliver_pending()
    row.refresh_from_db()
    assert row.attempts == 1


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_have_one_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    entered, release = threading.Event(), threading.Event()
    effects: list[str] = []

    def slow(_event: Event) -> None:
        entered.set()
        assert release.wait(10)
        effects.append("once")

    monkeypatch.setattr(events, "subscribers", lambda: {ThingHappened.name: (("test.slow", slow),)})
    with transaction.atomic():
        events.publish(happening())

    def dispatch() -> None:
        try:
            events.deliver_pending()
        finally:
            connections.close_all()

    first = threading.Thread(target=dispatch)
    first.start()
    assert entered.wait(10)
    second = threading.Thread(target=dispatch)
    second.start()
    release.set()
    first.join(10)
    second.join(10)
    assert effects == ["once"]
    assert OutboxEvent.objects.get().delivered is not None


@pytest.mark.django_db(transaction=True)
def test_the_dispatcher_is_woken_at_commit(heard: list[Event]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {events.CHANNEL}")
    with transaction.atomic():
        events.publish(happening())
    connection.connection.poll()
    assert [n.channel for n in connection.connection.notifies] == [events.CHANNEL]
    with connection.cursor() as cursor:
        cursor.execute("UNLISTEN *")
    assert events.drain() == 1
