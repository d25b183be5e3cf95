"""Events: past-tense frozen dataclasses of ids and plain values, delivered at least once after commit.

`publish()` writes an outbox row in the transaction of the change. The dispatcher (`manage.py dispatch`, woken by
NOTIFY, with a sweep for what it missed) hands each event to the in-process subscribers of every app, to the TMF
hub and to live pages. A subscriber runs in its own transaction together with its receipt, so its effects in the
database happen exactly once, whatever crashes.

Each app lists its subscribers in `subscribers.py` as one map: `SUBSCRIBERS = {ProductOrderAccepted: [plan_order]}`.
"""

from __future__ import annotations

import importlib
import json
import logging
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils.dateparse import parse_datetime, parse_duration

from kernel import bulk, clock, journal
from kernel.ids import uuid7_block

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
CHANNEL = "trunkline_outbox"
# Of OutboxEvent, in the order in which `publish` fills them.
COLUMNS = ("id", "name", "payload", "at", "actor", "correlation_id", "attempts", "dead", "error")
LIVE_CHANNEL = "trunkline_live"

REGISTRY: dict[str, type[Event]] = {}


@dataclass(frozen=True)
class Event:
    """Base of all events. Subclasses are frozen dataclasses of ids and plain values (no model instances)."""

    name: ClassVar[str] = "kernel.Event"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        area = cls.__module__.split(".")
        label = "_".join(area[:2]) if area[0] in {"oss", "bss", "service_mgmt"} else area[0]
        cls.name = f"{label}.{cls.__name__}"
        REGISTRY[cls.name] = cls

    def payload(self) -> dict[str, Any]:
        """JSON-ready values."""
        loaded: dict[str, Any] = json.loads(self.text())
        return loaded

    def text(self) -> str:
        """The payload as JSON."""
        return json.dumps(
            {field.name: getattr(self, field.name) for field in fields(self)}, cls=DjangoJSONEncoder
        )

    def ids(self) -> list[UUID]:
        """Ids this event speaks of: what a live page looks for."""
        return [value for field in fields(self) if isinstance(value := getattr(self, field.name), UUID)]


@dataclass(frozen=True)
class ObjectCreated(Event):
    """A business object came to be (written by `lifecycle.create`)."""

    object_type: str
    object_id: UUID


@dataclass(frozen=True)
class ObjectChanged(Event):
    """Attributes of a business object changed (written by `lifecycle.change`)."""

    object_type: str
    object_id: UUID
    changed: tuple[str, ...]


@dataclass(frozen=True)
class StateChanged(Event):
    """A business object moved in its lifecycle (written by `lifecycle.move`)."""

    object_type: str
    object_id: UUID
    field: str
    before: str
    after: str


@dataclass(frozen=True)
class ObjectRemoved(Event):
    """A business object is gone (written by `lifecycle.remove`)."""

    object_type: str
    object_id: UUID


Subscriber = Callable[[Any], None]


def publish(*events: Event) -> None:
    """Write outbox rows; must run inside the transaction of the change. Delivery follows the commit."""
    if not events:
        return
    if not connection.in_atomic_block:
        raise RuntimeError("events are published inside the transaction of the change they tell of")
    present = journal.context()
    at = clock.now()
    bulk.add_rows(
        "kernel_outboxevent",
        COLUMNS,
        [
            (uuid, event.name, event.text(), at, present.actor, present.correlation_id, 0, False, "")
            for uuid, event in zip(uuid7_block(len(events)), events, strict=True)
        ],
    )
    with connection.cursor() as cursor:
        # NOTIFY inside a transaction is sent at commit, and equal messages are folded into one.
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def decode(name: str, payload: dict[str, Any]) -> Event:
    """Rebuild an event from its outbox row; raises KeyError for a name this version does not know."""
    cls = REGISTRY[name]
    hints = _hints(name)
    known = {field.name for field in fields(cls)}
    return cls(**{key: _cast(hints[key], value) for key, value in payload.items() if key in known})


@cache
def _hints(name: str) -> dict[str, Any]:
    return get_type_hints(REGISTRY[name])


_FROM_TEXT: dict[Any, Callable[[str], Any]] = {
    UUID: UUID,
    datetime: parse_datetime,
    date: date.fromisoformat,
    Decimal: Decimal,
    timedelta: parse_duration,
}


