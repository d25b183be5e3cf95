"""Closing a month: results from the log, credits for what fell short."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext as _

from bss.billing import services as billing
from bss.billing.models import Subscription
from kernel import clock, events, journal, lifecycle, permissions
from kernel.errors import Invalid
from kernel.models import User
from kernel.money import Point, round_at
from kernel.periods import add_months
from service_mgmt.levels.events import SlaCredited, SlaViolated
from service_mgmt.levels.models import CreditProposal, SlaAgreement, SlaDefinition, SlaResult
from service_mgmt.levels.services import clocks, measuring
from service_mgmt.levels.services.measuring import Measured

Status = CreditProposal.Status
BATCH = 500
# Months looked back for agreements that nobody closed yet.
LOOK_BACK = 3


@dataclass
class Closed:
    """What closing came to."""

    results: int = 0
    breached: int = 0
    credited: int = 0
    to_approve: int = 0


def close_month(*, month: date, at: datetime | None = None) -> Closed:
    """Write the result of every agreement for a month that is over where its customer is, and the credits due.

    Credits that the contract grants become adjustments at once, others wait for `approve_credit`. Safe to call again:
    what is closed stays as it is, and what ended later (another time zone) follows.
    """
    at = at or clock.now()
    month = month.replace(day=1)
    closed = Closed()
    for batch in _batches(_unclosed(month, at)):
        with transaction.atomic():
            _close(batch, month, at, closed)
    return closed


def close_due_months(*, at: datetime | None = None) -> Closed:
    """Close every recent month that is over and has agreements without a result."""
    at = at or clock.now()
    total = Closed()
    for back in range(LOOK_BACK, 0, -1):
        one = close_month(month=add_months(at.date().replace(day=1), -back), at=at)
        for name in vars(total):
            setattr(total, name, getattr(total, name) + getattr(one, name))
    return total


def credit_percent(definition: SlaDefinition, measured: Measured) -> Decimal:
    """What a month is worth by contract, in percent of the monthly fee, before the cap: the lowest band met, and so much
    for each repair that took too long."""
    met = [band for band in definition.bands.all() if measured.below(band.below)]
    by_band = min(met, key=lambda band: band.below).credit_percent if met else Decimal(0)
    return by_band + definition.late_repair_percent * measured.late_repairs


def approve_credit(
    *, proposal: CreditProposal, by: User, reason: str = "", at: datetime | None = None
) -> CreditProposal:
    """A second person agrees: the credit becomes an adjustment of the account. Raises NotAllowed for one's own proposal."""
    permissions.forbid_own_work(proposal.proposed_by_id, by.pk)
    return _credit(proposal, at or clock.now(), by=by, reason=reason)


def reject_credit(
    *, proposal: CreditProposal, by: User, reason: str, at: datetime | None = None
) -> CreditProposal:
    """Refuse a credit, with the reason; raises Invalid without one, NotAllowed for one's own proposal."""
    permissions.forbid_own_work(proposal.proposed_by_id, by.pk)
    if not reason.strip():
        raise Invalid(_("Say why"), code="sla.rejectReason", fields={"reason": _("This is needed")})
    return lifecycle.move(proposal, Status.REJECTED, reason=reason, decided_by=by, decided=at or clock.now())


def monthly_fee(product_ids: Iterable[UUID], month: date) -> dict[UUID, tuple[Decimal, str]]:
    """Product id → its recurring net fee a month and currency, by the charges in force in `month`.

    A charge for several months counts with its share of one; a charge that began in the month counts whole.
    """
    after = add_months(month, 1)
    rows = (
        Subscription.objects.filter(
            product_id__in=product_ids, kind=Subscription.Kind.RECURRING, start__lt=after
        )
        .filter(Q(end=None) | Q(end__gt=month))
        .order_by("product_id", "start", "id")
        .values_list("product_id", "price__code", "amount", "quantity", "price__period_months", "currency")
    )
    # Two charges of one price in a month are a change of price: the later one is the fee.
    latest: dict[tuple[UUID, str], tuple[Decimal, str]] = {}
    for product_id, code, amount, quantity, months, currency in rows:
        latest[product_id, code] = (amount * quantity / (months or 1), currency)
    fees: dict[UUID, tuple[Decimal, str]] = {}
    for (product_id, _code), (amount, currency) in latest.items():
        known = fees.get(product_id, (Decimal(0), currency))
        fees[product_id] = (known[0] + amount, currency)
    return fees


