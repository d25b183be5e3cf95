"""What a problem costs as long as its cause stays: counted from the rows of its incidents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Sum, Value
from django.db.models.functions import Coalesce, Greatest

from bss.care.models import TroubleTicket
from kernel import clock
from kernel.slots import slot
from service_mgmt.problems.models import Problem, ProblemIncident

# Filled by service_mgmt.levels: numbers of incidents → (amount, currency) of the credits they led to, net.
credits_slot = slot("service_mgmt_problems.credits")


@dataclass(frozen=True)
class Cost:
    """`services` is the worst incident's number, `customers` the sum over incidents, `credits` by currency, net."""

    incidents: int = 0
    down: timedelta = timedelta(0)
    services: int = 0
    customers: int = 0
    tickets: int = 0
    credits: list[tuple[Decimal, str]] = field(default_factory=list)


def cost_of(problem: Problem, *, at: datetime | None = None) -> Cost:
    """The cost of repetition up to `at`; an incident that is not resolved lasts until then."""
    moment = at or clock.now()
    rows = ProblemIncident.objects.filter(problem=problem)
    lasted = ExpressionWrapper(
        Greatest(Coalesce(F("incident__resolved"), Value(moment)), F("incident__opened"))
        - F("incident__opened"),
        output_field=DurationField(),
    )
    sums = rows.aggregate(
        n=Count("pk"),
        down=Sum(lasted),
        services=Max("incident__affected_services"),
        customers=Sum("incident__affected_customers"),
    )
    numbers = list(rows.values_list("incident__number", flat=True))
    return Cost(
        incidents=sums["n"],
        down=sums["down"] or timedelta(0),
        services=sums["services"] or 0,
        customers=sums["customers"] or 0,
        tickets=TroubleTicket.objects.filter(story_label__in=numbers).count() if numbers else 0,
        credits=_by_currency(pair for pairs in credits_slot.call(numbers) for pair in pairs),
    )


def _by_currency(pairs: Iterable[tuple[Decimal, str]]) -> list[tuple[Decimal, str]]:
    found: dict[str, Decimal] = {}
    for amount, currency in pairs:
        found[currency] = found.get(currency, Decimal(0)) + amount
    return [(amount, currency) for currency, amount in sorted(found.items())]


def affected_services(problem_ids: Iterable[Any], user: Any) -> dict[Any, int]:
    """Services hit by the worst incident of each problem, in one query; 0 where none is known."""
    ids = list(problem_ids)
    rows = ProblemIncident.objects.filter(problem__in=ids).order_by()
    found = dict(rows.values_list("problem").annotate(n=Max("incident__affected_services")))
    return {pk: found.get(pk) or 0 for pk in ids}
