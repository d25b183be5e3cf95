"""Charges follow products: opened at activation, ended at termination, never by hand."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from bss.billing.models import Subscription
from bss.billing.services.proration import Convention, Timing
from bss.catalog.models import OfferingPrice
from bss.orders.models import Product
from kernel import lifecycle, periods

CONVENTIONS = {
    OfferingPrice.Proration.ACTUAL: Convention.ACTUAL,
    OfferingPrice.Proration.THIRTY: Convention.FIXED_30,
    OfferingPrice.Proration.BOTH_ENDS: Convention.INCLUSIVE,
    OfferingPrice.Proration.FULL: Convention.FULL_FINAL,
}
TIMINGS = {OfferingPrice.Timing.ADVANCE: Timing.ADVANCE, OfferingPrice.Timing.ARREARS: Timing.ARREARS}

Occasion, PriceKind = OfferingPrice.Occasion, OfferingPrice.Kind


def start_charges(*, product_id: UUID, at: datetime) -> list[Subscription]:
    """Open the charges of a product that became active: its agreed recurring and activation prices.

    Safe to call twice. The first day is the local day of the account on which `at` falls.
    """
    product = Product.objects.select_related("account").get(pk=product_id)
    day = periods.local_date(at, product.account.time_zone)
    agreed = [row.price for row in product.prices.select_related("price")]
    wanted = [p for p in agreed if p.kind == PriceKind.RECURRING or p.occasion == Occasion.ACTIVATION]
    return _open(product, wanted, day)


def stop_charges(*, product_id: UUID, at: datetime) -> list[Subscription]:
    """End the charges of a product that was terminated, and open those due at termination. Safe to call twice.

    What was billed in advance beyond the last day comes back by itself: billing is by difference.
    """
    product = Product.objects.select_related("account").get(pk=product_id)
    day = periods.local_date(at, product.account.time_zone)
    with transaction.atomic():
        for row in product.subscriptions.filter(kind=PriceKind.RECURRING, end=None).locked():
            lifecycle.change(row, end=max(day, row.start), verb="ended")
        agreed = [row.price for row in product.prices.select_related("price")]
        return _open(product, [p for p in agreed if p.occasion == Occasion.TERMINATION], day)


def _open(product: Product, prices: list[OfferingPrice], day: date) -> list[Subscription]:
    known = set(product.subscriptions.values_list("price_id", flat=True))
    return lifecycle.create_many(
        [
            Subscription(
                product=product,
                price=price,
                account=product.account,
                kind=price.kind,
                quantity=product.quantity,
                amount=price.amount,
                currency=price.currency,
                start=day,
            )
            for price in prices
            if price.pk not in known
        ]
    )
