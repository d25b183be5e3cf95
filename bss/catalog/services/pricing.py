"""Price arithmetic: exact decimals in, exact decimals out, no rounding and no database.

Every function returns a `Charge`: the amount and the steps that make it up, which is what "why this amount" shows.
Amounts are net, in the currency of the price. Tier bounds belong to the tier below them (`up_to` is inclusive), and
fractions of a unit count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django.utils.translation import gettext as _

from bss.catalog.models import OfferingPrice
from kernel.errors import Invalid

ZERO = Decimal(0)
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Tier:
    """Units up to and including `up_to` (None = no limit) at `unit` each, plus `flat` once the tier is reached."""

    up_to: Decimal | None
    unit: Decimal = ZERO
    flat: Decimal = ZERO


@dataclass(frozen=True)
class Step:
    """One term of a charge: `units` at `unit` each plus `flat`."""

    units: Decimal
    unit: Decimal
    flat: Decimal = ZERO

    @property
    def amount(self) -> Decimal:
        """units × unit + flat, exact."""
        return self.units * self.unit + self.flat


@dataclass(frozen=True)
class Charge:
    """The sum of its steps."""

    steps: tuple[Step, ...]

    @property
    def amount(self) -> Decimal:
        """The exact sum; round it at a named point of `kernel.money`."""
        return sum((step.amount for step in self.steps), ZERO)


def flat(amount: Decimal) -> Charge:
    """The same amount whatever the quantity."""
    return Charge((Step(Decimal(1), amount),))


def per_unit(amount: Decimal, units: Decimal, *, free: Decimal = ZERO) -> Charge:
    """`amount` for each unit beyond the free ones."""
    return Charge((Step(max(units - free, ZERO), amount),))


def graduated(tiers: Sequence[Tier], units: Decimal) -> Charge:
    """Each tier prices the units that fall into it; its flat part is due once it is reached, the first one's always.

    Raises Invalid when the tiers are out of order or end before the units do.
    """
    _check(tiers, units)
    steps = []
    below = ZERO
    for index, tier in enumerate(tiers):
        if index and units <= below:
            break
        top = units if tier.up_to is None else min(units, tier.up_to)
        steps.append(Step(top - below, tier.unit, tier.flat))
        below = top if tier.up_to is None else tier.up_to
    return Charge(tuple(steps))


def volume(tiers: Sequence[Tier], units: Decimal) -> Charge:
    """The tier that the whole quantity reaches prices every unit. More units may cost less: that is intended.

    Raises Invalid when the tiers are out of order or end before the units do.
    """
    _check(tiers, units)
    tier = next(tier for tier in tiers if tier.up_to is None or units <= tier.up_to)
    return Charge((Step(units, tier.unit, tier.flat),))


def package(
    size: Decimal, price: Decimal, units: Decimal, *, free: Decimal = ZERO, before: Decimal = ZERO
) -> Charge:
    """Whole packages, a started one counts, after the free units; `before` were charged earlier in the period."""
    if size <= 0:
        raise Invalid(_("A package holds at least one unit"), code="price.package")

    def packages(count: Decimal) -> Decimal:
        return (max(count - free, ZERO) / size).to_integral_value(ROUND_CEILING)

    return Charge((Step(packages(before + units) - packages(before), price),))


def percentage(
    values: Iterable[Decimal],
    rate: Decimal,
    *,
    fixed: Decimal = ZERO,
    free_events: int | None = None,
    free_value: Decimal | None = None,
    minimum: Decimal | None = None,
    maximum: Decimal | None = None,
) -> Charge:
    """`rate` percent of each transaction's value plus `fixed` per transaction, within a floor and ceiling each.

    The first `free_events` transactions are free, up to `free_value` in all; whichever of the two is used up first
    ends the freedom, and the transaction that crosses `free_value` pays for the part beyond it.
    """
    steps = []
    free_left = free_value
    free_at_all = free_events is not None or free_value is not None
    for index, value in enumerate(values):
        covered = ZERO
        if free_at_all and (free_events is None or index < free_events):
            covered = value if free_left is None else min(value, free_left)
            free_left = None if free_left is None else free_left - covered
        if covered == value and free_at_all and value:
            continue
        steps.append(_bounded(Step(value - covered, rate / HUNDRED, fixed), minimum, maximum))
    return Charge(tuple(steps))


def graduated_percentage(tiers: Sequence[Tier], value: Decimal) -> Charge:
    """As `graduated`, where `unit` is a percentage of the part of the value that falls into the tier."""
    return graduated([Tier(tier.up_to, tier.unit / HUNDRED, tier.flat) for tier in tiers], value)


def graduated_over_time(tiers: Sequence[Tier], changes: Iterable[tuple[Decimal, Decimal]]) -> Charge:
    """Graduated tiers for a quantity that changes within the period.

    Each change is (units added, or removed when negative; the same weighted by the share of the period they count
    for). A change is spread over the tiers between the quantity before and after it, in proportion. Flat parts are
    due in full for every tier that the quantity ever reached.
    """
    steps: list[Step] = []
    quantity = peak = ZERO
    for units, weighted in changes:
        after = quantity + units
        _check(tiers, max(after, quantity))
        below = ZERO
        for tier in tiers:
            top = max(after, quantity) if tier.up_to is None else tier.up_to
            part = min(max(after, quantity), top) - max(min(after, quantity), below)
            if part > 0:
                steps.append(Step(weighted * part / abs(units), tier.unit))
            below = top
        quantity = after
        peak = max(peak, quantity)
    flats = [step.flat for step in graduated(tiers, peak).steps]
    return Charge((*steps, *(Step(ZERO, ZERO, amount) for amount in flats if amount)))


def capped(amount: Decimal, *, maximum: Decimal, before: Decimal = ZERO) -> Decimal:
    """What of `amount` is still due under a ceiling for the period, of which `before` is billed already."""
    return max(min(amount, maximum - before), ZERO)


def topped_up(amount: Decimal, *, minimum: Decimal) -> Decimal:
    """What is missing to a committed minimum of the period."""
    return max(minimum - amount, ZERO)


def tiers_of(price: OfferingPrice) -> list[Tier]:
    """The tiers of a price in order; reads them in one query unless prefetched."""
    rows = sorted(price.tiers.all(), key=lambda row: (row.up_to is None, row.up_to or ZERO))
    return [Tier(row.up_to, row.unit, row.flat) for row in rows]


def charge(price: OfferingPrice, quantity: Decimal | int, *, tiers: Sequence[Tier] | None = None) -> Charge:
    """What one full period (or one occasion) of a price costs for a quantity, by the price's own model.

    `tiers` in order spare the query for them to a caller who has read them already.
    Usage prices have no amount of their own (their tariff rates records): raises Invalid for them.
    """
    if price.kind == OfferingPrice.Kind.USAGE:
        raise Invalid(_("Usage is rated by its tariff"), code="price.usage")
    units = Decimal(quantity)
    model = OfferingPrice.Model(price.model)
    if model is OfferingPrice.Model.FLAT:
        return flat(price.amount)
    if model is OfferingPrice.Model.GRADUATED:
        return graduated(tiers_of(price) if tiers is None else tiers, units)
    if model is OfferingPrice.Model.VOLUME:
        return volume(tiers_of(price) if tiers is None else tiers, units)
    if model is OfferingPrice.Model.PACKAGE:
        return package(Decimal(price.package_size), price.amount, units, free=Decimal(price.free_units))
    return per_unit(price.amount, units, free=Decimal(price.free_units))


def _bounded(step: Step, minimum: Decimal | None, maximum: Decimal | None) -> Step:
    amount = step.amount
    if minimum is not None and amount < minimum:
        return Step(Decimal(1), minimum)
    if maximum is not None and amount > maximum:
        return Step(Decimal(1), maximum)
    return step


def _check(tiers: Sequence[Tier], units: Decimal) -> None:
    if units < 0:
        raise Invalid(_("A quantity is not negative"), code="price.quantity")
    bounds = [tier.up_to for tier in tiers]
    closed = [bound for bound in bounds if bound is not None]
    if not tiers or None in bounds[:-1] or closed != sorted(set(closed)):
        raise Invalid(_("Tiers rise, and only the last one has no limit"), code="price.tiers")
    if bounds[-1] is not None and units > bounds[-1]:
        raise Invalid(_("No tier holds %(units)s units") % {"units": units}, code="price.beyondTiers")
