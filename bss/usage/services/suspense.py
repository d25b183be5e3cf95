"""The error bin: mend a record or its cause and send it through again, or discard it. Counts follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

import polars as pl
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from bss.usage.models import SuspendedRecord, UsageBatch, UsageFile
from bss.usage.services import charging
from bss.usage.services.book import Shelf
from bss.usage.services.mediation import Sorted, sort_lines
from kernel import clock, lifecycle
from kernel.errors import Invalid

State = SuspendedRecord.State


def recycle(
    *, suspended: Iterable[SuspendedRecord] | SuspendedRecord, mend: str | Mapping[UUID, str] | None = None
) -> dict[str, int]:
    """Send suspended records through mediation and rating again, as they came or as they are mended.

    `mend` is the new text of one record, or texts by id. Returns {rated, duplicates, rejected, suspended}: what could
    not be rated again stays open with its new reason. Closed records are left alone. Raises Invalid for a mended text
    that is empty or more than one line.
    """
    rows = [suspended] if isinstance(suspended, SuspendedRecord) else list(suspended)
    texts = _texts(rows, mend)
    by_file: dict[UUID, list[UUID]] = defaultdict(list)
    for row in rows:
        by_file[row.file_id].append(row.pk)
    counts = {"rated": 0, "duplicates": 0, "rejected": 0, "suspended": 0}
    for file_id in sorted(by_file):
        with transaction.atomic():
            for name, count in _recycle_file(file_id, by_file[file_id], texts).items():
                counts[name] += count
    return counts


def recycle_cause(*, reason: str, identifier: str = "", limit: int = 50_000) -> dict[str, int]:
    """Recycle every open record of one cause, after the cause is mended (a number assigned, a prefix added)."""
    rows = SuspendedRecord.objects.filter(state=State.OPEN, reason=reason)
    if identifier:
        rows = rows.filter(identifier=identifier)
    return recycle(suspended=rows.order_by("pk")[:limit])


def discard(*, suspended: Iterable[SuspendedRecord] | SuspendedRecord, reason: str) -> list[SuspendedRecord]:
    """Give open records up: they count as rejected from now on. Raises Invalid without a reason."""
    if not reason.strip():
        raise Invalid(_("Say why these records are given up"), code="suspense.reason", fields={"reason": ""})
    rows = [suspended] if isinstance(suspended, SuspendedRecord) else list(suspended)
    with transaction.atomic():
        moved = _close(SuspendedRecord.objects.filter(pk__in=[row.pk for row in rows]), "discarded", reason)
        for file_id, count in _counted(moved).items():
            file = UsageFile.objects.locked().get(pk=file_id)
            reasons = {**file.reasons, "discarded": file.reasons.get("discarded", 0) + count}
            UsageFile.objects.filter(pk=file_id).update(
                suspended=F("suspended") - count, rejected=F("rejected") + count, reasons=reasons
            )
    return moved


def _texts(rows: list[SuspendedRecord], mend: str | Mapping[UUID, str] | None) -> Mapping[UUID, str]:
    if mend is None:
        return {}
    if isinstance(mend, str):
        if len(rows) != 1:
            raise Invalid(_("One text mends one record"), code="suspense.mend")
        mend = {rows[0].pk: mend}
    for text in mend.values():
        if not text.strip() or "\n" in text.strip():
            raise Invalid(
                _("A record is one line of text"), code="suspense.mend", fields={"mended": _("one line")}
            )
    return {pk: text.strip() for pk, text in mend.items()}


def _recycle_file(file_id: UUID, ids: list[UUID], texts: Mapping[UUID, str]) -> dict[str, int]:
    file = UsageFile.objects.locked().select_related("source").get(pk=file_id)
    rows = list(
        SuspendedRecord.objects.filter(pk__in=ids, state=State.OPEN).order_by("line").select_for_update()
    )
    if not rows:
        return {}
    for row in rows:
        if row.pk in texts:
            lifecycle.change(row, mended=texts[row.pk], verb="mended")
    lines = pl.DataFrame(
        {"line": [row.line for row in rows], "raw": [row.mended or row.raw for row in rows]},
        schema={"line": pl.Int64, "raw": pl.String},
    )
    result = sort_lines(file, lines)
    batch = UsageBatch.objects.create(
        file=file,
        position=file.batches.count() + 1,
        first_line=rows[0].line,
        line_count=len(rows),
        stored=clock.system_now(),
    )
    rated = charging.rate(result, Shelf())
    charging.store(file, batch, rated)
    UsageBatch.objects.filter(pk=batch.pk).update(rated=len(rated))
    again = _stay(file, result)
    return _settle(file, result, rated, [row for row in rows if row.line not in again])


def _stay(file: UsageFile, result: Sorted) -> set[int]:
    """Records that are suspended once more keep their row, with the reason of now."""
    lines: set[int] = set()
    for frame in result.suspended:
        for reason, identifier, other, started, line in frame.select(
            "reason", "identifier", "other", "started", "line"
        ).iter_rows():
            lines.add(line)
            SuspendedRecord.objects.filter(file=file, line=line).update(
                reason=reason,
                identifier=(identifier or "")[:80],
                other=(other or "")[:32],
                started=started,
                attempts=F("attempts") + 1,
                version=F("version") + 1,
            )
    return lines


def _settle(
    file: UsageFile, result: Sorted, rated: pl.DataFrame, gone: list[SuspendedRecord]
) -> dict[str, int]:
    duplicates, rejected = set(result.duplicate_lines), set(result.rejected_lines)
    outcomes = {
        "duplicates": [row.pk for row in gone if row.line in duplicates],
        "rejected": [row.pk for row in gone if row.line in rejected],
        "rated": [row.pk for row in gone if row.line not in duplicates | rejected],
    }
    for outcome, ids in outcomes.items():
        _close(SuspendedRecord.objects.filter(pk__in=ids), "recycled", outcome)
    counts = {name: len(ids) for name, ids in outcomes.items()}
    reasons = dict(file.reasons)
    for reason, count in result.reasons.items():
        reasons[reason] = reasons.get(reason, 0) + count

    def total(column: str) -> int:
        return int(rated[column].sum()) if len(rated) else 0

    UsageFile.objects.filter(pk=file.pk).update(
        suspended=F("suspended") - len(gone),
        rated=F("rated") + counts["rated"],
        duplicates=F("duplicates") + counts["duplicates"],
        rejected=F("rejected") + counts["rejected"],
        late=F("late") + total("late"),
        seconds=F("seconds") + total("seconds"),
        volume=F("volume") + total("volume"),
        micros=F("micros") + total("micros"),
        reasons=reasons,
    )
    return {**counts, "suspended": sum(len(frame) for frame in result.suspended)}


def _close(rows: QuerySet[SuspendedRecord], state: str, outcome: str) -> list[SuspendedRecord]:
    return lifecycle.move_many(rows, state, reason=outcome, closed=clock.now(), outcome=outcome[:20])


def _counted(rows: list[SuspendedRecord]) -> dict[UUID, int]:
    found: dict[UUID, int] = defaultdict(int)
    for row in rows:
        found[row.file_id] += 1
    return found
