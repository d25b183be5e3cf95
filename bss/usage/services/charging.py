"""From mediated records to rated rows and billable totals: allowances, prices, storage. One call, one batch."""

from __future__ import annotations

from datetime import date
from typing import Any, cast
from uuid import UUID

import polars as pl

from bss.usage.models import UsageBatch, UsageFile
from bss.usage.services import book, buckets, frames, rating
from bss.usage.services.mediation import Sorted
from kernel.partitions import ensure

I64 = pl.Int64


def rate(result: Sorted, shelf: book.Shelf) -> pl.DataFrame:
    """Rated rows of the mediated records, in order of time; records without a rate are added to the suspense.

    Buckets are used up and locked until the transaction ends.
    """
    records = result.records
    if records.is_empty():
        return records
    first, last = cast(date, records["day"].min()), cast(date, records["day"].max())
    tariffs = records["tariff"].drop_nulls().unique()
    plans = shelf.plans([UUID(value) for value in tariffs.to_list()], first, last)
    tables = rating.Tables(plans, records["account_zone"].unique().to_list(), first, last)
    positions = pl.DataFrame(
        [(str(plan.id), position, plan.currency) for position, plan in enumerate(plans)],
        schema={"tariff": pl.String, "plan": I64, "currency": pl.String},
        orient="row",
    )
    records = records.sort("started", "key").join(positions, on="tariff", how="left", maintain_order="left")
    located = _located(records, tables)
    unrated = pl.col("reason").is_not_null()
    result.suspend(located.filter(unrated))
    located = located.filter(~unrated)
    if located.is_empty():
        return located
    offered, zones = book.allowances(located["product"])
    taken = buckets.consume(located, offered, zones).with_columns(opens=pl.lit(value=True))
    return _priced(taken, tables).with_columns(
        currency=pl.coalesce("currency", "account_currency"), id=frames.identities(len(taken))
    )


def _located(records: pl.DataFrame, tables: rating.Tables) -> pl.DataFrame:
    priced = records.filter(pl.col("plan").is_not_null())
    included = records.filter(pl.col("plan").is_null())
    parts = []
    if not priced.is_empty():
        parts.append(rating.located(priced, tables).drop("_row"))
    if not included.is_empty():
        # What the recurring price pays for is counted as it is and costs nothing.
        parts.append(
            included.with_columns(
                charged=pl.col("units"), steps=pl.lit(0, I64), zone_code=pl.lit(None, pl.String)
            )
        )
    return pl.concat(parts, how="diagonal").sort("started", "key").with_columns(
        reason=pl.col("reason") if not priced.is_empty() else pl.lit(None, pl.String)
    ).with_row_index("_row")  # fmt: skip


def _priced(records: pl.DataFrame, tables: rating.Tables) -> pl.DataFrame:
    own = pl.col("plan").is_not_null()
    priced, included = records.filter(own), records.filter(~own)
    parts = []
    if not priced.is_empty():
        parts.append(rating.priced(priced, tables))
    if not included.is_empty():
        parts.append(included.with_columns(connect=pl.lit(0, I64), micros=pl.lit(0, I64), bands=pl.lit("")))
    return pl.concat(parts, how="diagonal").sort("_row")


STORED = (
    "id", "started", "key", "line", "kind", "identifier", "other", "seconds", "units", "charged", "steps", "taken",
    "bands", "connect", "micros", "currency", "cycle_start", "late",
)  # fmt: skip


def store(file: UsageFile, batch: UsageBatch, rated: pl.DataFrame) -> None:
    """COPY rated rows and their totals."""
    if rated.is_empty():
        return
    first, last = cast(Any, rated["started"].min()), cast(Any, rated["started"].max())
    from bss.usage.models import UsageRecord

    ensure(UsageRecord, first.date(), last.date())
    frames.copy_frame(
        "bss_usage_usagerecord",
        rated.select(
            *STORED,
            status=pl.lit("rated"),
            source_id=pl.lit(str(file.source_id)),
            batch_id=pl.lit(batch.pk),
            account_id="account",
            product_id="product",
            tariff_id="tariff",
            zone=pl.col("zone_code").fill_null(""),
        ),
    )
    totals = rated.group_by(
        account_id="account", product_id="product", kind="kind", tariff_id="tariff",
        zone=pl.col("zone_code").fill_null(""), currency="currency", cycle_start="cycle_start", cycle_end="cycle_end",
        late="late",
    ).agg(
        first=pl.col("started").min(), last=pl.col("started").max(), records=pl.len(), units=pl.col("units").sum(),
        charged=pl.col("charged").sum(), taken=pl.col("taken").sum(), micros=pl.col("micros").sum(),
    )  # fmt: skip
    frames.copy_frame(
        "bss_usage_usagetotal",
        totals.sort("account_id", "product_id", "zone").with_columns(
            batch_id=pl.lit(batch.pk), billable=pl.col("tariff_id").is_not_null()
        ),
    )
