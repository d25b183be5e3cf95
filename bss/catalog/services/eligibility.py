"""Who may buy what, and why not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext as _

from bss.catalog.models import OfferingRelation, ProductOffering
from kernel import clock


class Buyer(Protocol):
    """What is asked of a customer."""

    segment: str
    credit_class: str


class Place(Protocol):
    """What is asked of a site."""

    location_code: str


@dataclass(frozen=True)
class Eligibility:
    """An offer on sale, and in words why it cannot be sold here; no reason = it can."""

    offering: ProductOffering
    why_not: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether it can be sold."""
        return not self.why_not


def eligible(
    *,
    customer: Buyer | None = None,
    site: Place | None = None,
    held: Collection[str] = (),
    at: datetime | None = None,
    sellable_only: bool = True,
) -> list[Eligibility]:
    """Every offer on sale with the reasons against it, those that can be sold first, then by name.

    `held` are codes of offers the customer has or orders at the same time. Whether the network can deliver it is asked
    elsewhere (qualification).
    """
    day = (at or clock.now()).date()
    offers = ProductOffering.objects.on_sale(day).prefetch_related("relations")
    if sellable_only:
        offers = offers.filter(is_sellable=True)
    rows = [Eligibility(offer, why_not(offer, customer=customer, site=site, held=held)) for offer in offers]
    return sorted(rows, key=lambda row: (not row.ok, row.offering.name, row.offering.code))


def why_not(
    offering: ProductOffering,
    *,
    customer: Buyer | None = None,
    site: Place | None = None,
    held: Collection[str] = (),
) -> tuple[str, ...]:
    """Reasons against selling this offer to this customer at this site."""
    reasons = []
    if customer is not None:
        if offering.segments and customer.segment not in offering.segments:
            reasons.append(_("Not for this segment"))
        if offering.credit_classes and customer.credit_class not in offering.credit_classes:
            reasons.append(_("Not for credit class %(name)s") % {"name": customer.credit_class})
    if site is not None and offering.areas and not site.location_code.startswith(tuple(offering.areas)):
        reasons.append(_("Not sold at this site"))
    for rule in offering.relations.all():
        if rule.kind == OfferingRelation.Kind.REQUIRES and rule.other_code not in held:
            reasons.append(_("Needs %(code)s") % {"code": rule.other_code})
        if rule.kind == OfferingRelation.Kind.EXCLUDES and rule.other_code in held:
            reasons.append(_("Not together with %(code)s") % {"code": rule.other_code})
    return tuple(reasons)
