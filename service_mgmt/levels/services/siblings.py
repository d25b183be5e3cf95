"""What service levels answer for problems and changes (both fill slots): credits, and notice of planned work."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from service_mgmt.levels.models import CreditProposal, SlaAgreement


def credits_of_incidents(numbers: Collection[str]) -> list[tuple[Decimal, str]]:
    """Credits (amount, currency; net) of the months in which one of these incidents counted; refused ones are none."""
    if not numbers:
        return []
    counted = Q()
    for number in numbers:
        counted |= Q(result__outages__contains=[{"causes": [number]}])
    rows = CreditProposal.objects.filter(counted).exclude(status=CreditProposal.Status.REJECTED)
    return list(rows.values_list("amount", "currency"))


def notice_periods(service_ids: Collection[UUID], at: datetime) -> dict[UUID, timedelta]:
    """Notice of planned work that the agreements in force at `at` ask for, by service, where they ask for any."""
    rows = SlaAgreement.objects.filter(
        Q(ends=None) | Q(ends__gt=at),
        service__in=list(service_ids),
        starts__lte=at,
        definition__exclude_maintenance=True,
        definition__maintenance_notice__gt=timedelta(0),
    )
    found: dict[UUID, timedelta] = {}
    for service, notice in rows.values_list("service", "definition__maintenance_notice"):
        found[service] = max(notice, found.get(service, timedelta(0)))
    return found
