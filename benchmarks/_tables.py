"""Large tables for benchmarks: a row that the product made itself, repeated by one INSERT … SELECT a table."""

from __future__ import annotations

from typing import Any

from django.db import connection, models

# Numbers of repeated rows begin here, far from those of the sample.
FIRST = 5_000_000


def key(table: int, n: str = "n") -> str:
    """SQL of the key of repeated row `n` of a table: a UUIDv7 in order of `n`, the same in every table of that number."""
    return (
        f"(lpad(to_hex(1750000000000 + {n}), 12, '0') || '70008000' || lpad(to_hex({table}), 12, '0'))::uuid"
    )


def repeat(row: Any, count: int, **expressions: str) -> None:
    """Insert `count` more rows like `row`; `expressions` are SQL of single columns, in which n runs from 1 to `count`."""
    model = type(row)
    columns = [field for field in model._meta.concrete_fields if not field.generated]
    plain = [field for field in columns if not isinstance(field, models.CompositePrimaryKey)]
    values = {field.column: expressions.get(field.column) or _same(field) for field in plain}
    names = ", ".join(f'"{name}"' for name in values)
    taken = ", ".join(values.values()).replace("%", "%%")
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {taken} '
            f'FROM "{model._meta.db_table}" s, generate_series(1, {count}) n WHERE s.id = %s',
            [row.id],
        )
        cursor.execute(f'VACUUM ANALYZE "{model._meta.db_table}"')


def _same(field: Any) -> str:
    from kernel.models.base import NumberField

    if isinstance(field, NumberField) and field.prefix:
        return f"'{field.prefix}-' || ({FIRST} + n)"
    return f's."{field.column}"'


def read_by_scan(tables: list[str]) -> dict[str, int]:
    """Rows that sequential scans of these tables (or of their partitions) have read so far, by table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT 1")
        cursor.execute(
            "SELECT coalesce(p.relname, c.relname), sum(s.seq_tup_read) FROM pg_stat_user_tables s "
            "JOIN pg_class c ON c.oid = s.relid LEFT JOIN pg_inherits i ON i.inhrelid = c.oid "
            "LEFT JOIN pg_class p ON p.oid = i.inhparent WHERE coalesce(p.relname, c.relname) = ANY(%s) GROUP BY 1",
            [tables],
        )
        return {name: int(rows) for name, rows in cursor.fetchall()}
