"""Rows in bulk: COPY in and out as CSV, and tables that live as long as the transaction.

Usage, measurements and invoice lines move in sets; none of these rows passes through the ORM. NULL is written `\\N`, so
that an empty text stays an empty text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, cast

from django.db import connection

NULL = "\\N"
# Below this many rows an INSERT is quicker than opening a COPY.
COPY_FROM = 50
# psycopg2 hands the stream to libpq in pieces of this many bytes; its default of 8 kB costs a fifth of the speed.
PIECE = 1 << 20


def copy_in(table: str, columns: Sequence[str], data: BinaryIO | bytes) -> None:
    """COPY CSV bytes into `columns` of `table`; must run inside the transaction the rows belong to."""
    if not connection.in_atomic_block:
        raise RuntimeError("bulk rows are written inside a transaction")
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    names = ", ".join(f'"{name}"' for name in columns)
    # copy_expert goes past Django's own translation of the driver's errors.
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cast(Any, cursor).copy_expert(
            f"COPY \"{table}\" ({names}) FROM STDIN WITH (FORMAT csv, NULL '{NULL}')", stream, PIECE
        )


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY Python rows (None, numbers, text, dates, UUIDs; no lists) into `columns` of `table`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([NULL if value is None else value for value in row] for row in rows)
    copy_in(table, columns, text.getvalue().encode())


def add_rows(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Add a few rows by one INSERT, many by COPY; in the transaction the rows belong to, if there is one."""
    if len(rows) >= COPY_FROM and connection.in_atomic_block:
        copy_rows(table, columns, rows)
        return
    names = ", ".join(f'"{name}"' for name in columns)
    one = "(" + ", ".join(["%s"] * len(columns)) + ")"
    for start in range(0, len(rows), COPY_FROM):
        part = rows[start : start + COPY_FROM]
        values = ", ".join([one] * len(part))
        execute(f'INSERT INTO "{table}" ({names}) VALUES {values}', [value for row in part for value in row])


def copy_out(query: str, params: Sequence[Any] = ()) -> bytes:
    """Result of a query as CSV bytes with a heading."""
    stream = io.BytesIO()
    with connection.cursor() as cursor:
        sql = cast(Any, cursor).mogrify(query, list(params)).decode()
        cast(Any, cursor).copy_expert(
            f"COPY ({sql}) TO STDOUT WITH (FORMAT csv, HEADER, NULL '{NULL}')", stream, PIECE
        )
    return stream.getvalue()


def temporary(name: str, columns: str) -> None:
    """A table of that name for the rest of the transaction, empty; `columns` as in CREATE TABLE."""
    if not connection.in_atomic_block:
        raise RuntimeError("a temporary table lives in a transaction")
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE IF EXISTS pg_temp."{name}"')
        cursor.execute(f'CREATE TEMP TABLE "{name}" ({columns}) ON COMMIT DROP')


def execute(query: str, params: Sequence[Any] = ()) -> int:
    """Run one statement; returns how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(query, list(params))
        return int(cursor.rowcount)
