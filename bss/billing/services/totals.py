"""Totals of a document by the rules of EN 16931: VAT per category, rounded once, no tolerance. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kernel.money import Point, round_at

ZERO = Decimal(0)


@dataclass(frozen=True)
class Taxed:
    """A net amount in one VAT category (UNTDID 5305 letter) at one percentage (None = outside the scope of VAT)."""

    net: Decimal
    category: str
    percent: Decimal | None


@dataclass(frozen=True)
class CategoryTotal:
    """VAT breakdown of one category and rate (BG-23)."""

    category: str
    percent: Decimal | None
    base: Decimal
    tax: Decimal


@dataclass(frozen=True)
class Totals:
    """Document totals (BG-22): all in the document's currency, each rounded at its named point."""

    lines: Decimal  # BT-106
    allowances: Decimal  # BT-107
    charges: Decimal  # BT-108
    net: Decimal  # BT-109
    tax: Decimal  # BT-110
    gross: Decimal  # BT-112
    prepaid: Decimal  # BT-113
    rounding: Decimal  # BT-114
    payable: Decimal  # BT-115
    breakdown: tuple[CategoryTotal, ...]


def tax_breakdown(amounts: Iterable[Taxed], currency: str) -> tuple[CategoryTotal, ...]:
    """VAT per category and rate, in order of first appearance (BR-CO-17: base × rate, rounded half up)."""
    bases: dict[tuple[str, Decimal | None], Decimal] = {}
    for item in amounts:
        key = (item.category, item.percent)
        bases[key] = bases.get(key, ZERO) + item.net
    return tuple(
        CategoryTotal(category, percent, base, round_at(Point.TAX, base * (percent or ZERO) / 100, currency))
        for (category, percent), base in bases.items()
    )


def document_totals(
    lines: Sequence[Taxed],
    *,
    currency: str,
    allowances: Sequence[Taxed] = (),
    charges: Sequence[Taxed] = (),
    prepaid: Decimal = ZERO,
    rounded_to: Decimal | None = None,
) -> Totals:
    """Totals of lines with document allowances (taken off) and charges (added); net amounts are already rounded.

    `rounded_to` rounds the payable amount to a multiple, e.g. 1 where the smallest coin is a whole unit; the
    difference is shown as BT-114 and never taxed.
    """
    signed = [*lines, *(Taxed(-item.net, item.category, item.percent) for item in allowances), *charges]
    breakdown = tax_breakdown(signed, currency)
    line_sum = sum((item.net for item in lines), ZERO)
    allowance_sum = sum((item.net for item in allowances), ZERO)
    charge_sum = sum((item.net for item in charges), ZERO)
    net = line_sum - allowance_sum + charge_sum
    tax = sum((item.tax for item in breakdown), ZERO)
    due = net + tax - prepaid
    payable = round_at(Point.PAYABLE, due / rounded_to, "JPY") * rounded_to if rounded_to else due
    return Totals(
        line_sum, allowance_sum, charge_sum, net, tax, net + tax, prepaid, payable - due, payable, breakdown
    )
