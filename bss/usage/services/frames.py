"""Between columns in memory and tables: COPY of polars frames."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from kernel import bulk
from kernel.ids import uuid7

I64 = pl.Int64
STAMP = "%Y-%m-%d %H:%M:%S%.6f+00"


def copy_frame(table: str, frame: pl.DataFrame) -> None:
    """COPY a frame into the columns of its names."""
    stream = io.BytesIO()
    frame.write_csv(
        stream, include_header=False, null_value=bulk.NULL, datetime_format=STAMP, date_format="%Y-%m-%d"
    )
    stream.seek(0)
    bulk.copy_in(table, frame.columns, stream)


def query_frame(query: str, params: Sequence[Any], schema: Mapping[str, Any]) -> pl.DataFrame:
    """Result of a query as a frame of `schema`; its instants must be selected through `micros`."""
    data = bulk.copy_out(query, params)
    read = {
        name: I64 if isinstance(kind, pl.Datetime) else pl.String if kind == pl.Date else kind
        for name, kind in schema.items()
    }
    # Columns are taken by their place: the heading holds whatever PostgreSQL calls an expression.
    frame = pl.read_csv(
        data,
        has_header=False,
        skip_rows=1,
        schema=read,
        null_values=[bulk.NULL],
        empty_string_is_null=False,
        raise_if_empty=False,
    )
    return frame.with_columns(
        pl.col(name).cast(kind) if isinstance(kind, pl.Datetime) else pl.col(name).str.to_date("%Y-%m-%d")
        for name, kind in schema.items()
        if isinstance(kind, pl.Datetime) or kind == pl.Date
    )


def micros(column: str) -> str:
    """SQL of an instant as whole microseconds since the epoch: reads the same whatever the session's date style."""
    return f"(extract(epoch FROM {column}) * 1000000)::bigint"


def identities(count: int) -> pl.Series:
    """`count` fresh UUIDv7 as text, increasing, one read of the random source."""
    first = uuid7().int >> 64
    high, counter = first >> 16, first & 0xFFF
    noise = os.urandom(8 * count).hex()
    # The 12 sub-millisecond bits run on from the first one (RFC 9562 §5.7); both halves come from small tables.
    place = pl.int_range(counter, counter + count, dtype=I64, eager=True)
    heads = [f"{high + step:012x}" for step in range((counter + count >> 12) + 1)]
    heads = [f"{text[:8]}-{text[8:]}-7" for text in heads]
    frame = pl.DataFrame(
        {
            "head": pl.Series(heads, dtype=pl.String).gather(place // 4096),
            "tail": pl.Series([f"{step:03x}-8" for step in range(4096)]).gather(place % 4096),
            "noise": pl.Series([noise[at : at + 15] for at in range(0, 16 * count, 16)], dtype=pl.String),
        }
    )
    random = pl.col("noise")
    text = pl.concat_str("head", "tail", random.str.head(3), pl.lit("-"), random.str.tail(12))
    return frame.select(text.alias("id")).to_series()
