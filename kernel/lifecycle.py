"""The write verbs every door is made of: create, change, move, remove, and their forms for many rows.

Each does its row change, the journal entry and the event in one transaction. `move` is a compare-and-set: it
succeeds for exactly one of two rivals. A model declares its moves beside its states:

    class Status(models.TextChoices): ...
    MOVES = {Status.DRAFT: {Status.OPEN}, Status.OPEN: {Status.CLOSED}, Status.CLOSED: set()}
    lifecycle = Lifecycle("status", MOVES)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from django.db import connection, models, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from kernel import clock, events, journal
from kernel.errors import IllegalMove, NotFound, StaleState, StaleVersion

M = TypeVar("M", bound=models.Model)


class Lifecycle:
    """States of one field and the moves between them.

    `moves` maps each state to the states it may go to; a state without moves is terminal. `name` prefixes the
    error code of an illegal move (`<name>.state.illegalMove`).
    """

    def __init__(self, field: str, moves: Mapping[Any, Collection[Any]], *, name: str = "") -> None:
        self.field = field
        self.moves = {str(state): frozenset(map(str, targets)) for state, targets in moves.items()}
        self.name = name
        unknown = {target for targets in self.moves.values() for target in targets} - set(self.moves)
        if unknown:
            raise ValueError(f"moves lead to states without an entry: {sorted(unknown)}")

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or owner.__name__[0].lower() + owner.__name__[1:]

    def allows(self, before: str, after: str) -> bool:
        """Whether the table has this move."""
        return after in self.moves.get(before, frozenset())

    def next_states(self, state: str) -> frozenset[str]:
        """Where one may go from `state`."""
        return self.moves.get(state, frozenset())

    def terminal(self, state: str) -> bool:
        """Whether nothing follows `state`."""
        return not self.moves.get(state)

    @property
    def open_states(self) -> frozenset[str]:
        """States that something may still follow."""
        return frozenset(state for state, targets in self.moves.items() if targets)

    def refuse(self, before: str, after: str) -> IllegalMove:
        """The error for a move the table does not have."""
        return IllegalMove(
            _("%(before)s cannot become %(after)s") % {"before": before, "after": after},
            code=f"{self.name}.state.illegalMove",
            before=before,
            after=after,
        )


def verb_of(obj: models.Model, action: str) -> str:
    """Journal verb such as `product_order.completed`."""
    name = obj._meta.object_name or ""
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
    return f"{snake}.{action}"


def _together() -> AbstractContextManager[Any]:
    """One transaction for a change, its journal entry and its events; a part of the present one where there is one.

    No savepoint then, which would cost two round trips a change: nothing is written before what may refuse. Who wants
    to go on after a refusal of the database itself brings a savepoint along.
    """
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


def create(obj: M, *, reason: str = "", events_too: Iterable[events.Event] = ()) -> M:
    """Insert `obj`, journal it whole, publish ObjectCreated and whatever more is given."""
    return create_many([obj], reason=reason, events_too=events_too)[0]


def create_many(
    rows: Sequence[M], *, reason: str = "", events_too: Iterable[events.Event] = (), batch_size: int = 1000
) -> list[M]:
    """Insert rows of one model in one statement a batch, with their journal entries and events."""
    if not rows:
        return []
    with _together():
        made = list(type(rows[0])._default_manager.bulk_create(rows, batch_size=batch_size))
        journal.record_many(
            verb_of(rows[0], "created"),
            [
                (row, {}, {k: v for k, v in journal.snapshot(row).items() if v not in (None, "")})
                for row in made
            ],
            reason=reason,
        )
        events.publish(*[events.ObjectCreated(row._meta.label, row.pk) for row in made], *events_too)
    return made


def change(
    obj: M,
    *,
    version: int | None = None,
    reason: str = "",
    verb: str = "changed",
    events_too: Iterable[events.Event] = (),
    **changes: Any,
) -> M:
    """Set attributes (never a lifecycle field: use `move`) on one row; unchanged values are left out.

    With `version`, raises StaleVersion when the row has moved on since the caller read it.
    """
    cycles = [value for value in vars(obj.__class__).values() if isinstance(value, Lifecycle)]
    if forbidden := {cycle.field for cycle in cycles} & set(changes):
        raise TypeError(f"{forbidden} belongs to a lifecycle: use move()")
    names = {obj._meta.get_field(key).attname: value for key, value in _columns(changes).items()}  # type: ignore[union-attr]
    before, after = journal.diff({key: getattr(obj, key) for key in names}, names)
    with _together():
        if after or version is not None:
            _update(obj, after, extra={}, version=version)
        if after:
            journal.record(verb_of(obj, verb), obj, before=before, after=after, reason=reason)
            events.publish(events.ObjectChanged(obj._meta.label, obj.pk, tuple(after)))
        events.publish(*events_too)
    return obj


def move(
    obj: M,
    to: str,
    *,
    cycle: Lifecycle | None = None,
    reason: str = "",
    version: int | None = None,
    events_too: Iterable[events.Event] = (),
    **changes: Any,
) -> M:
    """Move `obj` to state `to`, setting `changes` with it, if and only if it is still in the state we saw.

    Raises IllegalMove when the table has no such move, StaleState when somebody else moved it first,
    StaleVersion when `version` is given and no longer true, NotFound when the row is gone.
    """
    cycle = cycle or obj.__class__.lifecycle  # type: ignore[attr-defined]
    current = str(getattr(obj, cycle.field))
    to = str(to)
    if not cycle.allows(current, to):
        raise cycle.refuse(current, to)
    names = {obj._meta.get_field(key).attname: value for key, value in _columns(changes).items()}  # type: ignore[union-attr]
    before, after = journal.diff({key: getattr(obj, key) for key in names}, names)
    with _together():
        _update(obj, {**after, cycle.field: to}, extra={cycle.field: current}, version=version)
        journal.record(
            verb_of(obj, to),
            obj,
            before={**before, cycle.field: current},
            after={**after, cycle.field: to},
            reason=reason,
        )
        events.publish(events.StateChanged(obj._meta.label, obj.pk, cycle.field, current, to), *events_too)
    return obj


def move_many(
    queryset: models.QuerySet[M], to: str, *, cycle: Lifecycle | None = None, reason: str = "", **changes: Any
) -> list[M]:
    """Move every row of `queryset` that may go to `to`, in one UPDATE; the others are untouched.

    Returns the rows moved, with their new values.
    """
    model = queryset.model
    cycle = cycle or model.lifecycle  # type: ignore[attr-defined]
    to = str(to)
    sources = [state for state, targets in cycle.moves.items() if to in targets]
    with _together():
        rows = list(
            queryset.filter(**{f"{cycle.field}__in": sources}).order_by("pk").select_for_update(of=("self",))
        )
        if not rows:
            return []
        model._default_manager.filter(pk__in=[row.pk for row in rows]).update(
            **{cycle.field: to}, version=F("version") + 1, updated=clock.system_now(), **changes
        )
        entries = []
        for row in rows:
            before = {cycle.field: getattr(row, cycle.field), **{key: getattr(row, key) for key in changes}}
            for key, value in {cycle.field: to, **changes}.items():
                setattr(row, key, value)
            entries.append((row, before, {cycle.field: to, **changes}))
        journal.record_many(verb_of(rows[0], to), entries, reason=reason)
        events.publish(
            *[
                events.StateChanged(row._meta.label, row.pk, cycle.field, str(before[cycle.field]), to)
                for row, before, _after in entries
            ]
        )
    return rows


def claim(
    queryset: models.QuerySet[M], to: str, *, cycle: Lifecycle | None = None, reason: str = "", **changes: Any
) -> M | None:
    """Move the first row of an ordered `queryset` that may go to `to` and no rival is taking; None when none is left.

    One statement, `UPDATE … (SELECT … FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING`: any number of rivals get a row
    each and nobody waits. This is how next-free things (ports, addresses, numbers) are handed out.
    """
    model = queryset.model
    cycle = cycle or model.lifecycle  # type: ignore[attr-defined]
    after = {cycle.field: str(to), **changes}
    sources = [state for state, targets in cycle.moves.items() if str(to) in targets]
    columns = {name: model._meta.get_field(name).column for name in after}  # type: ignore[union-attr]
    values = [
        model._meta.get_field(name).get_db_prep_save(value, connection)  # type: ignore[union-attr]
        for name, value in after.items()
    ]
    settings = ", ".join(f'"{column}" = %s' for column in columns.values())
    returned = ", ".join(f'free."{column}"' for column in columns.values())
    table, key = model._meta.db_table, model._meta.pk.column
    with _together(), connection.cursor() as cursor:
        free = queryset.filter(**{f"{cycle.field}__in": sources}).select_for_update(
            of=("self",), skip_locked=True
        )
        inner, params = free.only("pk", *columns)[:1].query.sql_with_params()
        # A common table expression that locks is run once; a plain subquery may be run again for every row.
        cursor.execute(
            f'WITH free AS ({inner}) UPDATE "{table}" AS row SET {settings}, version = row.version + 1, updated = %s '
            f'FROM free WHERE row."{key}" = free."{key}" RETURNING row."{key}", {returned}',
            [*params, *values, clock.system_now()],
        )
        taken = cursor.fetchone()
        if taken is None:
            return None
        row = model._default_manager.get(pk=taken[0])
        before = dict(zip(columns, taken[1:], strict=True))
        journal.record(verb_of(row, str(to)), row, before=before, after=after, reason=reason)
        events.publish(
            events.StateChanged(row._meta.label, row.pk, cycle.field, str(before[cycle.field]), str(to))
        )
    return row


def remove(obj: models.Model, *, reason: str = "") -> None:
    """Delete a row that nothing refers to any more; the journal keeps its last state."""
    with transaction.atomic():
        journal.record(verb_of(obj, "removed"), obj, before=journal.snapshot(obj), reason=reason)
        events.publish(events.ObjectRemoved(obj._meta.label, obj.pk))
        obj.delete()


def _columns(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.pk if isinstance(value, models.Model) else value for key, value in changes.items()}


def _update(
    obj: models.Model, after: Mapping[str, Any], *, extra: Mapping[str, Any], version: int | None
) -> None:
    manager = obj.__class__._default_manager
    rows = manager.filter(pk=obj.pk, **extra)
    stamped = any(field.name == "version" for field in obj._meta.concrete_fields)
    if version is not None:
        rows = rows.filter(version=version)
    values: dict[str, Any] = dict(after)
    if stamped:
        values |= {"version": F("version") + 1, "updated": clock.system_now()}
    if rows.update(**values) != 1:
        raise _lost(obj, extra, version)
    for key, value in after.items():
        setattr(obj, key, value)
    if stamped:
        obj.refresh_from_db(fields=["version", "updated"])


def _lost(obj: models.Model, extra: Mapping[str, Any], version: int | None) -> Exception:
    present = obj.__class__._default_manager.filter(pk=obj.pk).values(*extra.keys() or ["pk"]).first()
    if present is None:
        return NotFound(_("%(thing)s no longer exists") % {"thing": obj})
    if any(present[key] != value for key, value in extra.items()):
        return StaleState(
            _("Somebody else changed %(thing)s first: it is now %(state)s")
            % {"thing": obj, "state": ", ".join(map(str, present.values()))}
        )
    return StaleVersion(_("%(thing)s changed since you opened it") % {"thing": obj}, expected=version)
