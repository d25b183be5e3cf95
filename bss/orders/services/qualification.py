"""Asking whether an offer can be delivered at a site; the network answers through a slot."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from bss.catalog import services as catalog
from bss.catalog.models import ProductOffering
from bss.customers.models import Customer, CustomerSite
from bss.orders.models import Qualification
from kernel import clock, lifecycle
from kernel.errors import DomainError, Invalid
from kernel.slots import slot

# Filled by whoever knows the network: (site=, offering=) → Feasibility. It reads, and reserves nothing.
QUALIFIER = slot("bss_orders.qualifier")
HOLDS_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Feasibility:
    """The network's answer. `explanation` says in words why, or why not; `lead_days` are calendar days."""

    ok: bool
    technology: str = ""
    lead_days: int = 0
    explanation: str = ""
    resources: dict[str, Any] = field(default_factory=dict)


def qualify(
    *, customer: Customer, site: CustomerSite, offering: ProductOffering, at: datetime | None = None
) -> Qualification:
    """Ask the network about an offer at a site and keep the answer for 30 days.

    A bundle is deliverable when every member that cannot be left out is: its answer joins theirs and takes the longest
    lead time. Raises Invalid for a site of another customer, DomainError (409) when nobody is there to ask.
    """
    if site.customer_id != customer.pk:
        raise Invalid(_("This is a site of another customer"), code="qualification.site")
    at = at or clock.now()
    parts = _parts(offering)
    answers = [(part, _ask(site, part)) for part in parts]
    joined = _join(answers)
    return lifecycle.create(
        Qualification(
            customer=customer,
            site=site,
            offering=offering,
            result=Qualification.Result.QUALIFIED if joined.ok else Qualification.Result.UNQUALIFIED,
            technology=joined.technology,
            lead_days=joined.lead_days,
            explanation=joined.explanation or ("" if joined.ok else _("The network says no")),
            resources=joined.resources,
            at=at,
            valid_until=at + HOLDS_FOR,
        )
    )


def latest(
    *, site: CustomerSite, offering: ProductOffering, at: datetime | None = None
) -> Qualification | None:
    """The last answer about an offer at a site while it holds, whatever it says."""
    rows = Qualification.objects.filter(site=site, offering=offering, valid_until__gt=at or clock.now())
    return rows.order_by("-at", "-id").first()


def _parts(offering: ProductOffering) -> list[ProductOffering]:
    if not offering.is_bundle:
        return [offering]
    return [item.offering for item, _count in catalog.members(offering) if not item.is_add_on]


def _ask(site: CustomerSite, offering: ProductOffering) -> Feasibility:
    answer = QUALIFIER.one(site=site, offering=offering)
    if answer is None:
        raise DomainError(_("Nobody can say what the network delivers here"), code="qualification.nobody")
    if not isinstance(answer, Feasibility):
        raise TypeError(f"a qualifier answers with a Feasibility, not {type(answer).__name__}")
    return answer


def _join(answers: list[tuple[ProductOffering, Feasibility]]) -> Feasibility:
    if len(answers) == 1:
        return answers[0][1]
    return Feasibility(
        ok=all(answer.ok for _part, answer in answers),
        technology=", ".join(
            dict.fromkeys(answer.technology for _part, answer in answers if answer.technology)
        ),
        lead_days=max((answer.lead_days for _part, answer in answers), default=0),
        explanation="; ".join(
            f"{part.name}: {answer.explanation}" for part, answer in answers if answer.explanation
        ),
        resources={part.code: answer.resources for part, answer in answers if answer.resources},
    )
