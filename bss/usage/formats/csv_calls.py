"""Call records as separated values, columns named by the source's mapping.

    {"header": true, "separator": ",", "country": "33", "trunk": "0", "time_zone": "Europe/Paris",
     "fields": ["call_id", "a_number", "b_number", "start", "duration_seconds", "direction"],
     "columns": {"key": "call_id", "caller": "a_number", "called": "b_number", "start": "start",
                 "duration": "duration_seconds", "direction": "direction"},
     "charged": ["out", "onnet"], "not_charged": ["in"]}

`fields` lists the columns of a line in their order. Without `direction` every call is charged. A start with an offset
means that instant; without one it is local time of `time_zone`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bss.usage.formats import CONTROL, shaped

CODE = "csv"
LABEL = gettext_lazy("Call records, separated values")

NEEDED = ("key", "caller", "called", "start", "duration")
# No telephone call lasts longer than this; a larger figure is a broken record, not a bill.
LONGEST_S = 7 * 86_400


def problems(mapping: Mapping[str, Any]) -> list[str]:
    """What is missing or contradictory in a mapping."""
    found = []
    fields, columns = mapping.get("fields") or [], mapping.get("columns") or {}
    if not fields or len(set(fields)) != len(fields):
        found.append(_("fields: name each column of a line once, in order"))
    found += [
        _("columns: %(name)s must name one of the fields") % {"name": name}
        for name in NEEDED
        if columns.get(name) not in fields
    ]
    if len(str(mapping.get("separator", ","))) != 1:
        found.append(_("separator: one character"))
    try:
        ZoneInfo(str(mapping.get("time_zone", "UTC")))
    except (ZoneInfoNotFoundError, ValueError):
        found.append(_("time_zone: unknown"))
    return found


def parse(lines: pl.DataFrame, mapping: Mapping[str, Any]) -> pl.DataFrame:
    """Columns of a call-record file's lines."""
    fields, separator = list(mapping["fields"]), str(mapping.get("separator", ","))
    columns: Mapping[str, str] = mapping["columns"]
    width = len(fields)
    frame = _split(lines, width, separator).with_columns(
        _complete=pl.col("raw").str.count_matches(separator, literal=True) == width - 1
    )
    frame = _quoted(frame, width, separator)
    named = {field: pl.col(f"f{index}").str.strip_chars() for index, field in enumerate(fields)}
    seconds = named[columns["duration"]].str.to_integer(strict=False)
    direction = named.get(columns.get("direction", ""), pl.lit(None, dtype=pl.String))
    frame = frame.with_columns(
        kind=pl.lit("voice"),
        key=named[columns["key"]],
        identifier_kind=pl.lit("e164"),
        identifier=e164(named[columns["caller"]], mapping),
        other=e164(named[columns["called"]], mapping),
        started=_instant(named[columns["start"]], str(mapping.get("time_zone", "UTC"))),
        seconds=seconds,
        volume=pl.lit(0),
        _direction=direction,
    )
    return shaped(frame.with_columns(fault=_fault(mapping, columns), skip=_skip(mapping, fields, separator)))


def e164(number: pl.Expr, mapping: Mapping[str, Any]) -> pl.Expr:
    """A dialled number as +country… (ITU-T E.164): 00… and +… are international, the trunk digit is national, up to
    six digits are a short code of the country. Anything else is null."""
    country, trunk = str(mapping.get("country", "")), str(mapping.get("trunk", "0"))
    digits = number.str.replace_all(r"[\s().\-]", "")
    national = pl.lit("+" + country) + digits.str.strip_prefix(trunk)
    return (
        pl.when(digits.str.contains(r"^\+[1-9][0-9]{2,14}$"))
        .then(digits)
        .when(digits.str.contains(r"^00[1-9][0-9]{4,14}$"))
        .then(pl.lit("+") + digits.str.slice(2))
        .when(digits.str.contains(rf"^{trunk}[1-9][0-9]{{5,11}}$") & bool(country))
        .then(national)
        .when(digits.str.contains(r"^[0-9]{2,6}$") & bool(country))
        .then(pl.lit("+" + country) + digits)
        .otherwise(None)
    )


def _split(lines: pl.DataFrame, width: int, separator: str) -> pl.DataFrame:
    parts = (
        lines["raw"]
        .str.split_exact(separator, width - 1)
        .struct.rename_fields([f"f{i}" for i in range(width)])
    )
    return lines.with_columns(parts.alias("_parts")).unnest("_parts")


def _quoted(frame: pl.DataFrame, width: int, separator: str) -> pl.DataFrame:
    """Lines with quotes are rare: they alone go through the full reader."""
    quoted = frame.filter(pl.col("raw").str.contains('"', literal=True))
    if quoted.is_empty():
        return frame
    rows = []
    for line, raw in quoted.select("line", "raw").iter_rows():
        try:
            cells = next(csv.reader([raw], delimiter=separator, strict=True), [])
        except csv.Error:
            cells = []
        good = len(cells) == width
        rows.append((line, raw, *(cells if good else [None] * width), good))
    schema = {
        "line": pl.Int64,
        "raw": pl.String,
        **{f"f{i}": pl.String for i in range(width)},
        "_complete": pl.Boolean,
    }
    read = pl.DataFrame(rows, schema=schema, orient="row")
    return pl.concat([frame.join(read, on="line", how="anti"), read.select(frame.columns)]).sort("line")


def _instant(text: pl.Expr, zone: str) -> pl.Expr:
    absolute = text.str.to_datetime("%+", strict=False, time_unit="us").dt.convert_time_zone("UTC")
    # The first of the two hours when clocks go back; an hour that does not exist is no time at all.
    local = (
        text.str.replace("T", " ", literal=True)
        .str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
        .dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        .dt.convert_time_zone("UTC")
    )
    return pl.coalesce(absolute, local)


def _fault(mapping: Mapping[str, Any], columns: Mapping[str, str]) -> pl.Expr:
    known = [*mapping.get("charged", []), *mapping.get("not_charged", [])]
    unreadable = (
        ~pl.col("_complete")
        | pl.col("key").is_null()
        | (pl.col("key") == "")
        | (pl.col("key").str.len_chars() > 80)
        | pl.col("started").is_null()
        | pl.col("seconds").is_null()
        | (pl.col("seconds") < 0)
        | (pl.col("seconds") > LONGEST_S)
        | pl.col("raw").str.contains("\ufffd", literal=True)
    )
    if columns.get("direction") and known:
        unreadable = unreadable | ~pl.col("_direction").is_in(known).fill_null(value=False)
    bad_number = pl.col("identifier").is_null() | (pl.col("other").is_null() & (pl.col("seconds") > 0))
    return (
        pl.when(unreadable)
        .then(pl.lit("malformed"))
        .when(bad_number)
        .then(pl.lit("bad_number"))
        .otherwise(None)
    )


def _skip(mapping: Mapping[str, Any], fields: list[str], separator: str) -> pl.Expr:
    heading = (pl.col("line") == 1) & (pl.col("raw").str.strip_chars() == separator.join(fields))
    return (
        pl.when((pl.col("raw").str.strip_chars() == "") | (heading & bool(mapping.get("header", True))))
        .then(pl.lit(CONTROL))
        .when(pl.col("_direction").is_in(list(mapping.get("not_charged", []))))
        .then(pl.lit("not_charged"))
        .when(pl.col("seconds") == 0)
        .then(pl.lit("unanswered"))
        .otherwise(None)
    )
