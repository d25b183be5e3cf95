"""Allowances used up in order of time, in columns: cumulated demand clipped to what each bucket has left."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

import polars as pl

from bss.usage.events import AllowanceUsed
from bss.usage.services import frames
from kernel import bulk, clock, events
from kernel.ids import uuid7_block
from kernel.periods import Period, add_months, enclosing_cycle

# Customers are told when a bucket passes these shares, in percent.
NOTICE_AT = (80, 100)
SIBLINGS = 1000  # allowances of one priority that one record may draw on

BUCKET: dict[str, Any] = {
    "bucket": pl.String,
    "account": pl.String,
    "allowance": pl.String,
    "owner": pl.String,
    "bucket_start": pl.Date,
    "expires": pl.Date,
    "left": pl.Int64,
}
OWNER = ["account", "allowance", "owner"]


def consume(records: pl.DataFrame, offered: pl.DataFrame, zones: pl.DataFrame) -> pl.DataFrame:
    """`records` with `taken`: how much of `charged` allowances cover. Buckets are locked, made and brought up to date.

    Of several allowances the one of lowest priority number is used up first, at equal priority the shared one; of one
    allowance, what has been carried over comes before the present period's.
    """
    records = records.with_columns(taken=pl.lit(0, pl.Int64))
    wants = _wants(records, offered, zones)
    if wants.is_empty():
        return records
    buckets = _locked(wants)
    taken = records.select("_row").with_columns(taken=pl.lit(0, pl.Int64))
    for level in wants["level"].unique().sort():
        rows = (
            wants.filter(pl.col("level") == level)
            .join(taken, on="_row", how="left")
            .sort("started", "key", "_row")
        )
        rows = rows.with_columns(open=pl.col("charged") - pl.col("taken"))
        for age in range(int(rows["rollover"].max() or 0), -1, -1):  # type: ignore[arg-type]
            rows, buckets = _take(rows, buckets, age)
        gained = rows.select("_row", gained=pl.col("charged") - pl.col("taken") - pl.col("open"))
        taken = taken.join(gained, on="_row", how="left", maintain_order="left").select(
            "_row", taken=pl.col("taken") + pl.col("gained").fill_null(0)
        )
    _store(buckets)
    return records.drop("taken").join(taken, on="_row", how="left", maintain_order="left")


def _wants(records: pl.DataFrame, offered: pl.DataFrame, zones: pl.DataFrame) -> pl.DataFrame:
    """One row per record and allowance that may cover it, with its level in the order of use and its bucket's days."""
    needed = [
        "_row",
        "key",
        "started",
        "day",
        "kind",
        "product",
        "account",
        "cycle_day",
        "zone_code",
        "charged",
    ]
    rows = records.filter(pl.col("charged") > 0).select(needed).join(
        offered, left_on=["product", "kind"], right_on=["product", "service"], how="inner"
    )  # fmt: skip
    rows = rows.filter(
        (pl.col("started") >= pl.col("active_from"))
        & (pl.col("active_to").is_null() | (pl.col("started") < pl.col("active_to")))
    )
    if not zones.is_empty():
        limited = zones["allowance"].unique()
        fits = zones.with_columns(fits=pl.lit(value=True))
        rows = rows.join(fits, on=["allowance", "zone_code"], how="left").filter(
            ~pl.col("allowance").is_in(limited.implode()) | pl.col("fits").fill_null(value=False)
        )
    if rows["_row"].n_unique() == len(rows):
        rows = rows.with_columns(level=pl.col("priority") * SIBLINGS)
    else:
        rows = rows.sort("_row", "priority", "allowance").with_columns(
            level=pl.col("priority") * SIBLINGS + pl.int_range(pl.len()).over("_row", "priority")
        )
    return _with_period(rows)


