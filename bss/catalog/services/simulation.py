"""What a basket would cost, line by line, before anything is ordered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from bss.catalog.models import Allowance, BundleItem, OfferingPrice, ProductOffering
from bss.catalog.services import pricing
from kernel import clock
from kernel.errors import Invalid
from kernel.money import Point, round_at
from kernel.slots import slot

# Filled by billing: (lines=…, account=…, start=…) → FirstBill with proration and VAT, or None.
FIRST_BILL = slot("bss_catalog.first_bill")


@dataclass(frozen=True)
class QuotedLine:
    """One price of the basket for one full period or occasion. `amount` is net and rounded as an invoice line is."""

    offering: ProductOffering
    price: OfferingPrice
    quantity: int
    amount: Decimal
    steps: tuple[pricing.Step, ...]

    @property
    def monthly(self) -> Decimal:
        """What it comes to per month; zero for what is not recurring."""
        if self.price.kind != OfferingPrice.Kind.RECURRING:
            return Decimal(0)
        return self.amount / self.price.period_months


@dataclass(frozen=True)
class BillLine:
    """A line of a simulated invoice: net amount for [start, end), with the arithmetic in words."""

    text: str
    start: date
    end: date
    amount: Decimal
    note: str = ""


@dataclass(frozen=True)
class FirstBill:
    """A simulated first invoice: its lines, and the VAT on all of them, rounded as an invoice rounds it."""

    lines: tuple[BillLine, ...]
    tax: Decimal


@dataclass(frozen=True)
class Simulation:
    """The lines of a basket in one currency, what it includes, and (from billing) the first invoice."""

    currency: str
    lines: tuple[QuotedLine, ...]
    allowances: tuple[Allowance, ...]
    first_bill: tuple[BillLine, ...] | None = field(default=None)
    first_tax: Decimal = Decimal(0)

    @property
    def once(self) -> Decimal:
        """Net sum of what is due at activation."""
        return sum(
            (line.amount for line in self.lines if line.price.occasion == OfferingPrice.Occasion.ACTIVATION),
            Decimal(0),
        )

    @property
    def monthly(self) -> Decimal:
        """Net recurring sum per month, unrounded where a period is longer."""
        return sum((line.monthly for line in self.lines), Decimal(0))

    @property
    def usage(self) -> list[QuotedLine]:
        """Lines that usage will be charged by."""
        return [line for line in self.lines if line.price.kind == OfferingPrice.Kind.USAGE]

    @property
    def first_total(self) -> Decimal | None:
        """Net sum of the first invoice; None when nobody simulated it."""
        return None if self.first_bill is None else sum((row.amount for row in self.first_bill), Decimal(0))

    @property
    def first_gross(self) -> Decimal | None:
        """What the first invoice comes to with VAT; None when nobody simulated it."""
        return None if self.first_total is None else self.first_total + self.first_tax


def members(
    offering: ProductOffering, options: Mapping[str, int] | None = None, quantity: int = 1
) -> list[tuple[BundleItem, int]]:
    """The members of a bundle with how many of each, `options` (offer code → count per bundle) over the defaults.

    Raises Invalid for a count outside the bundle's bounds, an option the bundle does not have, or options of an offer
    that is no bundle.
    """
    wanted = dict(options or {})
    rows = []
    for item in offering.items.select_related("offering__specification"):
        count = wanted.pop(item.offering.code, item.default)
        if not item.minimum <= count <= item.maximum:
            raise Invalid(
                _("%(offer)s: from %(low)d to %(high)d")
                % {"offer": item.offering.name, "low": item.minimum, "high": item.maximum},
                code="catalog.cardinality",
                fields={f"options.{item.offering.code}": _("Out of bounds")},
            )
        if count:
            rows.append((item, count * quantity))
    if wanted:
        raise Invalid(
            _("Not in this bundle: %(codes)s") % {"codes": ", ".join(sorted(wanted))}, code="catalog.option"
        )
    return rows


def prices_for(offering: ProductOffering, *, day: date, currency: str) -> list[OfferingPrice]:
    """The prices at which an offer is sold on a day in a currency. Raises Invalid when it has prices, but in none."""
    prices = list(
        offering.prices.in_force(day)
        .filter(currency=currency)
        .select_related("tariff", "offering")
        .prefetch_related("tiers")
    )
    if not prices and offering.prices.in_force(day).exists():
        raise Invalid(
            _("%(offer)s is not sold in %(currency)s") % {"offer": offering.name, "currency": currency},
            code="catalog.currency",
        )
    return prices


def simulate(
    *,
    offering: ProductOffering,
    quantity: int = 1,
    options: Mapping[str, int] | None = None,
    currency: str = "EUR",
    account: Any = None,
    at: datetime | None = None,
) -> Simulation:
    """Price an offer, and the members of a bundle, at full periods; then ask billing for the exact first invoice.

    `options` counts the members of a bundle by offer code. The basket starts at `at`, on the terms of `account` where
    there is one. Raises Invalid as `members` and `prices_for` do.
    """
    at = at or clock.now()
    basket = [(offering, quantity), *((item.offering, n) for item, n in members(offering, options, quantity))]
    lines = tuple(quoted(basket, day=at.date(), currency=currency))
    included = tuple(
        allowance for part, _count in basket for allowance in part.allowances.prefetch_related("zones")
    )
    bill: FirstBill | None = FIRST_BILL.one(lines=lines, account=account, start=at) if lines else None
    if bill is None:
        return Simulation(currency, lines, included)
    return Simulation(currency, lines, included, bill.lines, bill.tax)


def quoted(
    basket: Iterable[tuple[ProductOffering, int]], *, day: date, currency: str
) -> Iterable[QuotedLine]:
    """Each price of each offer of a basket for its quantity, one-off before recurring before usage."""
    order = [OfferingPrice.Kind.ONE_OFF, OfferingPrice.Kind.RECURRING, OfferingPrice.Kind.USAGE]
    rows = [
        line_of(price, quantity)
        for offering, quantity in basket
        for price in prices_for(offering, day=day, currency=currency)
    ]
    return sorted(rows, key=lambda row: order.index(OfferingPrice.Kind(row.price.kind)))


def line_of(price: OfferingPrice, quantity: int) -> QuotedLine:
    """One price for a quantity, rounded at the invoice line."""
    if price.kind == OfferingPrice.Kind.USAGE:
        return QuotedLine(price.offering, price, quantity, Decimal(0), ())
    charge = pricing.charge(price, quantity)
    amount = round_at(Point.LINE, charge.amount, price.currency)
    return QuotedLine(price.offering, price, quantity, amount, charge.steps)
