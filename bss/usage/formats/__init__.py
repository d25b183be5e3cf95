"""Usage formats: one file each turns lines of a feed into columns. CONTRIBUTING has the recipe 'add a usage format'.

A format is a module with

    CODE = "csv"                                       the value of UsageSource.format
    LABEL = _("Call records, CSV")                     what people call it
    def problems(mapping) -> list[str]                 what is wrong with a source's mapping ("" = nothing)
    def parse(lines, mapping) -> DataFrame             columns of `SCHEMA`, one row per line, in the order of the lines

and is listed in `FORMATS`. `lines` has `line` (number in the file, from 1) and `raw` (text without its end). A format
decides what a line *says*; whether it is a duplicate, whose it is and what it costs comes later and is the same for
all. A line it cannot read gets a reason in `fault` (it goes to suspense, where a person mends it); a record that is
never charged gets one in `skip` (it is rejected and counted); a heading or comment has skip = "control" (not a record).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, Protocol

import polars as pl

MODULES = ("bss.usage.formats.csv_calls", "bss.usage.formats.radius")

# What every format returns. Times are UTC instants in microseconds, quantities whole numbers.
SCHEMA: dict[str, Any] = {
    "line": pl.Int64,
    "raw": pl.String,
    "kind": pl.String,  # voice · data
    "key": pl.String,  # the sender's identity of the record
    "identifier_kind": pl.String,  # how the subscriber is named: e164 · user_name
    "identifier": pl.String,
    "other": pl.String,  # called number; empty for data
    "started": pl.Datetime("us", "UTC"),
    "seconds": pl.Int64,  # duration
    "volume": pl.Int64,  # bytes; 0 for calls
    "session": pl.String,  # of cumulative reports: element and session id, else null
    "session_status": pl.String,  # start · interim · stop · reset
    "session_seconds": pl.Int64,
    "session_up": pl.Int64,
    "session_down": pl.Int64,
    "fault": pl.String,
    "skip": pl.String,
}

CONTROL = "control"


class Format(Protocol):
    """What a format module offers."""

    CODE: str
    LABEL: Any

    def problems(self, mapping: Mapping[str, Any]) -> list[str]:
        """Why a source may not have this mapping; empty when it may."""

    def parse(self, lines: pl.DataFrame, mapping: Mapping[str, Any]) -> pl.DataFrame:
        """Columns of SCHEMA for `lines`."""


@cache
def formats() -> dict[str, Format]:
    """Format code → module."""
    modules: list[Any] = [import_module(name) for name in MODULES]
    return {module.CODE: module for module in modules}


def shaped(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with exactly the columns of SCHEMA; those a format does not know are null."""
    missing = [
        pl.lit(None, dtype=kind).alias(name) for name, kind in SCHEMA.items() if name not in frame.columns
    ]
    return frame.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
