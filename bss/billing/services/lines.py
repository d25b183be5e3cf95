"""The lines of invoices: charges, usage and adjustments of a batch of accounts, each with its derivation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any
from uuid import UUID

from babel.dates import format_date
from django.utils import translation
from django.utils.translation import gettext as _

from bss.billing.models import Adjustment, Discount, Subscription
from bss.billing.services.proration import Convention, Slice, Timing, difference
from bss.billing.services.subscriptions import CONVENTIONS, TIMINGS
from bss.catalog.models import OfferingPrice, Tariff, Zone
from bss.customers.models import BillingAccount
from bss.orders.models import Product, ProductPrice
from bss.usage.models import UsageTotal
from kernel.money import Point, from_micros, round_at
from kernel.periods import Period, add_months, clip_day

ONE = Decimal(1)


@dataclass
class Line:
    """A line before it has an invoice. Amounts are net in the account's currency; `net` is rounded (LINE)."""

    kind: str
    text: str
    net: Decimal
    unit_price: Decimal
    tax_category: str
    quantity: Decimal = ONE
    unit: str = ""
    product_id: UUID | None = None
    subscription_id: UUID | None = None
    adjustment_id: UUID | None = None
    period_start: date | None = None
    period_end: date | None = None
    derivation: dict[str, Any] = field(default_factory=dict)
    usage_totals: list[int] = field(default_factory=list)


def build(*, accounts: Mapping[UUID, BillingAccount], bill_date: date) -> dict[UUID, list[Line]]:
    """Lines by account id for everything due by `bill_date`; a handful of queries for the whole batch."""
    found: dict[UUID, list[Line]] = {pk: [] for pk in accounts}
    charges, totals = _charges(accounts), _totals(accounts, bill_date)
    _attach(charges, totals)
    for charge in charges:
        found[charge.account_id].extend(charge_lines(charge, accounts[charge.account_id], bill_date))
    for discount in Discount.objects.filter(account__in=accounts).order_by("pk"):
        billed = found[discount.account_id]
        billed.extend(discount_lines(discount, billed, accounts[discount.account_id]))
    for account_id, line in _usage_lines(accounts, totals):
        found[account_id].append(line)
    for adjustment in Adjustment.objects.filter(account__in=accounts, status="approved").order_by("created"):
        found[adjustment.account_id].append(_adjustment_line(adjustment))
    return found


def _charges(accounts: Iterable[UUID]) -> list[Subscription]:
    return list(Subscription.objects.filter(account__in=accounts).order_by("product_id", "kind", "pk"))


def _totals(accounts: Iterable[UUID], bill_date: date) -> list[UsageTotal]:
    """Usage that no line has taken yet, of the billing periods that are over."""
    return list(
        UsageTotal.objects.filter(
            account__in=accounts, line=None, billable=True, cycle_end__lte=bill_date
        ).order_by("account_id", "product_id", "kind", "zone", "cycle_start", "pk")
    )


def _attach(charges: Iterable[Subscription], totals: Iterable[UsageTotal]) -> None:
    """Give charges and usage their products and prices, each read once for the batch: accounts share their offers."""
    ids = {row.product_id for rows in (charges, totals) for row in rows}
    products = Product.objects.only("offering", "parent", "site")
    shared = products.prefetch_related("offering", "site").in_bulk(ids)
    prices = OfferingPrice.objects.in_bulk({charge.price_id for charge in charges})
    for charge in charges:
        charge.product, charge.price = shared[charge.product_id], prices[charge.price_id]
    for total in totals:
        total.product = shared[total.product_id]


def charge_lines(charge: Subscription, account: BillingAccount, bill_date: date) -> list[Line]:
    """What a charge owes by `bill_date` and no posted invoice covers: one line a billing period or occasion."""
    if charge.kind == Subscription.Kind.ONE_OFF:
        due = charge.billed_to is None and charge.start <= bill_date
        return [_one_off(charge, account)] if due else []
    timing = TIMINGS[OfferingPrice.Timing(charge.price.timing)]
    if (whole := _whole_cycle(charge, account, bill_date, timing)) is not None:
        covered = Period(charge.billed_from or charge.start, whole.period.end)
        return [_recurring(charge, account, 1, whole, covered)]
    convention = CONVENTIONS[OfferingPrice.Proration(charge.price.proration)]
    billed = Period(charge.billed_from, charge.billed_to) if charge.billed_from is not None else None
    months = charge.price.period_months
    owed = difference(
        charge.start,
        charge.end,
        billed,
        through=bill_date,
        anchor=account.cycle_day,
        months=months,
        timing=timing,
        convention=convention,
    )
    if not owed:
        return []
    covered = _covered(charge, owed)
    return [_recurring(charge, account, sign, item, covered, convention) for sign, item in owed]


