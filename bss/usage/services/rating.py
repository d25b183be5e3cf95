"""Rating in columns: the rules of `reference`, for hundreds of thousands of records at once, in 64-bit integers.

`Tables` lays the plans out as arrays; each step below adds columns to a frame of records. Nothing is a float and
nothing is rounded but the cost of a record (rounding point RECORD, half up to the micro-unit).

Columns needed: plan (position in Tables.plans), account_zone (IANA name), kind, other (+number), started, units
(seconds of a call, bytes of a report). Order of use: `located` → allowances set `taken` → `priced`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from bss.usage.services.plans import DIGITS, ENDLESS, Plan

I64 = pl.Int64


class Tables:
    """Plans as arrays, for the local days between two UTC dates."""

    def __init__(self, plans: Sequence[Plan], zones: Iterable[str], first: date, last: date) -> None:
        self.plans = list(plans)
        self.zones = sorted(set(zones))
        self._rates()
        self.ranges = pl.DataFrame(
            [
                (position, number, len(plan.zones) if zone is None else plan.zones.index(zone), length)
                for position, plan in enumerate(self.plans)
                for number, zone, length in plan.ranges()
            ],
            schema={"plan": I64, "number": I64, "zone": I64, "prefix_length": I64},
            orient="row",
        ).sort("plan", "number")
        self._segments(first - timedelta(days=2), last + timedelta(days=9))

    def _rates(self) -> None:
        """Slots of every rate, and for each (plan, zone, band) where its slots begin (−1: not sold)."""
        slots: list[tuple[int, ...]] = []
        begins: list[int] = []
        counts: list[int] = []
        places: dict[int, int] = {}
        self.offsets, self.widths = [], []
        for plan in self.plans:
            self.offsets.append(len(begins))
            self.widths.append(len(plan.bands))
            for zone in [*plan.zones, None]:
                for band in plan.bands:
                    rate = plan.rate(zone, band) if plan.sold(zone) else None
                    if rate is not None and id(rate) not in places:
                        places[id(rate)] = len(slots)
                        ends = [*(slot.from_unit for slot in rate.slots[1:]), ENDLESS]
                        slots += [
                            (
                                s.from_unit,
                                end,
                                s.connect,
                                s.price,
                                s.per,
                                s.first,
                                s.step,
                                s.minimum,
                                s.maximum,
                            )
                            for s, end in zip(rate.slots, ends, strict=True)
                        ]
                    begins.append(-1 if rate is None else places[id(rate)])
                    counts.append(0 if rate is None else len(rate.slots))
        names = ("from_unit", "end", "connect", "price", "per", "first", "step", "minimum", "maximum")
        # A tariff that sells nothing still has a row to look at, for the records that it refuses.
        self.slots = pl.DataFrame(slots or [(0,) * 9], schema=dict.fromkeys(names, I64), orient="row")
        self.begins = pl.Series(begins, dtype=I64)
        self.counts = pl.Series(counts, dtype=I64)
        self.deepest = max(counts, default=1)
        self.per_plan = pl.DataFrame(
            {
                "plan": range(len(self.plans)),
                "offset": self.offsets,
                "width": self.widths,
                "divisor": [plan.divisor for plan in self.plans],
                "own_zone": [plan.time_zone or None for plan in self.plans],
            },
            schema={"plan": I64, "offset": I64, "width": I64, "divisor": I64, "own_zone": pl.String},
        )

    def _segments(self, first: date, last: date) -> None:
        rows: list[tuple[Any, ...]] = []
        for position, plan in enumerate(self.plans):
            for zone in [plan.time_zone] if plan.time_zone else self.zones:
                found = plan.segments(zone, first, last)
                ends = [*(start for start, _band in found[1:]), ENDLESS]
                rows += [
                    (position, zone, start, end, plan.bands.index(band), band)
                    for (start, band), end in zip(found, ends, strict=True)
                ]
        schema = {"plan": I64, "zone": pl.String, "start": I64, "end": I64, "band": I64, "code": pl.String}
        self.segments = pl.DataFrame(rows, schema=schema, orient="row").with_row_index("segment")
        self.segments = self.segments.with_columns(pl.col("segment").cast(I64))

    def zone_code(self, frame: pl.DataFrame) -> pl.Series:
        """Zone codes of a frame's (plan, zone) columns; null where no prefix fits."""
        rows = [(p, z, code) for p, plan in enumerate(self.plans) for z, code in enumerate(plan.zones)]
        codes = pl.DataFrame(rows, schema={"plan": I64, "zone": I64, "zone_code": pl.String}, orient="row")
        return frame.select("plan", "zone").join(
            codes, on=["plan", "zone"], how="left", maintain_order="left"
        )["zone_code"]


