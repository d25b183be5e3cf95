"""The tariffs and allowances of subscribers, read from the catalogue for one batch of records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

import holidays
import polars as pl

from bss.catalog.models import Allowance, Tariff, TariffRate, TimeBand, TimeBandHours, ZonePrefix
from bss.usage.services import frames
from bss.usage.services.frames import micros, query_frame
from bss.usage.services.plans import Hours, Plan, Rate, Slot
from kernel import bulk
from kernel.money import to_micros

UTC_US = pl.Datetime("us", "UTC")


class Shelf:
    """Plans read so far: one shelf serves all batches of a file, a new file looks anew."""

    def __init__(self) -> None:
        self._held: dict[tuple[UUID, int, int], Plan] = {}

    def plans(self, ids: Collection[UUID], first: date, last: date) -> list[Plan]:
        """Plans of tariffs in order of their ids, for the years from `first` to `last`."""
        missing = [tariff for tariff in ids if (tariff, first.year, last.year) not in self._held]
        for plan in load_plans(missing, first, last) if missing else ():
            self._held[plan.id, first.year, last.year] = plan
        return [self._held[tariff, first.year, last.year] for tariff in sorted(ids)]


def load_plans(ids: Collection[UUID], first: date, last: date) -> list[Plan]:
    """Plans of tariffs, in order of their ids, with the public holidays of the years from `first` to `last`."""
    tariffs = list(Tariff.objects.filter(pk__in=ids).select_related("calendar").order_by("pk"))
    rates = _rates([tariff.pk for tariff in tariffs])
    prefixes = _prefixes({tariff.zone_plan_id for tariff in tariffs if tariff.zone_plan_id})
    hours, defaults = _hours({tariff.calendar_id for tariff in tariffs if tariff.calendar_id})
    years = range(first.year, last.year + 2)
    return [
        Plan(
            id=tariff.pk,
            version=f"{tariff.code} {tariff.revision}",
            currency=tariff.currency,
            service=tariff.service,
            prefixes=prefixes.get(tariff.zone_plan_id, {}),
            hours=tuple(hours.get(tariff.calendar_id, ())),
            default_band=defaults.get(tariff.calendar_id, ""),
            rates=rates[tariff.pk],
            time_zone=tariff.calendar.time_zone if tariff.calendar else "",
            holidays=_closed(tariff.calendar.country if tariff.calendar else "", years),
        )
        for tariff in tariffs
    ]


def _rates(ids: Collection[UUID]) -> dict[UUID, dict[tuple[str | None, str | None], Rate]]:
    slots: dict[tuple[UUID, str | None, str | None], list[Slot]] = defaultdict(list)
    for row in TariffRate.objects.filter(tariff__in=ids).select_related("zone", "band").order_by("from_unit"):
        slots[row.tariff_id, row.zone.code if row.zone else None, row.band.code if row.band else None].append(
            Slot(
                from_unit=row.from_unit,
                connect=to_micros(row.connect_fee),
                price=to_micros(row.price),
                per=row.per,
                first=row.first_step,
                step=row.next_step,
                minimum=to_micros(row.minimum),
                maximum=to_micros(row.maximum),
            )
        )
    found: dict[UUID, dict[tuple[str | None, str | None], Rate]] = {tariff: {} for tariff in ids}
    for (tariff, zone, band), group in slots.items():
        # A rate whose first slot begins later leaves its beginning unsold: it is no rate at all.
        if group[0].from_unit == 0:
            found[tariff][zone, band] = Rate(tuple(group))
    return found


def _prefixes(plans: Collection[UUID]) -> dict[UUID, dict[str, str]]:
    found: dict[UUID, dict[str, str]] = defaultdict(dict)
    for plan, prefix, zone in ZonePrefix.objects.filter(plan__in=plans).values_list(
        "plan_id", "prefix", "zone__code"
    ):
        found[plan][prefix] = zone
    return found


def _hours(calendars: Collection[UUID]) -> tuple[dict[UUID, list[Hours]], dict[UUID, str]]:
    hours: dict[UUID, list[Hours]] = defaultdict(list)
    for row in TimeBandHours.objects.filter(calendar__in=calendars).select_related("band"):
        hours[row.calendar_id].append(Hours(row.day, row.start_minute, row.end_minute, row.band.code))
    defaults = dict(
        TimeBand.objects.filter(calendar__in=calendars, is_default=True).values_list("calendar_id", "code")
    )
    return hours, defaults


def _closed(country: str, years: range) -> frozenset[date]:
    return frozenset().union(*(_holidays(country, year) for year in years)) if country else frozenset()


@cache
def _holidays(country: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=year))


SUBSCRIBER: dict[str, Any] = {
    "identifier_kind": pl.String,
    "identifier": pl.String,
    "valid_from": UTC_US,
    "valid_to": UTC_US,
    "product": pl.String,
    "account": pl.String,
    "account_zone": pl.String,
    "cycle_day": pl.Int64,
    "account_currency": pl.String,
    "voice_tariff": pl.String,
    "data_tariff": pl.String,
}


def subscribers(frame: pl.DataFrame) -> pl.DataFrame:
    """Who stands behind the distinct (identifier_kind, identifier) of `frame`, period by period, with their tariffs.

    A product without an agreed price for usage has that of the bundle it belongs to.
    """
    bulk.temporary("usage_wanted", "kind text, value text")
    frames.copy_frame(
        "usage_wanted",
        frame.select(kind="identifier_kind", value="identifier")
        .unique()
        .filter(pl.col("value").is_not_null()),
    )

    def tariff(service: str) -> str:
        return (
            "(SELECT t.id FROM bss_orders_productprice pp JOIN bss_catalog_offeringprice op ON op.id = pp.price_id "
            "JOIN bss_catalog_tariff t ON t.id = op.tariff_id "
            f"WHERE pp.product_id IN (p.id, p.parent_id) AND op.kind = 'usage' AND t.service = '{service}' "
            "ORDER BY (pp.product_id = p.id) DESC, op.code LIMIT 1)"
        )

    return query_frame(
        f"SELECT i.kind, i.value, {micros('i.start')}, {micros('i.end')}, i.product_id, p.account_id, a.time_zone, "
        f"a.cycle_day, a.currency, {tariff('voice')}, {tariff('data')} "
        "FROM usage_wanted w JOIN bss_usage_usageidentifier i ON i.kind = w.kind AND i.value = w.value "
        "JOIN bss_orders_product p ON p.id = i.product_id JOIN bss_customers_billingaccount a ON a.id = p.account_id",
        [],
        SUBSCRIBER,
    )


OFFERED: dict[str, Any] = {
    "product": pl.String,
    "allowance": pl.String,
    "owner": pl.String,
    "service": pl.String,
    "quantity": pl.Int64,
    "months": pl.Int64,
    "rollover": pl.Int64,
    "priority": pl.Int64,
    "active_from": UTC_US,
    "active_to": UTC_US,
}


def allowances(products: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What offers include for these products: (one row per product and allowance, zones of each allowance).

    A product draws on the allowances of its own offer and of the bundle it belongs to, and on the shared ones of any
    product of its account. `owner` is the product that holds the bucket, null when the whole account shares it.
    """
    bulk.temporary("usage_products", "id uuid")
    frames.copy_frame("usage_products", products.unique().to_frame("id"))
    units = " ".join(f"WHEN '{unit}' THEN {base}" for unit, base in Allowance.BASE.items())
    offered = query_frame(
        "SELECT p.id, al.id, CASE WHEN al.shared THEN NULL ELSE o.id END AS owner, al.service, "
        f"al.quantity::bigint * CASE al.unit {units} END, al.period_months, al.rollover_periods, "
        "al.priority * 2 + CASE WHEN al.shared THEN 0 ELSE 1 END, "
        f"{micros('min(o.active_from)')}, CASE WHEN bool_or(o.terminated_at IS NULL) THEN NULL "
        f"ELSE {micros('max(o.terminated_at)')} END "
        "FROM usage_products u JOIN bss_orders_product p ON p.id = u.id "
        "JOIN bss_orders_product o ON o.account_id = p.account_id "
        "JOIN bss_catalog_allowance al ON al.offering_id = o.offering_id "
        "AND (al.shared OR o.id IN (p.id, p.parent_id)) "
        "WHERE o.active_from IS NOT NULL GROUP BY p.id, al.id, CASE WHEN al.shared THEN NULL ELSE o.id END",
        [],
        OFFERED,
    )
    zones = query_frame(
        "SELECT az.allowance_id, z.code FROM bss_catalog_allowance_zones az "
        "JOIN bss_catalog_zone z ON z.id = az.zone_id "
        "WHERE az.allowance_id IN (SELECT al.id FROM usage_products u JOIN bss_orders_product p ON p.id = u.id "
        "JOIN bss_orders_product o ON o.account_id = p.account_id "
        "JOIN bss_catalog_allowance al ON al.offering_id = o.offering_id)",
        [],
        {"allowance": pl.String, "zone_code": pl.String},
    )
    return offered, zones.unique()
