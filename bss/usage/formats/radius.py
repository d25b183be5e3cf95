"""RADIUS accounting (RFC 2866, gigawords RFC 2869 §5.1), one JSON object a line, as `services.accounting` writes them.

    {"status": "interim", "element": "bng1", "session": "6A3F", "user": "site-1", "at": "2026-01-05T10:00:00Z",
     "seconds": 300, "up": 1048576, "down": 4294967296}

`up` and `down` are the session's totals in bytes, gigawords already added. Reports are cumulative: what is new in one
is worked out later against what the session had reported before. One that has been worked out and went to suspense
carries `"delta": {"at", "seconds", "volume"}` and counts by that alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
from django.utils.translation import gettext_lazy

from bss.usage.formats import CONTROL, shaped

CODE = "radius"
LABEL = gettext_lazy("RADIUS accounting")

STATUSES = {"start", "interim", "stop", "reset"}


def problems(mapping: Mapping[str, Any]) -> list[str]:
    """This format needs no mapping."""
    return []


def parse(lines: pl.DataFrame, mapping: Mapping[str, Any]) -> pl.DataFrame:
    """Columns of a file of accounting reports."""
    rows = [_read(line, raw) for line, raw in lines.select("line", "raw").iter_rows()]
    schema = {
        "line": pl.Int64,
        "raw": pl.String,
        "identifier": pl.String,
        "session": pl.String,
        "session_status": pl.String,
        "_at": pl.String,
        "session_seconds": pl.Int64,
        "session_up": pl.Int64,
        "session_down": pl.Int64,
        "seconds": pl.Int64,
        "volume": pl.Int64,
        "key": pl.String,
        "fault": pl.String,
        "skip": pl.String,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    frame = frame.with_columns(
        kind=pl.lit("data"),
        identifier_kind=pl.lit("user_name"),
        other=pl.lit(""),
        started=pl.col("_at").str.to_datetime("%+", strict=False, time_unit="us").dt.convert_time_zone("UTC"),
    )
    unreadable = pl.col("skip").is_null() & pl.col("started").is_null()
    return shaped(
        frame.with_columns(
            fault=pl.when(unreadable).then(pl.lit("malformed")).otherwise(pl.col("fault")),
        )
    )


def _read(line: int, raw: str) -> tuple[Any, ...]:
    if not raw.strip():
        return (line, raw, *[None] * 11, CONTROL)
    broken = (line, raw, *[None] * 10, "malformed", None)
    try:
        report = json.loads(raw)
        status, session = str(report["status"]), f"{report['element']}/{report['session']}"
        seconds, up, down = (int(report.get(name) or 0) for name in ("seconds", "up", "down"))
        user, at, delta = str(report.get("user") or ""), str(report["at"]), report.get("delta")
        added = (str(delta["at"]), int(delta["seconds"]), int(delta["volume"])) if delta else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return broken
    if status not in STATUSES or min(seconds, up, down) < 0 or max(up, down) >= 2**62 or len(session) > 50:
        return broken
    # Start opens a session and a reset of the element closes all of its sessions: neither carries usage.
    skip = CONTROL if status in {"start", "reset"} else None
    fault = "malformed" if not skip and not user else None
    # A report is told from its repeat by the session and how far it had come.
    key = f"{session}/{seconds}"
    if added:
        return (line, raw, user, None, None, added[0], None, None, None, added[1], added[2], key, fault, skip)
    return (line, raw, user, session, status, at, seconds, up, down, None, None, key, fault, skip)
