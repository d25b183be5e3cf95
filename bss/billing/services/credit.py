"""The customer's credit: what is left of payments, credit notes and invoices below zero, and how it pays invoices."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F

from bss.billing.models import Allocation, BillRun, Invoice, Payment
from bss.billing.services import dunning, payments
from kernel import clock, lifecycle

ZERO = Decimal(0)


def use_credit(
    *, note: Invoice, invoice: Invoice, amount: Decimal | None = None, at: datetime | None = None
) -> Allocation:
    """Let what is left of a credit note (or of an invoice below zero) pay an open invoice of the same account.

    Without `amount` as much as both allow. Raises Invalid when the two do not fit, or for more than either has.
    """
    moment = at or clock.now()
    with transaction.atomic():
        locked = {row.pk: row for row in Invoice.objects.locked().filter(pk__in=[note.pk, invoice.pk])}
        source, target = locked[note.pk], locked[invoice.pk]
        most = min(-source.open_amount, payments.payable(target))
        part = most if amount is None else amount
        fits = source.is_posted and (source.account_id, source.currency) == (
            target.account_id,
            target.currency,
        )
        if not fits or not 0 < part <= most:
            raise payments.cannot_pay(source, target, most if fits else ZERO)
        made = take(source, target, part)
        dunning.account_paid(account=target.account, at=moment)
    return made


def take(note: Invoice, invoice: Invoice, part: Decimal) -> Allocation:
    """Count a part of one document's credit on another; both are locked and of one account."""
    made = lifecycle.create(Allocation(credit_note=note, invoice=invoice, amount=part))
    payments.count_paid(invoice, part)
    payments.count_paid(note, -part)
    return made


def use_up(run: BillRun) -> int:
    """Let the credit of the accounts of a run that is being posted pay their open invoices; returns the allocations.

    Whoever paid ahead is not reminded of what the money is there for. Only accounts with credit cost anything.
    """
    accounts = run.invoices.values("account")
    made = 0
    held = Payment.objects.with_unused().filter(account__in=accounts, unused__gt=0)
    for payment in held.order_by("received", "pk").select_for_update(of=("self",)).select_related("account"):
        made += payments.match(payment)
    notes = Invoice.objects.posted().filter(account__in=accounts, gross__lt=F("paid"))
    for note in notes.order_by("pk").select_for_update(of=("self",)).select_related("account"):
        for invoice in payments.matches(note.account, ""):
            part = min(-note.open_amount, invoice.open_amount)
            if part > 0:
                take(note, invoice, part)
                made += 1
    return made
