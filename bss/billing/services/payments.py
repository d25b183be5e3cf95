"""Money in: received, matched to invoices, and what that means for dunning — in one transaction."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from bss.billing.events import PaymentReceived
from bss.billing.models import Allocation, Invoice, LedgerAccount, Payment
from bss.billing.services import dunning, ledger
from bss.customers.models import BillingAccount
from kernel import clock, events, lifecycle
from kernel.errors import Invalid

NUMBER = re.compile(r"\b(?:INV|CRN)-\d{4}-\d{6,}\b", re.IGNORECASE)


def receive_payment(
    *,
    account: BillingAccount,
    amount: Decimal,
    reference: str = "",
    at: datetime | None = None,
    method: str = Payment.Method.TRANSFER,
    external_id: str = "",
) -> Payment:
    """Book money received and match it: first the invoices its reference names, then the oldest due.

    What is over stays as credit on the account. Pending dunning of what is now paid ends in the same transaction. A
    second call with the same `external_id` returns the first payment. Raises Invalid for an amount that is not positive.
    """
    moment = at or clock.now()
    if amount <= 0:
        raise Invalid(
            _("A payment is more than nothing"),
            code="payment.amount",
            fields={"amount": _("must be positive")},
        )
    with transaction.atomic():
        if external_id and (known := Payment.objects.filter(external_id=external_id).first()) is not None:
            return known
        payment = lifecycle.create(
            Payment(
                account=account,
                amount=amount,
                currency=account.currency,
                method=method,
                reference=reference[:140],
                external_id=external_id,
                received=moment,
            )
        )
        ledger.post(
            kind="payment",
            account=account,
            at=moment,
            sides={LedgerAccount.BANK: amount, LedgerAccount.RECEIVABLE: -amount},
            currency=account.currency,
            payment=payment,
            text=reference,
        )
        for invoice in _matches(account, reference):
            if payment.unallocated > 0:
                allocate(payment=payment, invoice=invoice)
        events.publish(PaymentReceived(payment.pk, account.pk, moment))
        dunning.account_paid(account=account, at=moment)
    return payment


def _matches(account: BillingAccount, reference: str) -> list[Invoice]:
    """Open invoices of the account, those named in the reference first, then by due date."""
    named = {number.upper() for number in NUMBER.findall(reference)}
    rows = list(
        Invoice.objects.open()
        .filter(account=account)
        .order_by("due", "number")
        .select_for_update(of=("self",))
    )
    return sorted(rows, key=lambda invoice: invoice.number not in named)


def allocate(*, payment: Payment, invoice: Invoice, amount: Decimal | None = None) -> Allocation:
    """Let a payment pay an invoice, wholly or in part; the constraints refuse more than either side has."""
    part = min(payment.unallocated, invoice.open_amount) if amount is None else amount
    if part <= 0 or invoice.account_id != payment.account_id or invoice.currency != payment.currency:
        raise Invalid(
            _("%(payment)s cannot pay %(invoice)s") % {"payment": payment, "invoice": invoice},
            code="payment.allocation",
        )
    with transaction.atomic():
        made = lifecycle.create(Allocation(payment=payment, invoice=invoice, amount=part))
        Payment.objects.filter(pk=payment.pk).update(
            allocated=F("allocated") + part, version=F("version") + 1
        )
        _count_paid(invoice, part)
        payment.refresh_from_db()
    return made


def settle_with_credit(*, invoice: Invoice, note: Invoice, at: datetime) -> None:
    """Let a credit note pay what is open of the invoice it corrects; the rest of it is the customer's credit."""
    part = min(invoice.open_amount, -note.gross)
    if part > 0:
        lifecycle.create(Allocation(credit_note=note, invoice=invoice, amount=part))
        _count_paid(invoice, part)
        _count_paid(note, -part)
    dunning.account_paid(account=invoice.account, at=at)


def _count_paid(invoice: Invoice, part: Decimal) -> None:
    """Count an allocation on a document and move it to the state that follows."""
    Invoice.objects.filter(pk=invoice.pk).update(paid=F("paid") + part, version=F("version") + 1)
    invoice.refresh_from_db()
    target = Invoice.Status.SETTLED if invoice.paid == invoice.gross else Invoice.Status.PARTIALLY_PAID
    if invoice.status != target:
        lifecycle.move(invoice, target)


def refund(*, payment: Payment, reason: str, at: datetime | None = None) -> Payment:
    """Pay a payment back whole: what it paid is open again. Raises IllegalMove for one already refunded."""
    moment = at or clock.now()
    with transaction.atomic():
        lifecycle.move(payment, Payment.Status.REFUNDED, reason=reason)
        for row in payment.allocations.select_related("invoice"):
            Invoice.objects.filter(pk=row.invoice_id).update(
                paid=F("paid") - row.amount, version=F("version") + 1
            )
            row.invoice.refresh_from_db()
            target = Invoice.Status.PARTIALLY_PAID if row.invoice.paid else Invoice.Status.SENT
            if row.invoice.status != target:
                lifecycle.move(row.invoice, target, reason=reason)
            lifecycle.remove(row, reason=reason)
        Payment.objects.filter(pk=payment.pk).update(allocated=0)
        ledger.post(
            kind="refund",
            account=payment.account,
            at=moment,
            sides={LedgerAccount.BANK: -payment.amount, LedgerAccount.RECEIVABLE: payment.amount},
            currency=payment.currency,
            payment=payment,
            text=reason,
        )
        payment.refresh_from_db()
    return payment
