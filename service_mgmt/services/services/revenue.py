"""What services earn: the monthly recurring price of products, from the charges that billing has opened."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

from django.db.models import DecimalField, F, Q, QuerySet, Sum
from django.db.models.functions import Cast

from bss.billing.models import Subscription
from kernel import clock
from kernel.money import Point, round_at

CURRENCY = "EUR"
AMOUNT = DecimalField(max_digits=18, decimal_places=6)
# A month's share of a charge.
SHARE = F("amount") * F("quantity") / Cast(F("price__period_months"), AMOUNT)


def monthly_revenue(products: Collection[UUID], *, currency: str = CURRENCY) -> Decimal:
    """Net amount that some products bring in a month today; yearly prices count a twelfth, other currencies nothing."""
    total: Decimal | None = _charges(products, currency).aggregate(total=Sum(SHARE, output_field=AMOUNT))[
        "total"
    ]
    return round_at(Point.LINE, total or Decimal(0), currency)


def revenue_by_product(products: Collection[UUID], *, currency: str = CURRENCY) -> dict[UUID, Decimal]:
    """The same for each product by itself, in one query; those that bring nothing are left out."""
    rows = (
        _charges(products, currency)
        .values_list("product_id")
        .annotate(total=Sum(SHARE, output_field=AMOUNT))
        .order_by()
    )
    return {product_id: round_at(Point.LINE, total, currency) for product_id, total in rows}


def _charges(products: Collection[UUID], currency: str) -> QuerySet[Subscription]:
    """Recurring charges in force today."""
    today = clock.today()
    return Subscription.objects.filter(
        Q(end=None) | Q(end__gt=today),
        product__in=products,
        kind="recurring",
        currency=currency,
        start__lte=today,
    )
