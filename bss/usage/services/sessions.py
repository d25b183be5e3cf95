"""Sessions report totals again and again (RFC 2866 Interim-Update): what is new in each report is the usage.

The totals a session had reported last are kept per session. A report that brings nothing new (a retransmission, or an
older one that came late) is a duplicate: the newer one has already covered it.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from bss.usage.models import UsageSource
from bss.usage.services import frames
from bss.usage.services.frames import micros
from kernel import bulk

if TYPE_CHECKING:
    from bss.usage.services.mediation import Sorted

KNOWN: dict[str, Any] = {
    "session": pl.String,
    "last_seconds": pl.Int64,
    "last_up": pl.Int64,
    "last_down": pl.Int64,
    "last_at": pl.Datetime("us", "UTC"),
}


def deltas(source: UsageSource, reports: pl.DataFrame, result: Sorted) -> pl.DataFrame:
    """The reports that add something, with `started`, `seconds` and `volume` of what they add; sessions are moved on.

    `reports` holds readable lines in the order of the file, starts and resets of elements among them. Runs in the
    transaction that stores the records.
    """
    parts, rest = [], reports
    while not rest.is_empty():
        resets = rest.with_row_index("_at").filter(pl.col("session_status") == "reset")
        cut = int(resets["_at"][0]) if len(resets) else len(rest)
        parts.append(_run(source, rest.head(cut), result))
        if len(resets):
            element = str(resets["session"][0]).split("/", 1)[0]
            _archive(source, "s.session LIKE %s", [element.replace("%", r"\%").replace("_", r"\_") + "/%"])
        rest = rest.slice(cut + 1)
    return pl.concat(parts) if parts else reports


def _run(source: UsageSource, reports: pl.DataFrame, result: Sorted) -> pl.DataFrame:
    if reports.is_empty():
        return reports
    _begin_anew(source, reports.filter(pl.col("session_status") == "start"))
    known = _known(source, reports)
    counted = reports.join(known, on="session", how="left", maintain_order="left").with_columns(
        pl.col("last_seconds").fill_null(-1), pl.col("last_up", "last_down").fill_null(0)
    )
    usage = counted.filter(pl.col("session_status").is_in(["interim", "stop"]))
    fresh = usage.filter(pl.col("session_seconds") > pl.col("last_seconds")).unique(
        ["session", "session_seconds"], keep="first", maintain_order=True
    )
    repeated = usage.join(fresh.select("line"), on="line", how="anti")
    result.duplicates += len(repeated)
    result.duplicate_lines += repeated["line"].to_list()
    _remember(source, counted)
    return _differences(fresh).select(reports.columns)


def _differences(fresh: pl.DataFrame) -> pl.DataFrame:
    ordered = fresh.sort("session", "session_seconds")
    before = {
        name: pl.col(f"session_{name}").shift(1).over("session").fill_null(pl.col(f"last_{name}").clip(0))
        for name in ("seconds", "up", "down")
    }
    ordered = ordered.with_columns(**{f"_{name}": value for name, value in before.items()})

    def added(name: str) -> pl.Expr:
        # A total that went back was begun anew by the element: all of it is new.
        now, was = pl.col(f"session_{name}"), pl.col(f"_{name}")
        return pl.when(now >= was).then(now - was).otherwise(now)

    return ordered.with_columns(
        started=pl.col("started") - pl.duration(seconds=pl.col("session_seconds") - pl.col("_seconds")),
        seconds=added("seconds"),
        volume=added("up") + added("down"),
    ).sort("line")


def _known(source: UsageSource, reports: pl.DataFrame) -> pl.DataFrame:
    bulk.temporary("usage_sessions", "session text")
    frames.copy_frame("usage_sessions", reports.select("session").unique())
    # Locked in one order: two files of one source never count from the same total.
    bulk.execute(
        "SELECT 1 FROM bss_usage_accountingsession s WHERE s.source_id = %s "
        "AND s.session IN (SELECT session FROM usage_sessions) ORDER BY s.id FOR UPDATE",
        [source.pk],
    )
    return frames.query_frame(
        f"SELECT s.session, s.seconds, s.up, s.down, {micros('s.reported')} FROM bss_usage_accountingsession s "
        "JOIN usage_sessions w USING (session) WHERE s.source_id = %s",
        [source.pk],
        KNOWN,
    )


def _begin_anew(source: UsageSource, starts: pl.DataFrame) -> None:
    """A start of a session that has already reported is a new session under an old id (the element was restarted)."""
    if starts.is_empty():
        return
    bulk.temporary("usage_starts", "session text, at timestamptz")
    frames.copy_frame("usage_starts", starts.select("session", at="started"))
    _archive(
        source,
        "EXISTS (SELECT 1 FROM usage_starts w WHERE w.session = s.session AND s.seconds > 0 AND w.at > s.reported)",
        [],
    )


def _archive(source: UsageSource, condition: str, params: list[Any]) -> None:
    bulk.execute(
        "UPDATE bss_usage_accountingsession s SET open = false, session = left(s.session, 60) || '@' || s.id "
        f"WHERE s.source_id = %s AND position('@' IN s.session) = 0 AND {condition}",
        [source.pk, *params],
    )


def _remember(source: UsageSource, counted: pl.DataFrame) -> None:
    latest = (
        counted.sort("session_seconds", "started")
        .group_by("session", maintain_order=True)
        .agg(
            pl.col("identifier").last(),
            begun=(pl.col("started") - pl.duration(seconds=pl.col("session_seconds"))).last(),
            reported=pl.col("started").last(),
            seconds=pl.col("session_seconds").last(),
            up=pl.col("session_up").last(),
            down=pl.col("session_down").last(),
            stopped=(pl.col("session_status") == "stop").any(),
        )
    )
    bulk.temporary(
        "usage_latest",
        "session text, identifier text, begun timestamptz, reported timestamptz, seconds bigint, up bigint, "
        "down bigint, stopped boolean",
    )
    frames.copy_frame("usage_latest", latest)
    bulk.execute(
        "INSERT INTO bss_usage_accountingsession AS s "
        '(source_id, session, "user", started, reported, seconds, up, down, open) '
        "SELECT %s, session, coalesce(identifier, ''), begun, reported, seconds, up, down, NOT stopped "
        "FROM usage_latest ORDER BY session ON CONFLICT (source_id, session) DO UPDATE SET "
        "seconds = greatest(s.seconds, excluded.seconds), "
        "up = CASE WHEN excluded.seconds >= s.seconds THEN excluded.up ELSE s.up END, "
        "down = CASE WHEN excluded.seconds >= s.seconds THEN excluded.down ELSE s.down END, "
        "reported = greatest(s.reported, excluded.reported), open = s.open AND excluded.open",
        [source.pk],
    )


def as_delta(raw: str, started: datetime, seconds: int, volume: int) -> str:
    """A report that says what it adds, not how far its session had come: it can be recycled at any later time."""
    report = json.loads(raw)
    report["delta"] = {"at": started.isoformat(), "seconds": seconds, "volume": volume}
    return json.dumps(report, ensure_ascii=False)
