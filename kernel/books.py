"""What must hold of the kernel's own rows: events, deliveries, jobs, and the journal of every change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.apps import apps
from django.db import models

from kernel import audit, clock
from kernel.audit import PATIENCE, Check, Finding
from kernel.lifecycle import Lifecycle
from kernel.models import Stamped

# The journal is compared for so many rows of each model, those changed last: enough to meet every way of changing them.
SAMPLE = 5000

JOBS = (
    Check(
        "delivery waits for nobody",
        """
        SELECT d.event_type || ' #' || d.sequence, s.callback FROM kernel_hubdelivery d
        JOIN kernel_hubsubscription s ON s.id = d.subscription_id
        WHERE d.status = 'pending' AND s.active AND (d.next_attempt IS NULL OR d.next_attempt < %(waiting)s)""",
    ),
    Check(
        "job has lost its worker",
        """
        SELECT title, kind || ' ' || id FROM kernel_job
        WHERE status = 'running' AND coalesce(heartbeat, started, updated) < %(waiting)s
           OR status = 'pending' AND updated < %(waiting)s""",
    ),
)


def audit_books(older_than: timedelta = PATIENCE) -> list[Finding]:
    """Every event delivered or on the dead-letter list, no job or delivery forgotten, every change in the journal."""
    checks = [_undelivered(older_than), *JOBS, *_journal()]
    return audit.run("kernel", checks, older_than)


def _undelivered(older_than: timedelta) -> Check:
    # `at` is business time, which a demo moves; ids carry the time of the machine (RFC 9562 §5.7) and sort by it.
    since = int((clock.system_now() - older_than).timestamp() * 1000)
    return Check(
        "event was never delivered",
        "SELECT seq, name || ' ' || error FROM kernel_outboxevent "
        f"WHERE delivered IS NULL AND NOT dead AND id < '{UUID(int=since << 80)}' ORDER BY seq",
    )


def _journal() -> Iterator[Check]:
    """For each model with states: the journal's last word on the state is the state. For all: a change left an entry.

    What came in by COPY or from an import may have no entry yet; whatever has changed since has done so through a door.
    """
    for model in sorted(apps.get_models(), key=lambda model: model._meta.label):
        if not issubclass(model, Stamped) or not model._meta.managed:
            continue
        for field in sorted({cycle.field for cycle in _cycles(model)}):
            yield _states(model, field)
        yield _entries(model)


def _cycles(model: type[models.Model]) -> list[Lifecycle]:
    return [value for base in model.__mro__ for value in vars(base).values() if isinstance(value, Lifecycle)]


def _label(model: type[models.Model]) -> str:
    named = any(field.name == "number" for field in model._meta.concrete_fields)
    return (
        "coalesce(row.number::text, row.id::text)" if named and not _is_reference(model) else "row.id::text"
    )


def _is_reference(model: type[models.Model]) -> bool:
    return model._meta.get_field("number").is_relation


def _sample(model: type[models.Model], columns: str = "*") -> str:
    return f'(SELECT {columns} FROM "{model._meta.db_table}" ORDER BY updated DESC LIMIT {SAMPLE}) AS row'


def _states(model: type[models.Model], name: str) -> Check:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    first = str(field.get_default())
    return Check(
        f"{model._meta.label}: the journal says another {name}",
        f"""
        SELECT {_label(model)}, row."{field.column}" || ', journal ' || coalesce(told.value, 'nothing')
        FROM {_sample(model)} LEFT JOIN LATERAL (
            SELECT entry.after->>'{field.attname}' AS value FROM kernel_journalentry entry
            WHERE entry.object_id = row.id AND entry.after ? '{field.attname}' ORDER BY entry.seq DESC LIMIT 1) told ON true
        WHERE coalesce(told.value, '{first}') <> row."{field.column}" AND (told.value IS NOT NULL OR row.version > 1)""",
    )


def _entries(model: type[models.Model]) -> Check:
    return Check(
        f"{model._meta.label}: changed without a word in the journal",
        f"""
        SELECT {_label(model)}, 'version ' || row.version FROM {_sample(model)} WHERE row.version > 1
        AND NOT EXISTS (SELECT 1 FROM kernel_journalentry entry WHERE entry.object_id = row.id)""",
    )
