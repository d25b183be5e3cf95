"""Mediation: lines of a feed become records with an owner, each accounted for.

Every line that is a record ends in exactly one of four frames: to be rated, suspended, duplicate, rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from bss.usage.formats import CONTROL, formats
from bss.usage.models import SuspendedRecord, UsageFile
from bss.usage.services import book, frames
from bss.usage.services.sessions import as_delta, deltas
from kernel import bulk
from kernel.periods import enclosing_cycle

Reason = SuspendedRecord.Reason
LATE_HOURS = 36
OLDEST_DAYS = 400
AHEAD = timedelta(hours=1)  # clocks of elements may run ahead this far

SUSPENDED = ("line", "identifier", "other", "started", "seconds", "volume", "session", "reason")


@dataclass
class Sorted:
    """What became of a run of lines: records to rate, and those that are not, with reasons."""

    records: pl.DataFrame
    suspended: list[pl.DataFrame] = field(default_factory=list)
    duplicates: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    count: int = 0
    duplicate_lines: list[int] = field(default_factory=list)
    rejected_lines: list[int] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        """Records that are never charged, by whatever rule."""
        return sum(self.reasons.values())

    def suspend(self, rows: pl.DataFrame, reason: str | None = None) -> None:
        """Put rows into suspense; without `reason` their column `reason` says why."""
        if not rows.is_empty():
            marked = rows if reason is None else rows.with_columns(reason=pl.lit(reason))
            self.suspended.append(marked.select(SUSPENDED))

    def in_suspense(self, lines: pl.DataFrame) -> pl.DataFrame:
        """The suspended records with their text (`raw`): as it came, or, of a session's report, with what it adds."""
        rows = pl.concat(self.suspended).join(lines, on="line", how="left", maintain_order="left")
        if rows["session"].is_null().all():
            return rows
        told = rows.select("raw", "session", "started", "seconds", "volume").iter_rows()
        texts = [
            as_delta(raw, at, seconds, volume) if session and volume is not None else raw
            for raw, session, at, seconds, volume in told
        ]
        return rows.with_columns(raw=pl.Series(texts, dtype=pl.String))


def sort_lines(file: UsageFile, lines: pl.DataFrame) -> Sorted:
    """Read, check, de-duplicate and guide a run of lines (`line`, `raw`) of a file."""
    source = file.source
    frame = formats()[source.format].parse(lines, source.mapping)
    if file.shift:
        frame = frame.with_columns(pl.col("started") + pl.lit(file.shift, pl.Duration("us")))
    control = pl.col("skip").eq_missing(CONTROL)
    result = Sorted(frame, count=len(frame.filter(~control)))
    if frame["session"].is_not_null().any():
        frame = _correlated(file, frame, result)
    frame = _readable(frame.filter(~control), result)
    frame = frame.drop(
        "raw", "fault", "skip", "session_status", "session_seconds", "session_up", "session_down"
    )
    frame = _timely(frame, source.mapping, file.received, result)
    frame = _new(frame, source.pk, result)
    result.records = _guided(frame, result)
    late = file.received - timedelta(hours=int(source.mapping.get("late_hours", LATE_HOURS)))
    result.records = result.records.with_columns(late=pl.col("started") < late)
    return result


def _correlated(file: UsageFile, frame: pl.DataFrame, result: Sorted) -> pl.DataFrame:
    """Session reports turned into what each adds; lines that say so already, or cannot be read, as they are."""
    reports = pl.col("session").is_not_null() & pl.col("fault").is_null()
    return pl.concat([frame.filter(~reports), deltas(file.source, frame.filter(reports), result)]).sort(
        "line"
    )


def _readable(frame: pl.DataFrame, result: Sorted) -> pl.DataFrame:
    broken = pl.col("fault") == Reason.MALFORMED
    never = pl.col("skip").is_not_null() & ~broken.fill_null(value=False)
    rejected = frame.filter(never)
    for reason, count in rejected.group_by("skip").len().iter_rows():
        result.reasons[reason] = result.reasons.get(reason, 0) + count
    result.rejected_lines += rejected["line"].to_list()
    faulty = frame.filter(pl.col("fault").is_not_null() & ~never)
    result.suspend(faulty.with_columns(reason=pl.col("fault")))
    return frame.filter(pl.col("fault").is_null() & pl.col("skip").is_null())