def _cast(hint: Any, value: Any) -> Any:
    """`value` as JSON gave it, in the type an event's field is annotated with."""
    if value is None:
        return None
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return _cast(next(arm for arm in get_args(hint) if arm is not type(None)), value)
    if origin in {tuple, list}:
        return origin(_cast(get_args(hint)[0], item) for item in value)
    return _FROM_TEXT[hint](value) if hint in _FROM_TEXT else value


@cache
def subscribers() -> dict[str, tuple[tuple[str, Subscriber], ...]]:
    """Event name → ((subscriber name, function), …), gathered from the `SUBSCRIBERS` map of every installed app."""
    found: dict[str, list[tuple[str, Subscriber]]] = {}
    for config in apps.get_app_configs():
        if find_spec(f"{config.name}.subscribers") is None:
            continue
        module = importlib.import_module(f"{config.name}.subscribers")
        for event, functions in module.SUBSCRIBERS.items():
            for function in functions:
                found.setdefault(event.name, []).append((f"{config.label}.{function.__name__}", function))
    return {name: tuple(functions) for name, functions in found.items()}


# Called for every event, after the subscribers of its own name; filled by kernel.tmf.hub.
EVERY_EVENT: list[tuple[str, Callable[[Any, Event], None]]] = []


def deliver_pending(*, limit: int = 500) -> int:
    """Deliver open events in order; returns how many rows were finished. Several dispatchers may run at once."""
    from kernel.models import OutboxEvent

    now = clock.system_now()
    rows: Iterable[OutboxEvent] = (
        OutboxEvent.objects.filter(delivered=None, dead=False)
        .exclude(next_attempt__gt=now)
        .order_by("seq")[:limit]
    )
    return sum(_deliver(row) for row in rows)


def drain(*, rounds: int = 100) -> int:
    """Deliver until nothing is open (tests, the story, shutdown); returns how many events were delivered."""
    total = 0
    for _ in range(rounds):
        if not (count := deliver_pending()):
            return total
        total += count
    return total


def _deliver(row: Any) -> bool:
    try:
        event = decode(row.name, row.payload)
        with journal.acting(label=row.actor or "system", correlation_id=row.correlation_id):
            for name, function in subscribers().get(row.name, ()):
                _once(row, name, lambda: function(event))  # noqa: B023 - called at once
            for name, sink in EVERY_EVENT:
                _once(row, name, lambda: sink(row, event))  # noqa: B023 - called at once
    except Exception as error:
        _failed(row, error)
        return False
    from kernel.models import OutboxEvent

    OutboxEvent.objects.filter(pk=row.pk).update(delivered=clock.system_now(), error="")
    _announce(row, event)
    return True


def _once(row: Any, subscriber: str, call: Callable[[], None]) -> None:
    """Run `call` in one transaction with its receipt; a rival dispatcher waits on the unique key and then skips."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_eventreceipt (event_id, subscriber, at) VALUES (%s, %s, now()) ON CONFLICT DO NOTHING",
            [row.pk, subscriber],
        )
        if cursor.rowcount:
            call()


def _failed(row: Any, error: Exception) -> None:
    from kernel.models import OutboxEvent

    attempts = row.attempts + 1
    logger.error("event %s %s failed (attempt %d)", row.seq, row.name, attempts)
    OutboxEvent.objects.filter(pk=row.pk).update(
        attempts=attempts,
        dead=attempts >= MAX_ATTEMPTS,
        error=f"{type(error).__name__}: {error}"[:2000],
        next_attempt=clock.system_now() + timedelta(seconds=min(2**attempts, 300)),
    )


def live_message(row: Any, event: Event) -> dict[str, Any]:
    """What live pages hear of an event: topic (app label), ids and sequence; they fetch the rest themselves."""
    topic = getattr(event, "object_type", "") or row.name
    return {"topic": topic.split(".")[0], "ids": [str(value) for value in event.ids()], "version": row.seq}


def _announce(row: Any, event: Event) -> None:
    """Tell live pages, in whatever process they are served."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [LIVE_CHANNEL, json.dumps(live_message(row, event))])
