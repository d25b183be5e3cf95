"""Charges follow products: opened at activation, paused, resumed, changed and ended with them, never by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from bss.billing.models import Subscription
from bss.billing.services.proration import Convention, Timing
from bss.catalog.models import OfferingPrice
from bss.catalog.services import pricing
from bss.orders.models import Product
from kernel import lifecycle, periods

CONVENTIONS = {
    OfferingPrice.Proration.ACTUAL: Convention.ACTUAL,
    OfferingPrice.Proration.THIRTY: Convention.FIXED_30,
    OfferingPrice.Proration.BOTH_ENDS: Convention.INCLUSIVE,
    OfferingPrice.Proration.FULL: Convention.FULL,
}
TIMINGS = {OfferingPrice.Timing.ADVANCE: Timing.ADVANCE, OfferingPrice.Timing.ARREARS: Timing.ARREARS}

Occasion, PriceKind = OfferingPrice.Occasion, OfferingPrice.Kind


def start_charges(*, product_id: UUID, at: datetime) -> list[Subscription]:
    """Bring the charges of an active product in line with its agreed prices: what is new begins, what is gone ends.

    For activation, change and resumption alike; safe to call twice. The first day is the local day of the account on
    which `at` falls. Charges at activation fall due once in a product's life. Returns the charges that were opened.
    """
    with transaction.atomic():
        product = Product.objects.select_related("account").get(pk=product_id)
        day = periods.local_date(at, product.account.time_zone)
        agreed = _agreed(product)
        running = {
            row.price_id: row
            for row in product.subscriptions.filter(kind=PriceKind.RECURRING, end=None).locked()
        }
        recurring = {price.pk: price for price in agreed if price.kind == PriceKind.RECURRING}
        for price_id, row in list(running.items()):
            wanted = recurring.get(price_id)
            if wanted is None or terms_of(wanted, product.quantity) != (row.amount, row.quantity):
                lifecycle.change(row, end=max(day, row.start), verb="ended")
                del running[price_id]
        fresh = [price for pk, price in recurring.items() if pk not in running]
        once = [price for price in agreed if price.occasion == Occasion.ACTIVATION]
        return _open(product, [*fresh, *_never_charged(product, once)], day)


def pause_charges(*, product_id: UUID, at: datetime) -> list[Subscription]:
    """End the running charges of a suspended product; `start_charges` opens them anew. Safe to call twice.

    What was billed in advance beyond that day comes back by itself: billing is by difference.
    """
    with transaction.atomic():
        product = Product.objects.select_related("account").get(pk=product_id)
        day = periods.local_date(at, product.account.time_zone)
        rows = list(product.subscriptions.filter(kind=PriceKind.RECURRING, end=None).locked())
        for row in rows:
            lifecycle.change(row, end=max(day, row.start), verb="ended")
        return rows


def stop_charges(*, product_id: UUID, at: datetime) -> list[Subscription]:
    """End the charges of a product that was terminated, and open those due at termination. Safe to call twice."""
    with transaction.atomic():
        pause_charges(product_id=product_id, at=at)
        product = Product.objects.select_related("account").get(pk=product_id)
        day = periods.local_date(at, product.account.time_zone)
        due = [price for price in _agreed(product) if price.occasion == Occasion.TERMINATION]
        return _open(product, _never_charged(product, due), day)


def _agreed(product: Product) -> list[OfferingPrice]:
    return [row.price for row in product.prices.select_related("price").prefetch_related("price__tiers")]


def _never_charged(product: Product, prices: list[OfferingPrice]) -> list[OfferingPrice]:
    known = set(product.subscriptions.values_list("price_id", flat=True))
    return [price for price in prices if price.pk not in known]


def terms_of(price: OfferingPrice, quantity: int) -> tuple[Decimal, int]:
    """Net amount and quantity of a charge: per unit where the price is, else the sum of its tiers or packages once."""
    if price.model == OfferingPrice.Model.PER_UNIT and not price.free_units:
        return price.amount, quantity
    return pricing.charge(price, quantity).amount, 1


def _open(product: Product, prices: list[OfferingPrice], day: date) -> list[Subscription]:
    rows = []
    for price in prices:
        amount, quantity = terms_of(price, product.quantity)
        rows.append(
            Subscription(
                product=product,
                price=price,
                account=product.account,
                kind=price.kind,
                quantity=quantity,
                amount=amount,
                currency=price.currency,
                start=_first_day(product, price, day),
            )
        )
    return lifecycle.create_many(rows)


def _first_day(product: Product, price: OfferingPrice, day: date) -> date:
    """A period that was charged whole is not charged again when the product resumes within it."""
    if price.proration != OfferingPrice.Proration.FULL:
        return day
    last = product.subscriptions.filter(price=price, billed_to__gt=day).order_by("-billed_to").first()
    return last.billed_to if last is not None and last.billed_to is not None else day