def _timely(
    frame: pl.DataFrame, mapping: Mapping[str, Any], received: datetime, result: Sorted
) -> pl.DataFrame:
    oldest = received - timedelta(days=int(mapping.get("oldest_days", OLDEST_DAYS)))
    old, future = pl.col("started") < oldest, pl.col("started") > received + AHEAD
    result.suspend(frame.filter(old), Reason.TOO_OLD)
    result.suspend(frame.filter(future), Reason.FUTURE)
    return frame.filter(~old & ~future)


def _new(frame: pl.DataFrame, source: Any, result: Sorted) -> pl.DataFrame:
    """Without what was here before, in this run or in the tables: one probe of the unique index a record."""
    first = frame.unique(["key", "started"], keep="first", maintain_order=True)
    if not first.is_empty():
        bulk.temporary("usage_keys", "line bigint, key text, started timestamptz")
        frames.copy_frame("usage_keys", first.select("line", "key", "started"))
        seen = frames.query_frame(
            "SELECT k.line FROM usage_keys k JOIN bss_usage_usagerecord r "
            "ON r.source_id = %s AND r.key = k.key AND r.started = k.started",
            [source],
            {"line": pl.Int64},
        )
        first = first.join(seen, on="line", how="anti", maintain_order="left")
    repeated = frame.join(first.select("line"), on="line", how="anti")
    result.duplicates += len(repeated)
    result.duplicate_lines += repeated["line"].to_list()
    return first


def _guided(frame: pl.DataFrame, result: Sorted) -> pl.DataFrame:
    """Each record with its product, account, tariff and billing cycle; the rest goes to suspense."""
    owners = book.subscribers(frame)
    matched = frame.join(
        owners, on=["identifier_kind", "identifier"], how="inner", maintain_order="left"
    ).filter(
        (pl.col("started") >= pl.col("valid_from"))
        & (pl.col("valid_to").is_null() | (pl.col("started") < pl.col("valid_to")))
    )
    result.suspend(frame.join(matched.select("line"), on="line", how="anti"), Reason.UNKNOWN_SUBSCRIBER)
    voice = pl.col("kind") == "voice"
    matched = matched.with_columns(
        tariff=pl.when(voice).then(pl.col("voice_tariff")).otherwise(pl.col("data_tariff")),
        units=pl.when(voice).then(pl.col("seconds")).otherwise(pl.col("volume")),
    )
    matched = matched.drop("valid_from", "valid_to", "voice_tariff", "data_tariff", "identifier_kind")
    # Data without a price of its own is what the recurring price pays for; a call without one is a mistake.
    unpriced = voice & pl.col("tariff").is_null()
    result.suspend(matched.filter(unpriced), Reason.NO_TARIFF)
    return with_cycles(matched.filter(~unpriced))


def with_cycles(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds the local day and the billing cycle (cycle_start, cycle_end) of the account in which a record falls."""
    zones = frame["account_zone"].unique().to_list()
    day: Any = pl.lit(None, dtype=pl.Date)
    for zone in zones:
        ZoneInfo(zone)  # a name the zone database does not know fails here, by name
        local = pl.col("started").dt.convert_time_zone(zone).dt.date()
        day = pl.when(pl.col("account_zone") == zone).then(local).otherwise(day)
    frame = frame.with_columns(day=day)
    pairs = frame.select("day", "cycle_day").unique()
    cycles = [(on, anchor, enclosing_cycle(on, anchor)) for on, anchor in pairs.iter_rows()]
    table = pl.DataFrame(
        [(on, anchor, cycle.start, cycle.end) for on, anchor, cycle in cycles],
        schema={"day": pl.Date, "cycle_day": pl.Int64, "cycle_start": pl.Date, "cycle_end": pl.Date},
        orient="row",
    )
    return frame.join(table, on=["day", "cycle_day"], how="left", maintain_order="left")
