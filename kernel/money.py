"""Exact money: decimals with a currency, rounded half up at named points and nowhere else.

Bulk rating works on whole micro-units (10⁻⁶ of the currency's major unit) in 64-bit integers; `from_micros` and
`to_micros` cross over without loss.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from functools import cache
from typing import Any

from babel.numbers import format_currency, get_currency_precision
from django.db import models

from kernel.errors import Invalid

MICRO = 1_000_000
# Widths of every money column: 18 digits before the point are beyond any operator's turnover.
AMOUNT_DIGITS = 24
AMOUNT_PLACES = 6


class Point(Enum):
    """Where rounding happens. The value is the number of decimals, None = the currency's minor unit (ISO 4217)."""

    RECORD = 6  # one rated call or session
    LINE = None  # invoice line, net
    TAX = "tax"  # VAT per category of a document
    PAYABLE = "payable"  # amount due of a document


@cache
def minor_digits(currency: str) -> int:
    """Decimals of a currency: EUR 2, JPY 0, BHD 3."""
    return int(get_currency_precision(currency))


def round_at(point: Point, amount: Decimal, currency: str) -> Decimal:
    """Round half up (away from zero on ties, so that a credit mirrors its charge) at a named point."""
    return amount.quantize(_step(point, currency), rounding=ROUND_HALF_UP)


@cache
def _step(point: Point, currency: str) -> Decimal:
    """The smallest amount there is at a point: a bill run rounds a million times."""
    places = point.value if isinstance(point.value, int) else minor_digits(currency)
    return Decimal(1).scaleb(-places)


def to_micros(amount: Decimal) -> int:
    """Whole micro-units; raises Invalid when the amount has more than six decimals."""
    scaled = amount * MICRO
    if scaled != scaled.to_integral_value():
        raise Invalid(f"{amount} has more than six decimals", code="money.tooFine")
    return int(scaled)


def from_micros(micros: int) -> Decimal:
    """Exact decimal of whole micro-units."""
    return Decimal(micros).scaleb(-6)


@dataclass(frozen=True, order=False)
class Money:
    """An amount in one currency; mixing currencies raises Invalid."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not self.currency.isupper():
            raise Invalid(f"{self.currency!r} is not an ISO 4217 code", code="money.currency")

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise Invalid(
                f"{self.currency} and {other.currency} cannot be mixed", code="money.mixedCurrencies"
            )

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        return Money(self.amount * factor, self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def rounded(self, point: Point) -> Money:
        """This amount rounded at a named point."""
        return Money(round_at(point, self.amount, self.currency), self.currency)

    def format(self, language: str) -> str:
        """Text for people: €1,234.56 in English, 1 234,56 € in French."""
        return str(format_currency(self.amount, self.currency, locale=language.replace("-", "_")))

    def tmf(self) -> dict[str, Any]:
        """TMF630 money: {unit, value}; the value is a JSON number."""
        return {"unit": self.currency, "value": float(self.amount)}


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Sum in `currency`; an empty sum is zero."""
    result = Money(Decimal(0), currency)
    for amount in amounts:
        result += amount
    return result


def spread(amount: Decimal, weights: list[Decimal], currency: str) -> list[Decimal]:
    """Split a rounded amount over weights so that the parts sum to it exactly (largest remainders get the rest)."""
    whole = sum(weights, Decimal(0))
    if not weights:
        return []
    unit = Decimal(1).scaleb(-minor_digits(currency))
    if not whole:
        weights, whole = [Decimal(1)] * len(weights), Decimal(len(weights))
    exact = [amount * weight / whole for weight in weights]
    parts = [(value // unit) * unit for value in exact]
    rest = int((amount - sum(parts, Decimal(0))) / unit)
    order = sorted(range(len(parts)), key=lambda i: (abs(exact[i] - parts[i]), -i), reverse=True)
    step = unit if rest >= 0 else -unit
    for index in order[: abs(rest)]:
        parts[index] += step
    return parts


class AmountField(models.DecimalField):  # type: ignore[type-arg]
    """A money column of fixed width; the currency stands in a column beside it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", AMOUNT_DIGITS)
        kwargs.setdefault("decimal_places", AMOUNT_PLACES)
        super().__init__(*args, **kwargs)
