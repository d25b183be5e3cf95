"""What corrects a posted invoice, which itself never changes: credit notes and amounts written off."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from bss.billing.events import InvoicePosted
from bss.billing.models import Allocation, Invoice, InvoiceLine, InvoiceTax, LedgerAccount, LedgerEntry
from bss.billing.services import credit, dunning, ledger, payments, posting
from kernel import clock, events, journal, lifecycle
from kernel.errors import Invalid
from kernel.money import Point, round_at

ZERO = Decimal(0)


def creditable(invoice: Invoice) -> list[InvoiceLine]:
    """Lines of a posted invoice that no credit note has taken back yet, in their order; none for other documents."""
    if not invoice.is_posted or invoice.kind != Invoice.Kind.INVOICE:
        return []
    notes = InvoiceLine.objects.filter(invoice__corrects=invoice).exclude(invoice__number=None)
    taken = set(notes.values_list("derivation__of", flat=True))
    return [line for line in invoice.lines.order_by("position") if str(line.pk) not in taken]


def credit_note(
    *,
    invoice: Invoice,
    reason: str,
    lines: Collection[InvoiceLine] | None = None,
    at: datetime | None = None,
) -> Invoice:
    """Take lines of a posted invoice back (all that are left, unless `lines` names some) by a numbered credit note.

    The note mirrors them, VAT by category included, and pays what is still open of the invoice; the rest is the
    customer's credit. Raises Invalid for drafts, credit notes, and lines that are foreign or were taken back before.
    """
    moment = at or clock.now()
    with transaction.atomic():
        # A rival correction of the same invoice waits here, and then finds the lines gone.
        invoice = Invoice.objects.locked().get(pk=invoice.pk)
        left = creditable(invoice)
        picked = _picked(invoice, left, lines)
        note = _mirror(invoice, picked, left, moment.date())
        row = (note.pk, note.account_id, note.net, note.tax, note.gross, note.currency)
        posting.number([row], "CRN", moment.date())
        ledger.post_invoices([row], at=moment, day=moment.date())
        note.refresh_from_db()
        journal.record("invoice.corrected", invoice, after={"credit_note": note.number}, reason=reason)
        if (part := min(invoice.open_amount, -note.open_amount)) > 0:
            credit.take(note, invoice, part)
        dunning.account_paid(account=invoice.account, at=moment)
        events.publish(InvoicePosted(note.pk, note.account_id, moment))
    return note


def _picked(
    invoice: Invoice, left: list[InvoiceLine], lines: Collection[InvoiceLine] | None
) -> list[InvoiceLine]:
    wanted = None if lines is None else {line.pk for line in lines}
    picked = left if wanted is None else [line for line in left if line.pk in wanted]
    complete = wanted is None or len(picked) == len(wanted)
    if not picked or not complete:
        raise Invalid(
            _("%(invoice)s cannot be corrected by a credit note") % {"invoice": invoice},
            code="invoice.notCorrectable",
            fields={"lines": _("Pick lines that were not taken back before")},
        )
    if wanted is not None and sum((line.net for line in picked), ZERO) <= 0:
        raise Invalid(
            _("These lines are no charge to take back"),
            code="invoice.nothingToCredit",
            fields={"lines": _("Their sum is not more than nothing")},
        )
    return picked


def _mirror(invoice: Invoice, picked: list[InvoiceLine], left: list[InvoiceLine], day: date) -> Invoice:
    taxes = _taxes(invoice, picked, left)
    net = -sum((line.net for line in picked), ZERO)
    tax = sum((row.tax for row in taxes), ZERO)
    note = lifecycle.create(
        Invoice(
            kind=Invoice.Kind.CREDIT_NOTE,
            account_id=invoice.account_id,
            bill_date=day,
            currency=invoice.currency,
            language=invoice.language,
            net=net,
            tax=tax,
            gross=net + tax,
            corrects=invoice,
            seller=invoice.seller,
            buyer=invoice.buyer,
        )
    )
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=note, position=position, kind=line.kind, product_id=line.product_id, text=line.text,
            quantity=-line.quantity, unit=line.unit, unit_price=line.unit_price, net=-line.net,
            tax_category=line.tax_category, tax_percent=line.tax_percent, period_start=line.period_start,
            period_end=line.period_end, derivation={"rule": "mirror", "of": str(line.pk)},
        )
        for position, line in enumerate(picked, start=1)
    )  # fmt: skip
    for row in taxes:
        row.invoice = note
    InvoiceTax.objects.bulk_create(taxes)
    return note


def _taxes(invoice: Invoice, picked: list[InvoiceLine], left: list[InvoiceLine]) -> list[InvoiceTax]:
    """VAT of the lines taken back. The last lines of a category get what is left of its VAT, so that nothing remains."""
    given = {
        (row["category"], row["percent"]): row["tax"]
        for row in InvoiceTax.objects.filter(invoice__corrects=invoice)
        .values("category", "percent")
        .annotate(tax=Sum("tax"))
    }
    found = []
    for tax in invoice.taxes.order_by("pk"):
        key = (tax.category, tax.percent)
        mine = [line for line in picked if (line.tax_category, line.tax_percent) == key]
        if not mine:
            continue
        base = sum((line.net for line in mine), ZERO)
        last = len(mine) == sum((line.tax_category, line.tax_percent) == key for line in left)
        # What notes gave back stands there as a negative amount.
        amount = tax.tax + given.get(key, ZERO)
        if not last:
            amount = round_at(Point.TAX, base * (tax.percent or ZERO) / 100, invoice.currency)
        found.append(InvoiceTax(category=tax.category, percent=tax.percent, base=-base, tax=-amount))
    return found


def write_off(*, invoice: Invoice, reason: str, at: datetime | None = None) -> LedgerEntry:
    """Give up what is open of a posted invoice: a loss, VAT included, until the tax office grants relief.

    Dunning of the account ends with it when nothing else is overdue. Raises Invalid when nothing is open.
    """
    moment = at or clock.now()
    with transaction.atomic():
        invoice = Invoice.objects.locked().select_related("account").get(pk=invoice.pk)
        part = payments.payable(invoice)
        if part <= 0:
            raise Invalid(
                _("Nothing is open on %(invoice)s") % {"invoice": invoice}, code="invoice.nothingOpen"
            )
        entry = ledger.post(
            kind=LedgerEntry.Kind.WRITE_OFF,
            account=invoice.account,
            at=moment,
            sides={LedgerAccount.WRITE_OFF: part, LedgerAccount.RECEIVABLE: -part},
            currency=invoice.currency,
            invoice=invoice,
            text=reason,
        )
        lifecycle.create(Allocation(write_off=entry, invoice=invoice, amount=part), reason=reason)
        payments.count_paid(invoice, part, reason=reason)
        dunning.account_paid(account=invoice.account, at=moment)
    return entry
