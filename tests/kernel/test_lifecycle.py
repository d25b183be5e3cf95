"""Lifecycle verbs on a real model of the kernel, with a rival in the middle."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from kernel import events, journal, lifecycle
from kernel.errors import IllegalMove, NotFound, StaleState, StaleVersion
from kernel.lifecycle import Lifecycle
from kernel.models import Job, JournalEntry, OutboxEvent

CYCLE = Lifecycle(
    "status",
    {
        "pending": {"running", "cancelled"},
        "running": {"succeeded", "failed", "cancelled"},
        "succeeded": set(),
        "failed": {"pending"},
        "cancelled": {"pending"},
    },
    name="job",
)
STATES = list(CYCLE.moves)
PAIRS = [(a, b) for a in STATES for b in STATES]

pytestmark = pytest.mark.django_db


def make_job(**overrides: Any) -> Job:
    return Job.objects.create(**{"kind": "test", "title": "Test", **overrides})


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_every_pair_of_states_follows_the_table(before: str, after: str) -> None:
    row = make_job(status=before)
    if CYCLE.allows(before, after):
        lifecycle.move(row, after, cycle=CYCLE)
        assert Job.objects.get().status == after
    else:
        with pytest.raises(IllegalMove) as caught:
            lifecycle.move(row, after, cycle=CYCLE)
        assert caught.value.code == "job.state.illegalMove"
        assert Job.objects.get().status == before


def test_move_writes_state_journal_and_event_together(admin: Any) -> None:
    row = make_job()
    with journal.acting(admin, request_id="req-12345678"):
        lifecycle.move(row, "running", cycle=CYCLE, reason="because", attempts=1)
    entry = JournalEntry.objects.get(object_id=row.pk)
    assert (entry.verb, entry.actor, entry.reason, entry.request_id) == (
        "job.running",
        admin,
        "because",
        "req-12345678",
    )
    assert (entry.before, entry.after) == (
        {"status": "pending", "attempts": 0},
        {"status": "running", "attempts": 1},
    )
    event = OutboxEvent.objects.get()
    assert event.name == "kernel.StateChanged"
    assert events.decode(event.name, event.payload) == events.StateChanged(
        "kernel.Job", row.pk, "status", "pending", "running"
    )
    assert row.version == 2


def test_of_two_rivals_only_one_moves() -> None:
    mine, theirs = make_job(), Job.objects.get()
    lifecycle.move(theirs, "cancelled", cycle=CYCLE)
    with pytest.raises(StaleState):
        lifecycle.move(mine, "running", cycle=CYCLE)
    assert JournalEntry.objects.count() == 1


def test_moving_a_deleted_row_says_so() -> None:
    row = make_job()
    Job.objects.all().delete()
    with pytest.raises(NotFound):
        lifecycle.move(row, "running", cycle=CYCLE)


def test_change_refuses_an_old_version_and_keeps_the_newer_text() -> None:
    mine, theirs = make_job(), Job.objects.get()
    lifecycle.change(theirs, title="Theirs", version=1)
    with pytest.raises(StaleVersion):
        lifecycle.change(mine, title="Mine", version=1)
    assert Job.objects.get().title == "Theirs"


def test_change_journals_only_what_differs() -> None:
    row = make_job()
    lifecycle.change(row, title="New", kind="test")
    entry = JournalEntry.objects.get()
    assert (entry.before, entry.after) == ({"title": "Test"}, {"title": "New"})
    lifecycle.change(row, title="New")
    assert JournalEntry.objects.count() == 1


def test_move_many_moves_what_may_move_and_leaves_the_rest() -> None:
    movable = [make_job(title=str(n)) for n in range(3)]
    stuck = make_job(status="succeeded")
    moved = lifecycle.move_many(Job.objects.all(), "cancelled", cycle=CYCLE)
    assert {row.pk for row in moved} == {row.pk for row in movable}
    stuck.refresh_from_db()
    assert stuck.status == "succeeded"
    assert JournalEntry.objects.filter(verb="job.cancelled").count() == 3
    assert OutboxEvent.objects.count() == 3


def test_a_failed_transaction_leaves_neither_journal_nor_event() -> None:
    row = make_job()
    with transaction.atomic():
        lifecycle.move(row, "running", cycle=CYCLE)
        transaction.set_rollback(True)
    assert (JournalEntry.objects.count(), OutboxEvent.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "statement", ["UPDATE kernel_journalentry SET reason = 'x'", "DELETE FROM kernel_journalentry"]
)
def test_the_journal_cannot_be_rewritten(statement: str) -> None:
    lifecycle.create(Job(kind="test", title="Test"))
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_remove_keeps_the_last_state_in_the_journal() -> None:
    row = lifecycle.create(Job(kind="test", title="Gone"))
    pk = row.pk
    lifecycle.remove(row)
    assert JournalEntry.objects.get(verb="job.removed", object_id=pk).before["title"] == "Gone"


@pytest.mark.parametrize("count", [3, 120])
def test_few_and_many_rows_are_journalled_and_told_alike(admin: Any, count: int) -> None:
    titles = [f'Été "{n}", \\N\n; été' for n in range(count)]
    with journal.acting(admin, request_id="req-12345678"):
        made = lifecycle.create_many([Job(kind="test", title=title) for title in titles], reason="a, b")
    entries = {entry.object_id: entry for entry in JournalEntry.objects.all()}
    for row, title in zip(made, titles, strict=True):
        entry = entries[row.pk]
        assert (entry.after["title"], entry.object_label, entry.reason) == (title, title, "a, b")
        assert (entry.actor, entry.request_id, entry.correlation_id) == (admin, "req-12345678", None)
    rows = list(OutboxEvent.objects.order_by("seq"))
    told = [events.decode(row.name, row.payload) for row in rows]
    assert told == [events.ObjectCreated("kernel.Job", row.pk) for row in made]
    assert {(row.attempts, row.dead, row.delivered) for row in rows} == {(0, False, None)}