@cache
def _period(day: date, anchor: int, months: int, since: date) -> Period:
    """The allowance's period that holds `day`: a billing cycle, or several counted from the owner's first one."""
    cycle = enclosing_cycle(day, anchor)
    if months == 1:
        return cycle
    first = enclosing_cycle(since, anchor).start
    passed = (cycle.start.year - first.year) * 12 + cycle.start.month - first.month
    begin = add_months(first, passed // months * months, anchor=anchor)
    return Period(begin, add_months(begin, months, anchor=anchor))


def _with_period(rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.with_columns(
        since=pl.when(pl.col("months") == 1)
        .then(pl.lit(None, pl.Date))
        .otherwise(pl.col("active_from").dt.date())
    )
    keys = ["day", "cycle_day", "months", "since", "rollover"]
    table = []
    for day, anchor, months, since, rollover in rows.select(keys).unique().iter_rows():
        period = _period(day, anchor, months, since or day)
        end = period.end or period.start
        expires = add_months(end, rollover * months, anchor=anchor)
        table.append((day, anchor, months, since, rollover, period.start, end, expires))
    schema = {"day": pl.Date, "cycle_day": pl.Int64, "months": pl.Int64, "since": pl.Date, "rollover": pl.Int64,
              "bucket_start": pl.Date, "bucket_end": pl.Date, "expires": pl.Date}  # fmt: skip
    periods = pl.DataFrame(table, schema=schema, orient="row")
    return rows.join(periods, on=keys, how="left", nulls_equal=True)


def _locked(wants: pl.DataFrame) -> pl.DataFrame:
    """The buckets the wants may draw on, made where missing, locked in order of their ids."""
    fresh = wants.select(*OWNER, "bucket_start", "bucket_end", "expires", "quantity").unique(
        [*OWNER, "bucket_start"], maintain_order=True
    )
    bulk.temporary(
        "usage_buckets",
        "id uuid, account uuid, allowance uuid, owner uuid, bucket_start date, bucket_end date, expires date, "
        "quantity bigint",
    )
    ids = pl.Series("id", [str(value) for value in uuid7_block(len(fresh))], dtype=pl.String)
    frames.copy_frame("usage_buckets", fresh.insert_column(0, ids))
    bulk.execute(
        "INSERT INTO bss_usage_bucket "
        '(id, account_id, allowance_id, product_id, start, "end", expires, quantity, used) '
        "SELECT id, account, allowance, owner, bucket_start, bucket_end, expires, quantity, 0 FROM usage_buckets "
        "ORDER BY account, allowance, owner, bucket_start "
        "ON CONFLICT (account_id, allowance_id, product_id, start) DO NOTHING"
    )
    found = (
        "FROM bss_usage_bucket b JOIN (SELECT account, allowance, owner, min(bucket_start) AS first, "
        "max(bucket_start) AS last FROM usage_buckets GROUP BY account, allowance, owner) w "
        "ON b.account_id = w.account AND b.allowance_id = w.allowance AND b.product_id IS NOT DISTINCT FROM w.owner "
        "AND b.expires > w.first AND b.start <= w.last"
    )
    bulk.execute(f"SELECT 1 {found} ORDER BY b.id FOR UPDATE OF b")
    return frames.query_frame(
        f"SELECT b.id, b.account_id, b.allowance_id, b.product_id, b.start, b.expires, b.quantity - b.used {found}",
        [],
        BUCKET,
    ).with_columns(before=pl.col("left"))


def _take(rows: pl.DataFrame, buckets: pl.DataFrame, age: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Let rows, in order of time, draw on the bucket `age` periods before their own."""
    ranked = buckets.select("bucket", *OWNER, "expires", "left", begin="bucket_start")
    if age:
        # Carried over: the nth bucket before the row's own, as far as it has not expired on the row's day.
        older = rows.select("_row", "day", "bucket_start", *OWNER).join(
            ranked, on=OWNER, how="inner", nulls_equal=True
        )
        older = older.filter((pl.col("begin") < pl.col("bucket_start")) & (pl.col("day") < pl.col("expires")))
        older = older.with_columns(back=pl.col("begin").rank("ordinal", descending=True).over("_row"))
        source = older.filter(pl.col("back") == age).select("_row", "bucket", "left")
        drawn = rows.select("_row", "open").join(source, on="_row", how="inner", maintain_order="left")
    else:
        drawn = rows.select("_row", "open", "bucket_start", *OWNER).join(
            ranked, left_on=[*OWNER, "bucket_start"], right_on=[*OWNER, "begin"], how="inner", nulls_equal=True,
            maintain_order="left",
        )  # fmt: skip
    before = pl.col("open").cum_sum().over("bucket") - pl.col("open")
    drawn = drawn.with_columns(part=pl.min_horizontal("open", (pl.col("left") - before).clip(0)))
    parts = drawn.group_by("_row").agg(pl.col("part").sum())
    rows = rows.join(parts, on="_row", how="left", maintain_order="left").with_columns(
        open=pl.col("open") - pl.col("part").fill_null(0)
    )
    used = drawn.group_by("bucket").agg(pl.col("part").sum().alias("part"))
    buckets = buckets.join(used, on="bucket", how="left", maintain_order="left").with_columns(
        left=pl.col("left") - pl.col("part").fill_null(0)
    )
    return rows.drop("part"), buckets.drop("part")


def _store(buckets: pl.DataFrame) -> None:
    changed = buckets.filter(pl.col("left") != pl.col("before")).select(
        "bucket", used=pl.col("before") - pl.col("left")
    )
    if changed.is_empty():
        return
    bulk.temporary("usage_taken", "bucket uuid, used bigint")
    frames.copy_frame("usage_taken", changed)
    bulk.execute(
        "UPDATE bss_usage_bucket b SET used = b.used + t.used FROM usage_taken t WHERE b.id = t.bucket"
    )
    marks = ", ".join(f"({share})" for share in NOTICE_AT)
    passed = frames.query_frame(
        "SELECT b.id, b.account_id, max(m.share) FROM bss_usage_bucket b JOIN usage_taken t ON t.bucket = b.id "
        f"JOIN (VALUES {marks}) m(share) ON b.used * 100 >= b.quantity * m.share "
        "AND (b.used - t.used) * 100 < b.quantity * m.share GROUP BY b.id, b.account_id",
        [],
        {"bucket": pl.String, "account": pl.String, "share": pl.Int64},
    )
    at = clock.now()
    events.publish(
        *(
            AllowanceUsed(UUID(bucket), UUID(account), share, at)
            for bucket, account, share in passed.iter_rows()
        )
    )
