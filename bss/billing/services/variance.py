"""A bill run beside the last posted run of the same cycle day: by kind of line, by offer, by account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum
from django.db.models.functions import Abs, Coalesce

from bss.billing.models import BillRun, Invoice, InvoiceLine
from bss.catalog.models import ProductOffering
from bss.customers.models import BillingAccount
from kernel.money import AmountField

ZERO = Decimal(0)
MOVERS = 10


@dataclass(frozen=True)
class Difference:
    """Net amounts of one thing in both runs, in one currency."""

    what: Any
    currency: str
    before: Decimal
    now: Decimal

    @property
    def change(self) -> Decimal:
        """How much more (or less) it is now."""
        return self.now - self.before

    @property
    def percent(self) -> Decimal | None:
        """The change in per cent of what was; None where nothing was."""
        return self.change * 100 / abs(self.before) if self.before else None


@dataclass(frozen=True)
class Variance:
    """Two runs compared; `against` is None for the first run of a cycle day."""

    against: BillRun | None
    kinds: list[Difference]
    offers: list[Difference]
    movers: list[Difference]


def previous(run: BillRun) -> BillRun | None:
    """The last posted run of the same cycle day before this one."""
    posted = BillRun.objects.filter(
        cycle_day=run.cycle_day,
        account=run.account_id,
        status__in=[BillRun.Status.POSTED, BillRun.Status.DELIVERED],
        bill_date__lt=run.bill_date,
    )
    return posted.order_by("-bill_date").first()


def variance(run: BillRun) -> Variance:
    """Compare a run with the previous one, in as many queries whatever their sizes; largest changes first."""
    last = previous(run)
    labels = {str(value): label for value, label in InvoiceLine.Kind.choices}
    kinds = [
        Difference(labels[kind], currency, *pair)
        for (currency, kind), pair in _pairs(_sums(last, "kind"), _sums(run, "kind")).items()
    ]
    path = "product__offering"
    offers = _pairs(_sums(last, path), _sums(run, path))
    names = ProductOffering.objects.in_bulk([pk for _currency, pk in offers if pk is not None])
    named = [Difference(names.get(pk), currency, *pair) for (currency, pk), pair in offers.items()]
    return Variance(last, _ranked(kinds), _ranked(named)[:MOVERS], _movers(run, last))


def _sums(run: BillRun | None, path: str) -> dict[tuple[str, Any], Decimal]:
    """Net by currency and what stands at `path` of the lines."""
    if run is None:
        return {}
    lines = InvoiceLine.objects.filter(invoice__run=run).order_by()
    rows = lines.values_list("invoice__currency", path).annotate(Sum("net"))
    return {(currency, key): net for currency, key, net in rows}


def _movers(run: BillRun, last: BillRun | None) -> list[Difference]:
    """The accounts whose invoices changed most, found by the database."""
    invoices = Invoice.objects.filter(run__in=[run, *([last] if last else [])]).exclude(status="void")
    rows = (
        invoices.order_by()
        .values("account_id", "currency")
        .annotate(before=_net_of(last), now=_net_of(run))
        .annotate(moved=Abs(F("now") - F("before")))
        .filter(moved__gt=0)
        .order_by("-moved", "account_id")[:MOVERS]
    )
    found = list(rows)
    accounts = BillingAccount.objects.in_bulk([row["account_id"] for row in found])
    return [
        Difference(accounts[row["account_id"]], row["currency"], row["before"], row["now"]) for row in found
    ]


def _net_of(run: BillRun | None) -> Coalesce:
    mine = Q(run=run) if run is not None else Q(pk__in=[])
    return Coalesce(Sum("net", filter=mine), ZERO, output_field=AmountField())


def _pairs(before: Mapping[Any, Decimal], now: Mapping[Any, Decimal]) -> dict[Any, tuple[Decimal, Decimal]]:
    return {key: (before.get(key, ZERO), now.get(key, ZERO)) for key in {**before, **now}}


def _ranked(rows: list[Difference]) -> list[Difference]:
    return sorted(rows, key=lambda row: -abs(row.change))
