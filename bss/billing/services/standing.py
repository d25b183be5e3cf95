"""How a posted invoice stands: sent (again), on hold, disputed. Amounts never change here."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from bss.billing.events import InvoiceSent
from bss.billing.models import Invoice
from bss.billing.services import dunning
from kernel import clock, lifecycle
from kernel.errors import Invalid

Status = Invoice.Status


def send_invoice(*, invoice: Invoice, at: datetime | None = None) -> Invoice:
    """Send a posted document, or send it once more. Raises Invalid for drafts and for what is on hold."""
    moment = at or clock.now()
    if not invoice.is_posted or invoice.status == Status.ON_HOLD:
        raise Invalid(_("%(invoice)s cannot be sent now") % {"invoice": invoice}, code="invoice.notSendable")
    told = [InvoiceSent(invoice.pk, invoice.account_id, moment, again=invoice.sent is not None)]
    if invoice.status == Status.VALIDATED:
        return lifecycle.move(invoice, Status.SENT, sent=moment, events_too=told)
    return lifecycle.change(invoice, sent=moment, verb="sent", events_too=told)


def hold_invoice(*, invoice: Invoice, reason: str, at: datetime | None = None) -> Invoice:
    """Put a posted invoice on hold: it is neither sent nor dunned, and stays owed. Raises IllegalMove for a paid one."""
    with transaction.atomic():
        lifecycle.move(invoice, Status.ON_HOLD, reason=reason)
        dunning.account_paid(account=invoice.account, at=at or clock.now(), reason=reason)
    return invoice


def release_invoice(*, invoice: Invoice, reason: str = "") -> Invoice:
    """Take an invoice off hold: it stands again where it would without the hold."""
    if invoice.status != Status.ON_HOLD:
        raise Invoice.lifecycle.refuse(invoice.status, standing_of(invoice))
    return lifecycle.move(invoice, standing_of(invoice), reason=reason)


def standing_of(invoice: Invoice) -> Status:
    """The state that what was paid on a posted document, and whether it was sent, amount to."""
    if invoice.paid == invoice.gross and invoice.gross:
        return Status.SETTLED
    if invoice.paid:
        return Status.PARTIALLY_PAID
    return Status.SENT if invoice.sent else Status.VALIDATED


def dispute_invoice(*, invoice: Invoice, reason: str, at: datetime | None = None) -> Invoice:
    """The customer contests it: dunning leaves it out until the dispute is settled. Raises Invalid for drafts."""
    if not invoice.is_posted:
        raise Invalid(_("A draft has no document yet"), code="invoice.draft")
    with transaction.atomic():
        lifecycle.change(invoice, disputed=True, reason=reason, verb="disputed")
        dunning.account_paid(account=invoice.account, at=at or clock.now(), reason=reason)
    return invoice


def settle_dispute(*, invoice: Invoice, reason: str) -> Invoice:
    """The dispute is over, whoever was right: from now on it is dunned as any other."""
    return lifecycle.change(invoice, disputed=False, reason=reason, verb="undisputed")