def _whole_cycle(
    charge: Subscription, account: BillingAccount, bill_date: date, timing: Timing
) -> Slice | None:
    """The usual case without arithmetic: monthly in advance, billed up to today, not ended → exactly one whole cycle."""
    if timing is not Timing.ADVANCE or charge.price.period_months != 1 or charge.end is not None:
        return None
    on_anchor = bill_date == clip_day(bill_date.year, bill_date.month, account.cycle_day)
    up_to_date = charge.billed_to == bill_date or (charge.billed_to is None and charge.start == bill_date)
    if not (on_anchor and up_to_date):
        return None
    period = Period(bill_date, add_months(bill_date, 1, anchor=account.cycle_day))
    return Slice(period, period, Fraction(1))


def _covered(charge: Subscription, owed: list[tuple[int, Slice]]) -> Period:
    """The span of days that posted invoices will cover once these slices are billed."""
    start, end = charge.billed_from or charge.start, charge.billed_to or charge.start
    for sign, item in owed:
        if sign > 0:
            start, end = min(start, item.period.start), max(end, item.period.end or end)
    # A whole period stays charged whole, whenever service ended in it.
    if charge.end is not None and charge.price.proration != OfferingPrice.Proration.FULL:
        end = min(end, max(charge.end, start))
    return Period(max(start, charge.start), end)


def _one_off(charge: Subscription, account: BillingAccount) -> Line:
    exact = charge.amount * charge.quantity
    return Line(
        kind="one_off",
        text=f"{charge.product.offering.name_in(account.language)} – {charge.price.name_in(account.language)}",
        net=round_at(Point.LINE, exact, charge.currency),
        unit_price=charge.amount,
        quantity=Decimal(charge.quantity),
        tax_category=charge.price.tax_category,
        product_id=charge.product_id,
        subscription_id=charge.pk,
        period_start=charge.start,
        derivation={
            "rule": "one_off",
            "price": str(charge.price_id),
            "amount": str(charge.amount),
            "quantity": charge.quantity,
            "exact": str(exact),
            "billed_from": charge.start.isoformat(),
            "billed_to": charge.start.isoformat(),
        },
    )


def _recurring(
    charge: Subscription,
    account: BillingAccount,
    sign: int,
    item: Slice,
    covered: Period,
    convention: Convention = Convention.ACTUAL,
) -> Line:
    exact = sign * charge.amount * charge.quantity * item.share.numerator / item.share.denominator
    end = item.period.end
    span = f"{_day(item.period.start, account)} – {_day(end, account)}" if end is not None else ""
    name = charge.product.offering.name_in(account.language)
    where = f" · {charge.product.site.name}" if charge.product.site is not None else ""
    return Line(
        kind="recurring",
        text=f"{name}{where} · {span}",
        net=round_at(Point.LINE, Decimal(exact), charge.currency),
        unit_price=charge.amount,
        quantity=sign * charge.quantity * Decimal(item.share.numerator) / Decimal(item.share.denominator),
        unit="month",
        tax_category=charge.price.tax_category,
        product_id=charge.product_id,
        subscription_id=charge.pk,
        period_start=item.period.start,
        period_end=end,
        derivation={
            "rule": "recurring",
            "price": str(charge.price_id),
            "amount": str(charge.amount),
            "quantity": charge.quantity,
            "sign": sign,
            "share": f"{item.share.numerator}/{item.share.denominator}",
            "convention": str(convention),
            "days": item.period.days if end is not None else None,
            "base": [item.base.start.isoformat(), item.base.end.isoformat() if item.base.end else None],
            "exact": str(exact),
            "billed_from": covered.start.isoformat(),
            "billed_to": covered.end.isoformat() if covered.end else None,
        },
    )


def _day(day: date, account: BillingAccount) -> str:
    return _short(day, account.language)


@lru_cache(2000)
def _short(day: date, language: str) -> str:
    return str(format_date(day, "short", locale=language))


def discount_lines(discount: Discount, charges: list[Line], account: BillingAccount) -> list[Line]:
    """What a percentage takes off the recurring lines it is for, one line per tax category; a credit takes it back."""
    span = Period(discount.start, discount.end)
    bases: dict[str, Decimal] = {}
    for line in charges:
        mine = discount.product_id in {None, line.product_id}
        if line.kind == "recurring" and mine and line.period_start is not None and line.period_start in span:
            bases[line.tax_category] = bases.get(line.tax_category, Decimal(0)) + line.net
    return [_discount_line(discount, category, base, account) for category, base in bases.items() if base]


def _discount_line(discount: Discount, category: str, base: Decimal, account: BillingAccount) -> Line:
    exact = -base * discount.percent / 100
    return Line(
        kind="discount",
        text=f"{discount.name_in(account.language)} – {discount.percent.normalize():f} %",
        net=round_at(Point.LINE, exact, account.currency),
        unit_price=round_at(Point.RECORD, exact, account.currency),
        tax_category=category,
        product_id=discount.product_id,
        derivation={
            "rule": "discount",
            "discount": str(discount.pk),
            "percent": str(discount.percent),
            "base": str(base),
            "exact": str(exact),
        },
    )


