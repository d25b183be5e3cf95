"""Credits and charges outside the price list: proposed with evidence, approved by a second person."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from bss.billing.models import Adjustment
from bss.customers.models import BillingAccount
from kernel import journal, lifecycle, permissions
from kernel.errors import Invalid
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
    SLA credit within its cap): no second person is asked, and the journal says why. Raises Invalid for an amount of
    nothing, another currency than the account's, and a product that is not on the account.
    """
    if evidence_id is not None:
        known = (
            Adjustment.objects.filter(evidence_kind=evidence_kind, evidence_id=evidence_id)
            .exclude(status=Adjustment.Status.REJECTED)
            .first()
        )
        if known is not None:
            return known
    _check(account_id, product_id, amount, currency)
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


def _check(account_id: UUID, product_id: UUID | None, amount: Decimal, currency: str) -> None:
    account = BillingAccount.objects.get(pk=account_id)
    fields = {}
    if not amount:
        fields["amount"] = _("Not zero")
    if currency != account.currency:
        fields["currency"] = _("The account is in %(currency)s") % {"currency": account.currency}
    if product_id is not None and not account.products.filter(pk=product_id).exists():
        fields["product"] = _("Not a product of this account")
    if fields:
        raise Invalid(_("This adjustment does not fit"), code="adjustment.invalid", fields=fields)


def reject_adjustment(*, adjustment: Adjustment, by: User, reason: str) -> Adjustment:
    """Refuse a proposal, or take an approval back, with the reason. Raises Invalid while it stands on a draft."""
    if adjustment.lines.filter(invoice__status="draft").exists():
        raise Invalid(
            _("It stands on a draft: take the account out of the run first"), code="adjustment.drafted"
        )
    return lifecycle.move(adjustment, Adjustment.Status.REJECTED, reason=f"{by}: {reason}")
