"""The audit journal: every change of a business object, who made it, before and after, and why.

The actor, request id and correlation id travel in context variables: set once at the edge (request, task,
command, subscriber), read wherever a row is written. A correlation id ties together everything that one order
or one alarm set in motion, across both halves.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from kernel import bulk, clock
from kernel.ids import uuid7

# Of JournalEntry, in the order in which `record_many` fills them.
COLUMNS = (
    "at", "business_at", "actor_id", "actor_label", "verb", "object_type", "object_id", "object_label", "before", "after",
    "reason", "request_id", "correlation_id",
)  # fmt: skip


@dataclass(frozen=True)
class Context:
    """Who acts, in which request, as part of which story."""

    actor_id: UUID | None = None
    actor: str = "system"
    request_id: str = ""
    correlation_id: UUID | None = None


_context: ContextVar[Context | None] = ContextVar("journal_context", default=None)
_NOBODY = Context()


def context() -> Context:
    """The present context."""
    return _context.get() or _NOBODY


@contextmanager
def acting(
    user: Any = None,
    *,
    label: str | None = None,
    request_id: str | None = None,
    correlation_id: UUID | None = None,
) -> Iterator[Context]:
    """Run the block as `user` (None keeps the present actor), optionally under a label, request or story."""
    present = context()
    changed = present
    if user is not None:
        changed = replace(changed, actor_id=user.pk, actor=str(user))
    if label is not None:
        changed = replace(changed, actor=label, actor_id=changed.actor_id if user is not None else None)
    if request_id is not None:
        changed = replace(changed, request_id=request_id)
    if correlation_id is not None:
        changed = replace(changed, correlation_id=correlation_id)
    token = _context.set(changed)
    try:
        yield changed
    finally:
        _context.reset(token)


def correlate() -> UUID:
    """The correlation id of the present story, opened here when there is none yet."""
    present = context()
    if present.correlation_id is not None:
        return present.correlation_id
    story = uuid7()
    _context.set(replace(present, correlation_id=story))
    return story


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON-ready copy of field values: dates as ISO 8601, decimals as text, model instances as their id."""
    result: dict[str, Any] = json.loads(_text(values))
    return result


def _text(values: Mapping[str, Any]) -> str:
    flat = {key: str(value.pk) if isinstance(value, models.Model) else value for key, value in values.items()}
    return json.dumps(flat, cls=DjangoJSONEncoder)


def snapshot(obj: models.Model, fields: Iterable[str] | None = None) -> dict[str, Any]:
    """Present values of an object's concrete fields (all, or those named), without bookkeeping columns."""
    skip = {"created", "updated", "version", "id"}
    names = fields or [f.name for f in obj._meta.concrete_fields if f.name not in skip]
    return {name: getattr(obj, obj._meta.get_field(name).attname) for name in names}  # type: ignore[union-attr]


def identity(obj: models.Model) -> UUID:
    """The id under which an object is known: its primary key, or the `id` in it where tables are partitioned."""
    known: UUID = obj.id if isinstance(obj.pk, tuple) else obj.pk  # type: ignore[attr-defined]
    return known


def record(
    verb: str,
    obj: models.Model,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write one entry for `obj`. `before`/`after` hold only the fields that changed (see `diff`)."""
    record_many(verb, [(obj, before or {}, after or {})], reason=reason)


def record_many(
    verb: str,
    changes: Iterable[tuple[models.Model, Mapping[str, Any], Mapping[str, Any]]],
    *,
    reason: str = "",
) -> None:
    """Write one entry per (object, before, after) in one statement."""
    present = context()
    at, business_at = clock.system_now(), clock.now()
    who = (present.actor_id, present.actor, verb)
    story = (reason, present.request_id, present.correlation_id)
    bulk.add_rows(
        "kernel_journalentry",
        COLUMNS,
        [
            (
                at,
                business_at,
                *who,
                obj._meta.label,
                identity(obj),
                str(obj)[:200],
                _text(before),
                _text(after),
                *story,
            )
            for obj, before, after in changes
        ],
    )


def note(
    verb: str, object_type: str, *, before: Mapping[str, Any], after: Mapping[str, Any], reason: str = ""
) -> None:
    """Entry about something that is not a business row (the clock, a setting, a run of a command)."""
    from kernel.models import JournalEntry

    present = context()
    JournalEntry.objects.create(
        at=clock.system_now(),
        business_at=clock.now(),
        actor_id=present.actor_id,
        actor_label=present.actor,
        verb=verb,
        object_type=object_type,
        object_id=UUID(int=0),
        object_label=object_type,
        before=plain(before),
        after=plain(after),
        reason=reason,
        request_id=present.request_id,
        correlation_id=present.correlation_id,
    )


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The entries of two snapshots that differ, as (before, after)."""
    keys = [key for key in after if before.get(key) != after[key]]
    return {key: before.get(key) for key in keys}, {key: after[key] for key in keys}


class LogFormatter(logging.Formatter):
    """One JSON object a line, with the request id that the user also sees."""

    def format(self, record: logging.LogRecord) -> str:
        present = context()
        line: dict[str, Any] = {
            "at": clock.system_now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if present.request_id:
            line["request"] = present.request_id
        if present.correlation_id:
            line["story"] = str(present.correlation_id)
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
