"""Money in: received, matched to invoices, and what that means for dunning — in one transaction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from bss.billing.events import PaymentReceived
from bss.billing.models import Allocation, Invoice, LedgerAccount, LedgerEntry, Payment
from bss.billing.services import dunning, ledger, standing
from bss.customers.models import BillingAccount
from kernel import clock, events, lifecycle
from kernel.errors import Invalid
from kernel.money import Point, round_at

ZERO = Decimal(0)
NUMBER = re.compile(r"\b(?:INV|CRN)-\d{4}-\d{6,}\b", re.IGNORECASE)


def receive_payment(
    *,
    account: BillingAccount,
    amount: Decimal,
    reference: str = "",
    at: datetime | None = None,
    method: str = Payment.Method.TRANSFER,
    external_id: str = "",
    items: Sequence[tuple[Invoice, Decimal | None]] = (),
) -> Payment:
    """Book money received and match it: first `items` (None = as much as is open), then the invoices its reference names,
    then the oldest due.

    What is over stays as credit on the account. Pending dunning of what is now paid ends in the same transaction. A
    second call with the same `external_id` returns the first payment. Raises Invalid for an amount that is not positive
    or finer than the currency, for items that do not fit, and for an `external_id` of another account.
    """
    moment = at or clock.now()
    if amount != round_at(Point.PAYABLE, amount, account.currency):
        raise Invalid(
            _("Finer than the currency"), code="payment.amount", fields={"amount": _("too many decimals")}
        )
    if amount <= 0:
        raise Invalid(
            _("A payment is more than nothing"),
            code="payment.amount",
            fields={"amount": _("must be positive")},
        )
    with transaction.atomic():
        if external_id and (known := Payment.objects.filter(external_id=external_id).first()) is not None:
            return _again(known, account)
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
            kind=LedgerEntry.Kind.PAYMENT,
            account=account,
            at=moment,
            sides={LedgerAccount.BANK: amount, LedgerAccount.RECEIVABLE: -amount},
            currency=account.currency,
            payment=payment,
            text=reference,
        )
        for invoice, part in items:
            allocate(payment=payment, invoice=invoice, amount=part, at=moment)
        match(payment)
        events.publish(PaymentReceived(payment.pk, account.pk, moment))
        dunning.account_paid(account=account, at=moment)
    return payment


def _again(known: Payment, account: BillingAccount) -> Payment:
    """The payment that was booked under this id before; the same id on another account is a mistake."""
    if known.account_id != account.pk:
        raise Invalid(
            _("This id was booked for another account"),
            code="payment.externalId",
            fields={"external_id": _("Used already")},
        )
    return known


def matches(account: BillingAccount, reference: str) -> list[Invoice]:
    """Open invoices of the account, those named in the reference first, then by due date; what is on hold must be named."""
    named = {number.upper() for number in NUMBER.findall(reference)}
    rows = Invoice.objects.open().filter(account=account).locked()
    found = [row for row in rows if row.number in named or row.status != Invoice.Status.ON_HOLD]
    return sorted(found, key=lambda row: (row.number not in named, row.due, row.number))


def match(payment: Payment) -> int:
    """Let what is left of a locked payment pay open invoices of its account; returns how many."""
    made = 0
    for invoice in matches(payment.account, payment.reference):
        if payment.unallocated > 0:
            _allocate(payment, invoice, min(payment.unallocated, invoice.open_amount))
            made += 1
    return made


def payable(invoice: Invoice) -> Decimal:
    """What may still be paid on a document: the open amount of a posted invoice, nothing on any other."""
    posted = invoice.is_posted and invoice.kind == Invoice.Kind.INVOICE
    return max(invoice.open_amount, ZERO) if posted else ZERO


def cannot_pay(source: Payment | Invoice, invoice: Invoice, most: Decimal) -> Invalid:
    """The refusal of an allocation, with what would have been possible."""
    return Invalid(
        _("%(payment)s cannot pay %(invoice)s") % {"payment": source, "invoice": invoice},
        code="payment.allocation",
        fields={
            "amount": _("At most %(most)s") % {"most": f"{max(most, ZERO).normalize():f}"},
        },
    )


def allocate(
    *, payment: Payment, invoice: Invoice, amount: Decimal | None = None, at: datetime | None = None
) -> Allocation:
    """Let a payment pay an invoice, wholly or in part; without `amount` as much as both allow.

    Dunning of what is now paid ends in the same transaction. Raises Invalid when the two are not of one account and
    currency, when the invoice is not posted, and for more than either has.
    """
    moment = at or clock.now()
    with transaction.atomic():
        money = Payment.objects.locked().get(pk=payment.pk)
        target = Invoice.objects.locked().select_related("account").get(pk=invoice.pk)
        most = min(money.unallocated, payable(target))
        part = most if amount is None else amount
        fits = (target.account_id, target.currency) == (money.account_id, money.currency)
        if not fits or not 0 < part <= most:
            raise cannot_pay(money, target, most if fits else ZERO)
        made = _allocate(money, target, part)
        dunning.account_paid(account=target.account, at=moment)
    payment.refresh_from_db()
    return made


def _allocate(payment: Payment, invoice: Invoice, part: Decimal) -> Allocation:
    """Count a part of a locked payment on a locked invoice; a second part adds to the first."""
    known = Allocation.objects.filter(payment=payment, invoice=invoice).first()
    if known is None:
        made = lifecycle.create(Allocation(payment=payment, invoice=invoice, amount=part))
    else:
        made = lifecycle.change(known, amount=known.amount + part, verb="raised")
    Payment.objects.filter(pk=payment.pk).update(allocated=F("allocated") + part, version=F("version") + 1)
    count_paid(invoice, part)
    payment.refresh_from_db()
    return made


def count_paid(invoice: Invoice, part: Decimal, *, reason: str = "") -> None:
    """Count an allocation on a document (below zero: take it back) and move it to the state that follows.

    What is on hold stays there until it is paid whole.
    """
    Invoice.objects.filter(pk=invoice.pk).update(paid=F("paid") + part, version=F("version") + 1)
    invoice.refresh_from_db()
    target = standing.standing_of(invoice)
    if invoice.status == Invoice.Status.ON_HOLD and target != Invoice.Status.SETTLED:
        return
    if invoice.status != target:
        lifecycle.move(invoice, target, reason=reason)


def refund(
    *, payment: Payment, reason: str, amount: Decimal | None = None, at: datetime | None = None
) -> Payment:
    """Pay money back: the whole payment, and what it paid is open again; or `amount` of what pays nothing yet.

    Raises IllegalMove for one already refunded, Invalid for an amount that is not there.
    """
    moment = at or clock.now()
    with transaction.atomic():
        locked = Payment.objects.locked().select_related("account").get(pk=payment.pk)
        if amount is None or amount == locked.amount:
            back = locked.amount - locked.refunded
            _undo(locked, reason)
            lifecycle.move(locked, Payment.Status.REFUNDED, reason=reason, refunded=locked.amount)
        else:
            back = amount
            _give_back(locked, amount, reason)
        ledger.post(
            kind=LedgerEntry.Kind.REFUND,
            account=locked.account,
            at=moment,
            sides={LedgerAccount.BANK: -back, LedgerAccount.RECEIVABLE: back},
            currency=locked.currency,
            payment=locked,
            text=reason,
        )
    payment.refresh_from_db()
    return payment


def _undo(payment: Payment, reason: str) -> None:
    """Take every allocation of a payment back: those invoices are open again."""
    if not payment.lifecycle.allows(payment.status, Payment.Status.REFUNDED):
        raise payment.lifecycle.refuse(payment.status, Payment.Status.REFUNDED)
    for row in payment.allocations.select_related("invoice"):
        part = row.amount
        lifecycle.remove(row, reason=reason)
        count_paid(row.invoice, -part, reason=reason)
    Payment.objects.filter(pk=payment.pk).update(allocated=0)
    payment.allocated = ZERO


def _give_back(payment: Payment, amount: Decimal, reason: str) -> None:
    if not 0 < amount <= payment.unallocated:
        raise Invalid(
            _("Only what pays nothing yet is paid back in part"),
            code="payment.refund",
            fields={"amount": _("At most %(most)s") % {"most": f"{payment.unallocated.normalize():f}"}},
        )
    refunded = payment.refunded + amount
    if refunded == payment.amount:
        lifecycle.move(payment, Payment.Status.REFUNDED, reason=reason, refunded=refunded)
    else:
        lifecycle.change(payment, refunded=refunded, reason=reason, verb="paid_back")