def _usage_prices(totals: Iterable[UsageTotal]) -> dict[tuple[UUID, UUID], OfferingPrice]:
    """The agreed usage price by (product, tariff): of the product itself, or of the bundle it belongs to."""
    products = {total.product_id: total.product.parent_id for total in totals}
    wanted = {*products, *(parent for parent in products.values() if parent is not None)}
    rows = list(
        ProductPrice.objects.filter(product__in=wanted, price__kind="usage")
        .values_list("product_id", "price_id")
        .order_by("pk")
    )
    prices = OfferingPrice.objects.in_bulk({price_id for _product, price_id in rows})
    held: dict[UUID, dict[UUID, OfferingPrice]] = {}
    for product_id, price_id in rows:
        price = prices[price_id]
        if price.tariff_id is not None:
            held.setdefault(product_id, {})[price.tariff_id] = price
    found: dict[tuple[UUID, UUID], OfferingPrice] = {}
    for product, parent in products.items():
        own, inherited = held.get(product, {}), held.get(parent, {}) if parent is not None else {}
        found.update(((product, tariff), price) for tariff, price in {**inherited, **own}.items())
    return found


def _usage_lines(
    accounts: Mapping[UUID, BillingAccount], totals: list[UsageTotal]
) -> Iterable[tuple[UUID, Line]]:
    """One line per product, zone and billing period."""
    prices = _usage_prices(totals) if totals else {}
    zones = _zones(totals)
    grouped: dict[tuple[Any, ...], list[UsageTotal]] = {}
    for total in totals:
        key = (total.account_id, total.product_id, total.kind, total.tariff_id, total.zone, total.cycle_start)
        grouped.setdefault(key, []).append(total)
    for rows in grouped.values():
        first = rows[0]
        price = prices.get((first.product_id, first.tariff_id)) if first.tariff_id is not None else None
        zone = zones.get((first.tariff_id, first.zone)) if first.tariff_id is not None else None
        yield first.account_id, _usage_line(rows, accounts[first.account_id], price, zone)


def _zones(totals: Iterable[UsageTotal]) -> dict[tuple[UUID, str], Zone]:
    """The zones that usage was rated in, by (tariff, code)."""
    tariffs = {total.tariff_id for total in totals if total.tariff_id is not None}
    plans = dict(
        Tariff.objects.filter(pk__in=tariffs, zone_plan__isnull=False).values_list("pk", "zone_plan")
    )
    by_plan: dict[UUID, list[Zone]] = {}
    for zone in Zone.objects.filter(plan__in=set(plans.values())):
        by_plan.setdefault(zone.plan_id, []).append(zone)
    return {(tariff, zone.code): zone for tariff, plan in plans.items() for zone in by_plan.get(plan, ())}


def _usage_line(
    rows: list[UsageTotal], account: BillingAccount, price: OfferingPrice | None, zone: Zone | None
) -> Line:
    first = rows[0]
    micros, charged = sum(row.micros for row in rows), sum(row.charged for row in rows)
    taken, records = sum(row.taken for row in rows), sum(row.records for row in rows)
    exact = from_micros(micros)
    quantity, unit = (
        (Decimal(charged) / 60, "min") if first.kind == "voice" else (Decimal(charged) / 10**9, "GB")
    )
    quantity = quantity.quantize(Decimal("0.000001"))
    with translation.override(account.language):
        what = _("calls") if first.kind == "voice" else _("data")
        text = _("%(offer)s – %(what)s %(zone)s, %(count)d records") % {
            "offer": first.product.offering.name_in(account.language),
            "what": what,
            "zone": zone.name_in(account.language) if zone is not None else first.zone,
            "count": records,
        }
    return Line(
        kind="usage",
        text=text,
        net=round_at(Point.LINE, exact, first.currency),
        unit_price=(exact / quantity).quantize(Decimal("0.000001")) if quantity else Decimal(0),
        quantity=quantity,
        unit=unit,
        tax_category=price.tax_category if price is not None else OfferingPrice.TaxCategory.STANDARD,
        product_id=first.product_id,
        period_start=first.cycle_start,
        period_end=first.cycle_end,
        derivation={
            "rule": "usage",
            "kind": first.kind,
            "zone": first.zone,
            "tariff": str(first.tariff_id) if first.tariff_id else None,
            "price": str(price.pk) if price is not None else None,
            "records": records,
            "counted": charged,
            "from_allowance": taken,
            "exact": str(exact),
            "batches": sorted({str(row.batch_id) for row in rows}),
        },
        usage_totals=[row.pk for row in rows],
    )


def _adjustment_line(adjustment: Adjustment) -> Line:
    return Line(
        kind="adjustment",
        text=adjustment.reason,
        net=round_at(Point.LINE, adjustment.amount, adjustment.currency),
        unit_price=adjustment.amount,
        tax_category=adjustment.tax_category,
        product_id=adjustment.product_id,
        adjustment_id=adjustment.pk,
        derivation={
            "rule": "adjustment",
            "adjustment": adjustment.number,
            "evidence_kind": adjustment.evidence_kind,
            "evidence": str(adjustment.evidence_id) if adjustment.evidence_id else None,
            "exact": str(adjustment.amount),
        },
    )
