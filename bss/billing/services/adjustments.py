"""Credits and charges outside the price list: proposed with evidence, approved by a second person."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from bss.billing.models import Adjustment
from kernel import journal, lifecycle, permissions
from kernel.models import User


def propose_adjustment(
    *,
    account_id: UUID,
    amount: Decimal,
    currency: str,
    reason: str,
    evidence_kind: str = "",
    evidence_id: UUID | None = None,
    product_id: UUID | None = None,
    tax_category: str = "S",
    pre_approved: bool = False,
) -> Adjustment:
    """Propose a net amount (negative = credit) for the account's next invoice; one per piece of evidence.

    Asked again for the same evidence it returns what there is. `pre_approved` says that contract terms grant it (an
    SLA credit within its cap): no second person is asked, and the journal says why.
    """
    if evidence_id is not None:
        known = (
            Adjustment.objects.filter(evidence_kind=evidence_kind, evidence_id=evidence_id)
            .exclude(status=Adjustment.Status.REJECTED)
            .first()
        )
        if known is not None:
            return known
    adjustment = lifecycle.create(
        Adjustment(
            account_id=account_id,
            product_id=product_id,
            amount=amount,
            currency=currency,
            tax_category=tax_category,
            reason=reason[:200],
            evidence_kind=evidence_kind,
            evidence_id=evidence_id,
            proposed_by_id=journal.context().actor_id,
        ),
        reason=reason,
    )
    if pre_approved:
        lifecycle.move(adjustment, Adjustment.Status.APPROVED, reason="granted by contract")
    return adjustment


def approve_adjustment(*, adjustment: Adjustment, by: User, reason: str = "") -> Adjustment:
    """Approve a proposal; never one's own."""
    permissions.forbid_own_work(adjustment.proposed_by_id, by.pk)
    return lifecycle.move(adjustment, Adjustment.Status.APPROVED, reason=reason, approved_by=by)


def reject_adjustment(*, adjustment: Adjustment, by: User, reason: str) -> Adjustment:
    """Refuse a proposal, with the reason."""
    return lifecycle.move(adjustment, Adjustment.Status.REJECTED, reason=f"{by}: {reason}")
