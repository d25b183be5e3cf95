"""COPY in and out: what goes in comes out, and nothing outside a transaction."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from django.db import connection, transaction

from kernel import bulk
from kernel.ids import uuid7

pytestmark = pytest.mark.django_db


def test_rows_come_out_as_they_went_in() -> None:
    rows = [(1, "", None, date(2026, 2, 28)), (2, 'a "quoted", text', "x\ny", None)]
    with transaction.atomic():
        bulk.temporary("bulk_test", "id integer, name text, note text, day date")
        bulk.copy_rows("bulk_test", ["id", "name", "note", "day"], rows)
        out = bulk.copy_out("SELECT * FROM bulk_test WHERE id >= %s ORDER BY id", [1])

    read = list(csv.reader(io.StringIO(out.decode())))
    assert read[0] == ["id", "name", "note", "day"]
    assert read[1] == ["1", "", bulk.NULL, "2026-02-28"]
    assert read[2] == ["2", 'a "quoted", text', "x\ny", bulk.NULL]


def test_a_temporary_table_is_made_anew_each_time() -> None:
    with transaction.atomic():
        for _ in range(2):
            bulk.temporary("bulk_test", "id uuid")
            bulk.copy_rows("bulk_test", ["id"], [(uuid7(),)])
        assert bulk.execute("DELETE FROM bulk_test") == 1


@pytest.mark.django_db(transaction=True)
def test_bulk_rows_need_a_transaction() -> None:
    assert not connection.in_atomic_block
    with pytest.raises(RuntimeError):
        bulk.copy_rows("kernel_numberseries", ["name", "value"], [("x", 1)])
    with pytest.raises(RuntimeError):
        bulk.temporary("bulk_test", "id integer")