def located(frame: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Adds zone, segment and band of the start, charged units, steps, and `reason` where there is no price."""
    frame = frame.with_columns(
        second=pl.col("started").dt.epoch("s").cast(I64), voice=pl.col("kind") == "voice"
    ).join(tables.per_plan, on="plan", how="left", maintain_order="left")
    frame = _with_segment(_with_zone(frame, tables), tables)
    place = pl.col("offset") + pl.col("zone") * pl.col("width") + pl.col("band")
    frame = frame.with_columns(place=place)
    frame = frame.with_columns(
        begin=tables.begins.gather(frame["place"]), count=tables.counts.gather(frame["place"])
    )
    unsold = pl.col("begin") < 0
    blank = pl.col("voice") & pl.col("zone_code").is_null()
    frame = frame.with_columns(
        reason=pl.when(unsold & blank).then(pl.lit("unknown_zone")).when(unsold).then(pl.lit("no_rate"))
    )
    return _with_charged(frame, tables)


def _with_zone(frame: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    digits = pl.col("other").str.strip_chars_start("+").str.slice(0, DIGITS)
    keyed = frame.with_row_index("_row").with_columns(
        digit_count=digits.str.len_chars().cast(I64),
        number=digits.str.pad_end(DIGITS, "0").str.to_integer(strict=False).fill_null(0),
    )
    found = (
        keyed.sort("number")
        .join_asof(
            tables.ranges.sort("number"), on="number", by="plan", strategy="backward", check_sortedness=False
        )
        .sort("_row")
    )
    # A number shorter than the prefix whose range it falls in does not have that prefix: look these few up one by one.
    short = found.filter(pl.col("voice") & (pl.col("digit_count") < pl.col("prefix_length")))
    if not short.is_empty():
        looked = [
            (row, _zone_position(tables.plans[plan], other))
            for row, plan, other in short.select("_row", "plan", "other").iter_rows()
        ]
        fixed = pl.DataFrame(looked, schema={"_row": found["_row"].dtype, "_zone": I64}, orient="row")
        found = found.join(fixed, on="_row", how="left", maintain_order="left").with_columns(
            zone=pl.coalesce("_zone", "zone")
        )
    none = pl.Series([len(plan.zones) for plan in tables.plans], dtype=I64).gather(found["plan"])
    found = found.with_columns(zone=pl.when(pl.col("voice")).then(pl.col("zone")).otherwise(none))
    return found.with_columns(zone_code=tables.zone_code(found))


def _zone_position(plan: Plan, number: str) -> int:
    zone = plan.zone_of(number)
    return len(plan.zones) if zone is None else plan.zones.index(zone)


def _with_segment(frame: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    segments = tables.segments.select("plan", "zone", "start", "segment", "band", band_code="code").rename(
        {"zone": "clock", "start": "second"}
    )
    return (
        frame.with_columns(clock=pl.coalesce("own_zone", "account_zone"))
        .sort("second")
        .join_asof(
            segments.sort("second"),
            on="second",
            by=["plan", "clock"],
            strategy="backward",
            check_sortedness=False,
        )
        .sort("_row")
    )


def _slot(tables: Tables, begin: pl.Series, count: pl.Series, unit: pl.Series) -> pl.Series:
    """Row of the slot in which the `unit`-th unit falls, for rates whose slots begin at `begin`."""
    slot = begin
    for depth in range(1, tables.deepest):
        edge = tables.slots["from_unit"].gather((begin + depth).clip(0, len(tables.slots) - 1))
        slot = slot + ((count > depth) & (edge <= unit)).cast(I64)
    return slot


def _with_charged(frame: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    sold = frame["begin"].clip(0)
    slot = _slot(tables, sold, frame["count"], frame["units"] - 1)
    frame = frame.with_columns(slot=slot).with_columns(
        tables.slots[name].gather(slot).alias(f"_{name}") for name in ("from_unit", "end", "first", "step")
    )
    inside = pl.col("units") - pl.col("_from_unit")
    further = (inside - pl.col("_first")).clip(0)
    steps = (further + pl.col("_step") - 1) // pl.col("_step")
    counted = pl.col("_from_unit") + pl.col("_first") + steps * pl.col("_step")
    nothing = (pl.col("units") <= 0) | pl.col("reason").is_not_null()
    return frame.with_columns(
        charged=pl.when(nothing).then(0).otherwise(pl.min_horizontal(counted, "_end")),
        steps=pl.when(nothing).then(0).otherwise(steps + 1),
    ).drop("_from_unit", "_end", "_first", "_step")


def priced(frame: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Adds `connect`, `micros` and `bands` (text) to located rows with `taken` set; `opens`: connect fee may be due."""
    pieces = _walk(frame.filter(pl.col("charged") > pl.col("taken")), tables)
    sums = pieces.group_by("_row").agg(
        pl.col("whole").sum(),
        pl.col("rest").sum(),
        pl.col("band").first().alias("_only"),
        pl.len().alias("_parts"),
    )
    frame = frame.join(sums, on="_row", how="left", maintain_order="left").with_columns(
        whole=pl.col("whole").fill_null(0), rest=pl.col("rest").fill_null(0)
    )
    slot = frame["begin"].clip(0)
    bounds = {name: tables.slots[name].gather(slot) for name in ("connect", "minimum", "maximum")}
    paid = pl.col("charged") > pl.col("taken")
    free_start = (pl.col("taken") > 0) | (pl.col("charged") == 0) | ~pl.col("opens")
    frame = frame.with_columns(**{f"_{name}": values for name, values in bounds.items()}).with_columns(
        connect=pl.when(free_start).then(0).otherwise(pl.col("_connect"))
    )
    cost = (
        pl.col("connect") + pl.col("whole") + (pl.col("rest") + pl.col("divisor") // 2) // pl.col("divisor")
    )
    capped = pl.when(pl.col("_maximum") > 0).then(pl.min_horizontal(cost, "_maximum")).otherwise(cost)
    micros = pl.when(paid & (cost < pl.col("_minimum"))).then(pl.col("_minimum")).otherwise(capped)
    frame = frame.with_columns(micros=micros)
    return _with_bands(frame, pieces, tables).drop(
        "whole", "rest", "_only", "_parts", "_connect", "_minimum", "_maximum"
    )


def _walk(frame: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """The paid units of each row, cut where a band or a slot changes: (_row, band, units, whole micros, rest)."""
    empty = {"_row": pl.UInt32, "band": pl.String, "units": I64, "whole": I64, "rest": I64}
    pieces: list[pl.DataFrame] = [pl.DataFrame(schema=empty)]
    columns = ("_row", "second", "voice", "segment", "charged", "offset", "zone", "width", "divisor", "taken")
    left = frame.select(*columns).rename({"taken": "unit"}).with_columns(at_unit=pl.lit(0, I64))
    segments = tables.segments
    # An allowance covers the beginning: step over the segments that lie before the first paid second.
    while not left.is_empty():
        end = segments["end"].gather(left["segment"])
        left = left.with_columns(until=pl.when("voice").then(end - pl.col("second")).otherwise(ENDLESS))
        ahead = left["unit"] >= left["until"]
        if ahead.any():
            left = left.with_columns(segment=pl.col("segment") + ahead.cast(I64))
            if (left["unit"] >= left["until"]).all():
                continue
        now = left.filter(~ahead)
        band = segments["band"].gather(now["segment"])
        place = now["offset"] + now["zone"] * now["width"] + band
        slot = _slot(tables, tables.begins.gather(place), tables.counts.gather(place), now["unit"])
        price, per, slot_end = (tables.slots[name].gather(slot) for name in ("price", "per", "end"))
        now = now.with_columns(
            code=segments["code"].gather(now["segment"]),
            price=price,
            per=per,
            stop=pl.min_horizontal("charged", "until", slot_end),
        ).with_columns(units=pl.col("stop") - pl.col("unit"))
        pieces.append(
            now.select(
                "_row",
                band="code",
                units="units",
                whole=pl.col("units") // pl.col("per") * pl.col("price"),
                rest=pl.col("units") % pl.col("per") * pl.col("price") * (pl.col("divisor") // pl.col("per")),
            )
        )
        again = now.filter(pl.col("stop") < pl.col("charged")).with_columns(unit=pl.col("stop"))
        left = pl.concat([left.filter(ahead), again.select(left.columns)])
    return pl.concat(pieces)


def _with_bands(frame: pl.DataFrame, pieces: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """`bands`: the band at the start, or `peak:120 evening:60` where the paid units lie in several."""
    several = pieces.group_by("_row", "band", maintain_order=True).agg(pl.col("units").sum())
    crossing = several.group_by("_row", maintain_order=True).agg(
        pl.format("{}:{}", "band", "units").str.join(" ").alias("_text"), pl.len().alias("_bands")
    )
    crossing = crossing.filter(pl.col("_bands") > 1).drop("_bands")
    return (
        frame.join(crossing, on="_row", how="left", maintain_order="left")
        .with_columns(bands=pl.coalesce("_text", "_only", "band_code"))
        .drop("_text")
    )
