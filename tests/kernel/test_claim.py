"""`lifecycle.claim`: the next free row, once, whoever else is asking."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from kernel import lifecycle
from kernel.lifecycle import Lifecycle
from kernel.models import Job, JournalEntry, OutboxEvent

CYCLE = Lifecycle("status", {"pending": {"running"}, "failed": {"running"}, "running": set()}, name="job")


def make_job(title: str, **overrides: Any) -> Job:
    return Job.objects.create(**{"kind": "test", "title": title, **overrides})


@pytest.mark.django_db
def test_the_first_row_that_may_move_is_moved_and_recorded() -> None:
    make_job("a", status="running")
    make_job("b", status="failed")
    make_job("c")
    row = lifecycle.claim(Job.objects.order_by("title"), "running", cycle=CYCLE, reason="mine", attempts=3)
    assert row is not None
    assert (row.title, row.status, row.attempts, row.version) == ("b", "running", 3, 2)
    entry = JournalEntry.objects.get(object_id=row.pk)
    assert (entry.before, entry.after, entry.reason) == (
        {"status": "failed", "attempts": 0},
        {"status": "running", "attempts": 3},
        "mine",
    )
    assert OutboxEvent.objects.get().payload["before"] == "failed"
    assert Job.objects.get(title="c").status == "pending"


@pytest.mark.django_db
def test_nothing_left_is_none() -> None:
    make_job("a", status="running")
    assert lifecycle.claim(Job.objects.all(), "running", cycle=CYCLE) is None
    assert not JournalEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_row_that_a_rival_holds_is_passed_over_without_waiting() -> None:
    make_job("a")
    make_job("b")
    got: list[str] = []

    def rival() -> None:
        try:
            row = lifecycle.claim(Job.objects.order_by("title"), "running", cycle=CYCLE)
            got.append(row.title if row else "")
        finally:
            connection.close()

    with transaction.atomic():
        mine = lifecycle.claim(Job.objects.order_by("title"), "running", cycle=CYCLE)
        thread = threading.Thread(target=rival)
        thread.start()
        thread.join()
    assert mine is not None
    assert (mine.title, got) == ("a", ["b"])