def _unclosed(month: date, at: datetime) -> list[SlaAgreement]:
    """Agreements of a month that is over in their zone, without a result."""
    rows = (
        SlaAgreement.objects.exclude(results__month=month)
        .exclude(ends=F("starts"))
        .select_related("definition__calendar", "product__account", "product__parent", "customer__party")
        .prefetch_related("definition__bands")
        .order_by("pk")
    )
    found = []
    for row in rows.filter(starts__lt=at):
        start, end = clocks.bounds(row, month)
        if end <= at and row.starts < end and (row.ends is None or row.ends > start):
            found.append(row)
    return found


def _close(agreements: list[SlaAgreement], month: date, at: datetime, closed: Closed) -> None:
    measured = clocks.replay_month(agreements=agreements, month=month, at=at)
    results = lifecycle.create_many([_result(row, month, measured[row.pk], at) for row in agreements])
    closed.results += len(results)
    fallen = [(row, result) for row, result in zip(agreements, results, strict=True) if result.breached]
    closed.breached += len(fallen)
    events.publish(*[SlaViolated(result.pk, row.pk, month, at) for row, result in fallen])
    products = {row.product_id for row, _r in fallen} | {
        row.product.parent_id for row, _r in fallen if row.product.parent_id
    }
    fees = monthly_fee(products, month)
    for row, result in fallen:
        proposal = _proposal(row, result, measured[row.pk], fees)
        if proposal is None:
            continue
        lifecycle.create(proposal)
        if proposal.pre_agreed:
            _credit(proposal, at, by=None, reason=_("granted by contract"))
            closed.credited += 1
        else:
            closed.to_approve += 1


def _result(agreement: SlaAgreement, month: date, measured: Measured, at: datetime) -> SlaResult:
    return SlaResult(
        agreement=agreement,
        month=month,
        agreed=measured.agreed,
        downtime=measured.downtime,
        excluded=measured.excluded,
        paused=measured.paused,
        availability=measured.availability,
        target=measured.target,
        late_repairs=measured.late_repairs,
        breached=measured.breached,
        outages=measuring.as_json(measured.outages),
        measured=at,
    )


def _proposal(
    agreement: SlaAgreement, result: SlaResult, measured: Measured, fees: dict[UUID, tuple[Decimal, str]]
) -> CreditProposal | None:
    """The credit for a breached month; None when the contract gives nothing for it, or nothing is paid monthly."""
    definition, product = agreement.definition, agreement.product
    percent = credit_percent(definition, measured)
    # The fee of a bundle's member may stand on the bundle.
    fee, currency = fees.get(product.pk) or fees.get(product.parent_id or product.pk) or (Decimal(0), "")
    if not percent or not fee:
        return None
    capped = min(percent, definition.cap_percent)
    uncapped = round_at(Point.LINE, fee * percent / 100, currency)
    amount = round_at(Point.LINE, fee * capped / 100, currency)
    if not amount:
        return None
    return CreditProposal(
        result=result,
        account=product.account,
        monthly_fee=fee,
        currency=currency,
        percent=percent,
        credited_percent=capped,
        uncapped=uncapped,
        amount=amount,
        pre_agreed=definition.pre_agreed,
        proposed_by_id=journal.context().actor_id,
    )


def _credit(proposal: CreditProposal, at: datetime, *, by: User | None, reason: str) -> CreditProposal:
    result = proposal.result
    agreement = result.agreement
    with transaction.atomic(), translation.override(proposal.account.language):
        adjustment = billing.propose_adjustment(
            account_id=proposal.account_id,
            amount=-proposal.amount,
            currency=proposal.currency,
            reason=_(
                "Service level credit %(month)s: availability %(availability)s %%, promised %(target)s %%"
            )
            % {
                "month": f"{result.month:%m/%Y}",
                "availability": _plain(result.availability),
                "target": _plain(result.target),
            },
            evidence_kind=proposal._meta.label,
            evidence_id=proposal.pk,
            product_id=agreement.product_id,
            pre_approved=True,
        )
        return lifecycle.move(
            proposal,
            Status.CREDITED,
            reason=reason,
            adjustment=adjustment,
            decided_by=by,
            decided=at,
            events_too=[SlaCredited(proposal.pk, adjustment.pk, at)],
        )


def _plain(number: Decimal) -> str:
    text = f"{number.normalize():f}"
    return text.replace(".", ",") if (translation.get_language() or "en").startswith("fr") else text


def _batches(rows: list[Any]) -> Iterable[list[Any]]:
    for first in range(0, len(rows), BATCH):
        yield rows[first : first + BATCH]
