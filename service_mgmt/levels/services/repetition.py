"""What incidents were worth in credits, for the problem behind them."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from django.db.models import Q

from service_mgmt.levels.models import CreditProposal


def credits_of_incidents(numbers: Collection[str]) -> list[tuple[Decimal, str]]:
    """Credits (amount, currency; net) of the months in which one of these incidents counted; refused ones are none."""
    if not numbers:
        return []
    counted = Q()
    for number in numbers:
        counted |= Q(result__outages__contains=[{"causes": [number]}])
    rows = CreditProposal.objects.filter(counted).exclude(status=CreditProposal.Status.REJECTED)
    return list(rows.values_list("amount", "currency"))
