"""The one door through which alarms open, repeat and close: any number of notices at once, in sets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from kernel import clock, jobs, journal
from kernel.errors import Invalid
from kernel.ids import uuid7_block
from oss.alarms.models import Alarm, AlarmNotification, Severity, Source
from oss.alarms.models.alarm import RANK
from oss.alarms.services import statements
from oss.alarms.services.notices import Notice

# A key cleared and raised again within the window flaps; the third time in a row it is held until it stays quiet.
FLAP_WINDOW, FLAP_LIMIT, FLAP_QUIET = timedelta(minutes=10), 3, timedelta(minutes=2)
EARLY_KEPT = timedelta(hours=1)
CORRELATE = "oss.alarms.correlate"
NULL = r"\N"
Outcome = AlarmNotification.Outcome


@dataclass
class Intake:
    """What became of a batch: one outcome and one alarm id (or None) per notice, in the order given."""

    outcomes: list[str]
    alarm_ids: list[UUID | None]

    def count(self, outcome: str) -> int:
        """How many notices had that outcome."""
        return self.outcomes.count(outcome)

    @property
    def raised(self) -> list[UUID]:
        """Ids of the alarms that are new."""
        pairs = zip(self.outcomes, self.alarm_ids, strict=True)
        return list(
            dict.fromkeys(pk for outcome, pk in pairs if outcome == Outcome.RAISED and pk is not None)
        )


@dataclass
class _Run:
    """Notices of one key that follow each other in event time and all say the same."""

    key: str
    clears: bool
    notices: list[Notice] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)


def raise_alarm(
    *, key: str, at: datetime | None = None, source: str = Source.API, **values: Any
) -> Alarm | None:
    """Raise, repeat or update one alarm; returns the open row, or None when newer news says it is over.

    `values` are those of `Notice`. Raises Invalid for a key or severity that cannot be.
    """
    notice = Notice(key=key, at=at or clock.now(), source=source, **values)
    if not key or notice.severity not in Severity.values:
        raise Invalid("an alarm needs a key and a severity", code="alarm.incomplete")
    intake = raise_many([notice])
    return Alarm.objects.filter(pk=intake.alarm_ids[0]).first() if intake.alarm_ids[0] else None


def clear(
    *, key: str = "", alarm: Alarm | None = None, at: datetime | None = None, evidence: str = "",
    source: str = Source.MANUAL,
) -> bool:  # fmt: skip
    """Close an open alarm by key or by row; returns whether it was open. A person's word outranks order and flapping.

    `evidence` says what shows that it is over, and is kept.
    """
    notice = Notice(
        key=key or (alarm.key if alarm else ""),
        at=at or clock.now(),
        source=source,
        severity=Severity.CLEARED,
        text=evidence,
        forced=source in {Source.MANUAL, Source.TIMER, Source.CORRELATION},
    )
    return raise_many([notice]).outcomes == [Outcome.CLEARED]


def clear_many(alarms: Sequence[Alarm], *, at: datetime | None = None, evidence: str = "") -> int:
    """Close several alarms by hand in one go; returns how many were open."""
    moment = at or clock.now()
    intake = raise_many(
        [
            Notice(
                key=alarm.key, at=moment, source=Source.MANUAL, severity=Severity.CLEARED, text=evidence,
                element_id=alarm.element_id, forced=True,
            )
            for alarm in alarms
        ]
    )  # fmt: skip
    return intake.count(Outcome.CLEARED)


@transaction.atomic
def raise_many(notices: Sequence[Notice], *, keep: bool = True) -> Intake:
    """Take any mix of raises and clears in: open rows repeat, new keys open, clears close.

    Event time decides, not the order given or the order of arrival. The number of statements does not depend on the
    number of notices, only on how often one key changes sides within the batch. `keep` stores each notice among the
    notifications. Correlation follows after commit when something opened.
    """
    intake = Intake([""] * len(notices), [None] * len(notices))
    for position, notice in enumerate(notices):
        if not notice.key:
            intake.outcomes[position] = Outcome.REFUSED if notice.refused else Outcome.NOTED
    over: list[Notice] = []
    with connection.cursor() as cursor:
        if keys := sorted({notice.key for notice in notices if notice.key}):
            over = _follow(cursor, keys, notices, intake)
        if keep:
            _store(cursor, notices, intake)
    if over:
        raise_many(over, keep=False)
    if intake.raised:
        jobs.enqueue(CORRELATE)
    return intake


def _follow(cursor: Any, keys: list[str], notices: Sequence[Notice], intake: Intake) -> list[Notice]:
    """Move the alarms of the keys; returns the notices that end roots whose last sign went with it."""
    cursor.execute(statements.LOCK, {"keys": keys})
    open_keys = {key for (key,) in cursor.fetchall()}
    closed = False
    for runs in _rounds(notices):
        _raise(cursor, [run for run in runs if not run.clears], open_keys, intake)
        closed |= _clear(cursor, [run for run in runs if run.clears], open_keys, intake)
    cursor.execute(statements.NOTIFY)
    return _derived_over(cursor) if closed else []


def _rounds(notices: Sequence[Notice]) -> Iterable[list[_Run]]:
    """The n-th run of every key, for n = 1, 2, …: within one round each key occurs once.

    A raise and a clear of one instant: the clear comes last, as it does on the element.
    """
    order = sorted(
        (index for index, notice in enumerate(notices) if notice.key),
        key=lambda index: (notices[index].key, notices[index].at, notices[index].clears),
    )
    by_round: list[list[_Run]] = []
    run: _Run | None = None
    depth = 0
    for index in order:
        notice = notices[index]
        if run is None or run.key != notice.key or run.clears != notice.clears:
            depth = depth + 1 if run is not None and run.key == notice.key else 0
            run = _Run(notice.key, notice.clears)
            if depth == len(by_round):
                by_round.append([])
            by_round[depth].append(run)
        run.notices.append(notice)
        run.positions.append(index)
    return by_round


def _raise(cursor: Any, runs: list[_Run], open_keys: set[str], intake: Intake) -> None:
    _repeat(cursor, [run for run in runs if run.key in open_keys], intake)
    by_key = {run.key: run for run in runs if run.key not in open_keys}
    if not by_key:
        return
    cursor.execute(
        statements.RAISE, _values(list(by_key.values()), flap_window=FLAP_WINDOW, flap_limit=FLAP_LIMIT)
    )
    for key, pk, is_new in cursor.fetchall():
        run = by_key.pop(key)
        # Not new after all: a rival opened the key since we looked.
        _settle(run, intake, Outcome.REPEATED, pk)
        if is_new:
            intake.outcomes[run.positions[0]] = Outcome.RAISED
        open_keys.add(key)
    for run in by_key.values():
        _settle(run, intake, Outcome.LATE, None)


def _repeat(cursor: Any, runs: list[_Run], intake: Intake) -> None:
    if not runs:
        return
    by_key = {run.key: run for run in runs}
    cursor.execute(statements.REPEAT, _values(runs, ranks=list(RANK), flap_window=FLAP_WINDOW))
    for key, pk in cursor.fetchall():
        _settle(by_key[key], intake, Outcome.REPEATED, pk)


def _clear(cursor: Any, runs: list[_Run], open_keys: set[str], intake: Intake) -> bool:
    met = {run.key: run for run in runs if run.key in open_keys}
    closed = False
    if met:
        cursor.execute(statements.CLEAR, _values(list(met.values())))
        for key, pk, fate in cursor.fetchall():
            _settle(met[key], intake, fate, pk)
            if fate == Outcome.CLEARED:
                open_keys.discard(key)
                closed = True
    nothing = [run for run in runs if run.key not in met]
    for run in nothing:
        _settle(run, intake, Outcome.NOTHING, None)
    early = [run for run in nothing if not all(notice.secondary or notice.forced for notice in run.notices)]
    if early:
        times = [max(notice.at for notice in run.notices) for run in early]
        cursor.execute(statements.EARLY, {"keys": [run.key for run in early], "times": times})
    return closed


def _settle(run: _Run, intake: Intake, outcome: str, pk: UUID | None) -> None:
    for position in run.positions:
        intake.outcomes[position] = outcome
        intake.alarm_ids[position] = pk


def _row(run: _Run, pk: UUID) -> dict[str, Any]:
    """One run as the statements read it: text and numbers only, which JSON writes fastest."""
    first, last = run.notices[0], run.notices[-1]
    word = next((notice for notice in reversed(run.notices) if not notice.guessed), last)
    details = dict(first.details)
    for notice in run.notices[1:]:
        details = {**details, **notice.details}
    return {
        "id": str(pk),
        "key": run.key,
        "first": first.at.isoformat(),
        "last": last.at.isoformat(),
        "count": len(run.notices),
        "source": first.source,
        "sources": list(dict.fromkeys(notice.source for notice in run.notices)),
        "severity": word.severity,
        "rank": RANK[word.severity],
        "guessed": word.guessed,
        "system": first.system[:80],
        "external_id": first.external_id[:120],
        "alarm_type": last.alarm_type,
        "probable_cause": last.probable_cause,
        "specific_problem": first.specific_problem[:300],
        "element_id": _id(last.element_id),
        "port_id": _id(last.port_id),
        "link_id": _id(last.link_id),
        "location_id": _id(last.location_id),
        "service_affecting": last.service_affecting,
        "expires": last.expires.isoformat() if last.expires else None,
        "proposed_repair": last.proposed_repair[:300],
        "details": details,
        "text": last.text[:300],
        "forced": last.forced,
    }


def _id(pk: UUID | None) -> str | None:
    return str(pk) if pk is not None else None


def _values(runs: Sequence[_Run], **more: Any) -> dict[str, Any]:
    present = journal.context()
    ids = uuid7_block(len(runs))
    return {
        "notices": _json([_row(run, pk) for run, pk in zip(runs, ids, strict=True)]),
        "now": clock.now(),
        "actor": present.actor,
        "actor_id": present.actor_id,
        "request": present.request_id,
        **more,
    }


def _json(value: Any) -> str:
    """JSON as jsonb takes it: without the NUL characters that PostgreSQL cannot store."""
    text = json.dumps(value, default=str)
    return json.dumps(_without_nul(value)) if "\\u0000" in text else text


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, Mapping):
        return {key: _without_nul(item) for key, item in value.items()}
    return [_without_nul(item) for item in value] if isinstance(value, list) else value


def _derived_over(cursor: Any) -> list[Notice]:
    cursor.execute(statements.DERIVED_OVER)
    return [
        Notice(key=key, at=at, source=Source.CORRELATION, severity=Severity.CLEARED, text=text, forced=True)
        for key, at, text in cursor.fetchall()
    ]


def _store(cursor: Any, notices: Sequence[Notice], intake: Intake) -> None:
    arrived = clock.now()
    out = io.StringIO()
    writer = csv.writer(out)
    rows = zip(notices, intake.outcomes, intake.alarm_ids, uuid7_block(len(notices)), strict=True)
    for notice, outcome, alarm_id, pk in rows:
        if notice.secondary and outcome == Outcome.NOTHING:
            continue
        writer.writerow(
            [pk, arrived, notice.at, notice.source, _plain(notice.peer[:80]), notice.element_id or NULL,
             _plain(notice.kind[:40]), _plain(notice.key), _plain(notice.text), _json(dict(notice.details)), outcome,
             alarm_id or NULL]
        )  # fmt: skip
    out.seek(0)
    cursor.copy_expert(statements.STORE_NOTIFICATIONS, out)


def _plain(text: str) -> str:
    """Text that COPY takes as it is: no NUL, and never the mark of a null."""
    return "" if text == NULL else text.replace("\x00", "")
