"""Monthly range partitions of append-only tables: made ahead, dropped by retention.

A partitioned model has `pk = CompositePrimaryKey("id", <time column>)` and is made in its migration by
`CreatePartitioned`, which takes the place of `CreateModel`. `ensure` runs daily and after every migrate.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.apps import apps
from django.db import connection, migrations, models

from kernel import clock
from kernel.periods import add_months

AHEAD_MONTHS = 3


class CreatePartitioned(migrations.CreateModel):
    """CreateModel whose table is `PARTITION BY RANGE (<by>)`, with a default partition that catches strays."""

    # Every argument by its name: the writer of migrations knows no others.
    def __init__(
        self,
        name: str,
        fields: Any,
        options: Any = None,
        bases: Any = None,
        managers: Any = None,
        by: str = "",
    ) -> None:
        super().__init__(name, fields, options, bases, managers)
        self.by = by

    def deconstruct(self) -> Any:
        name, args, kwargs = super().deconstruct()
        return name, args, {**kwargs, "by": self.by}

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        create = schema_editor.sql_create_table
        column = schema_editor.quote_name(model._meta.get_field(self.by).column)
        try:
            schema_editor.sql_create_table = create + f" PARTITION BY RANGE ({column})"
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = create
        table = schema_editor.quote_name(model._meta.db_table)
        rest = schema_editor.quote_name(model._meta.db_table + "_rest")
        schema_editor.execute(f"CREATE TABLE {rest} PARTITION OF {table} DEFAULT")


def partitioned_models() -> list[type[models.Model]]:
    """Models that declare `partition_by`."""
    return [model for model in apps.get_models() if getattr(model, "partition_by", None)]


def ensure(model: type[models.Model], first: date, last: date) -> list[str]:
    """Make the partitions of the months from `first` to `last` (inclusive) that do not exist; returns their names.

    A month whose rows already sit in the default partition cannot be split off while they are there: they are
    moved in the same transaction.
    """
    made = []
    table, column = model._meta.db_table, model._meta.get_field(model.partition_by).column  # type: ignore[attr-defined, union-attr]
    month = first.replace(day=1)
    with connection.cursor() as cursor:
        while month <= last:
            name, end = f"{table}_{month:%Y_%m}", add_months(month, 1)
            # Table and column names come from the models, never from input.
            cursor.execute("SELECT to_regclass(%s)", [name])
            if cursor.fetchone()[0] is None:
                cursor.execute(
                    f'CREATE TABLE "{name}" (LIKE "{table}" INCLUDING DEFAULTS INCLUDING CONSTRAINTS);'
                    f'WITH moved AS (DELETE FROM "{table}_rest" WHERE "{column}" >= %s AND "{column}" < %s RETURNING *)'
                    f' INSERT INTO "{name}" SELECT * FROM moved;'
                    f'ALTER TABLE "{table}" ATTACH PARTITION "{name}" FOR VALUES FROM (%s) TO (%s)',
                    [month, end, month, end],
                )
                made.append(name)
            month = end
    return made


def ensure_all(**_kwargs: Any) -> None:
    """Partitions of this and the coming months for every partitioned model (post_migrate and a daily task)."""
    today = clock.system_now().date()
    for model in partitioned_models():
        ensure(model, add_months(today.replace(day=1), -1), add_months(today.replace(day=1), AHEAD_MONTHS))


def drop_before(model: type[models.Model], day: date) -> list[str]:
    """Drop the monthly partitions that end on or before `day` (retention); returns their names."""
    table, dropped = model._meta.db_table, []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "JOIN pg_class p ON p.oid = i.inhparent WHERE p.relname = %s",
            [table],
        )
        for (name,) in cursor.fetchall():
            suffix = name.removeprefix(table + "_")
            if suffix == "rest":
                continue
            year, month = map(int, suffix.split("_"))
            if add_months(date(year, month, 1), 1) <= day:
                cursor.execute(f'DROP TABLE "{name}"')
                dropped.append(name)
    return dropped
