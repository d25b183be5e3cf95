"""What services earn: the monthly recurring price of products, from the charges that billing has opened."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

from django.db.models import DecimalField, F, Q, Sum
from django.db.models.functions import Cast

from bss.billing.models import Subscription
from kernel import clock
from kernel.money import Point, round_at

CURRENCY = "EUR"
AMOUNT = DecimalField(max_digits=18, decimal_places=6)


def monthly_revenue(products: Collection[UUID], *, currency: str = CURRENCY) -> Decimal:
    """Net amount that some products bring in a month today; yearly prices count a twelfth, other currencies nothing."""
    today = clock.today()
    charges = Subscription.objects.filter(
        Q(end=None) | Q(end__gt=today),
        product__in=products,
        kind="recurring",
        currency=currency,
        start__lte=today,
    )
    share = F("amount") * F("quantity") / Cast(F("price__period_months"), AMOUNT)
    total: Decimal | None = charges.aggregate(total=Sum(share, output_field=AMOUNT))["total"]
    return round_at(Point.LINE, total or Decimal(0), currency)
