"""Numbers, locks and identifiers under rivals."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction

from kernel import ids, locks, numbering
from kernel.errors import Busy


def test_identifiers_are_ordered_and_of_version_7() -> None:
    made = [ids.uuid7() for _ in range(2000)] + ids.uuid7_block(2000) + [ids.uuid7()]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {value.version for value in made} == {7}
    assert {value.variant for value in made} == {"specified in RFC 4122"}


@pytest.mark.django_db(transaction=True)
def test_gapless_numbers_survive_rivals_and_rollbacks() -> None:
    taken: list[int] = []

    def take(index: int) -> None:
        try:
            with transaction.atomic():
                numbers = numbering.gapless("INV-TEST", 3)
                if index % 3 == 0:
                    raise ZeroDivisionError
                taken.extend(numbers)
        except ZeroDivisionError:
            return
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(take, range(18)))
    assert sorted(taken) == list(range(1, len(taken) + 1))
    assert len(taken) == 36


def test_gapless_numbers_need_a_transaction(transactional_db: None) -> None:
    with pytest.raises(RuntimeError):
        numbering.gapless("INV-TEST")


@pytest.mark.django_db
def test_public_numbers_grow_past_six_digits() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT kernel_public_number('TST'), kernel_public_number('TST')")
        assert cursor.fetchone() == ("TST-000001", "TST-000002")
        cursor.execute("SELECT setval('kernel_number_tst', 9999999)")
        cursor.execute("SELECT kernel_public_number('TST')")
        assert cursor.fetchone() == ("TST-10000000",)


@pytest.mark.django_db(transaction=True)
def test_a_held_lock_makes_the_rival_busy_not_stuck() -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            locks.advisory(locks.key_of("element", 1))
            held.set()
            done.wait(10)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    with pytest.raises(Busy), transaction.atomic():
        locks.advisory(locks.key_of("element", 1), wait_ms=50)
    with transaction.atomic():
        assert not locks.try_advisory(locks.key_of("element", 1))
        assert locks.try_advisory(locks.key_of("element", 2))
    done.set()
    thread.join(10)
    with transaction.atomic():
        locks.advisory(locks.key_of("element", 1), wait_ms=50)


@pytest.mark.django_db
def test_the_lock_timeout_is_given_back() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '7s'")
        locks.advisory(locks.key_of("x"))
        cursor.execute("SELECT current_setting('lock_timeout')")
        value: Any = cursor.fetchone()
        assert value == ("7s",)
