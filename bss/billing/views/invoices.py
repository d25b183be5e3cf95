"""Invoices and credit notes: list and page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.billing import forms, services
from bss.billing.models import DunningCase, Invoice, InvoiceLine
from bss.billing.views.badges import INVOICE_KIND, INVOICE_STATUS, LINE_KIND
from kernel import clock, pages
from kernel.filtering import Filter
from kernel.pages import Call

CHANGE = "bss_billing.change_invoice"
DISPUTE = "bss_billing.dispute_invoice"
S, Kind = Invoice.Status, Invoice.Kind
LINES_SHOWN = 40
OPEN = "status=validated&status=sent&status=partially_paid&status=on_hold"


def _invoices(user: Any) -> QuerySet[Invoice]:
    cases = DunningCase.objects.filter(account=OuterRef("account_id")).exclude(status="closed")
    return (
        Invoice.objects.visible_to(user)
        .select_related("account__customer__party", "run", "corrects")
        .annotate(dunning=Subquery(cases.values("number")[:1]))
    )


def overdue(operator: str, values: tuple[str, ...]) -> Q:
    """Invoices past their due date with something left to pay (`true`), or all others."""
    late = Q(kind=Kind.INVOICE, number__isnull=False, due__lt=clock.today(), paid__lt=F("gross"))
    ids = Invoice.objects.filter(late).values("pk")
    wanted = (values[-1].lower() == "true") == (operator != "not")
    return Q(pk__in=ids) if wanted else ~Q(pk__in=ids)


def days_late(invoice: Invoice) -> int:
    """Days past the due date of an invoice that is not paid; 0 for all others."""
    if invoice.due is None or invoice.kind != Kind.INVOICE or services.payable(invoice) <= 0:
        return 0
    return max((clock.today() - invoice.due).days, 0)


def age(invoice: Invoice) -> str:
    """The age bucket of what is overdue."""
    late = days_late(invoice)
    for limit, words in ((0, ""), (30, _t("1–30 days")), (60, _t("31–60 days")), (90, _t("61–90 days"))):
        if late <= limit:
            return words
    return _t("over 90 days")


def name_of(invoice: Invoice) -> str:
    """The legal number, or that it is a draft."""
    return invoice.number or _t("Draft")


INVOICES = pages.List(
    name="bss_billing:invoice-list",
    model=Invoice,
    title=_("Invoices"),
    icon="file-invoice",
    section="billing",
    order=10,
    key="b",
    rows=_invoices,
    columns=[
        pages.Column("number", _("Number"), name_of, link=True, sort="number"),
        pages.Column(
            "customer",
            _("Customer"),
            "account.customer.party.name",
            link="account.customer",
            sort="account__customer__party__name",
        ),
        pages.Column(
            "account", _("Account"), "account.number", link="account", sort="account__number", hidden=True
        ),
        pages.Column("status", _("Status"), badge=INVOICE_STATUS, sort=True),
        pages.Column("kind", _("Kind"), badge=INVOICE_KIND, sort=True, hidden=True),
        pages.Column("date", _("Bill date"), "bill_date", kind="date", sort="bill_date"),
        pages.Column("due", _("Due"), kind="date", sort=True),
        pages.Column("age", _("Overdue"), age, sort="due"),
        pages.Column("gross", _("Total"), kind="money", currency="currency", sort=True),
        pages.Column("open", _("Still to pay"), "open_amount", kind="money", currency="currency"),
        pages.Column("currency", _("Currency"), sort=True, hidden=True),
        pages.Column("dunning", _("Dunning"), link=lambda row: _case_url(row)),
        pages.Column("sent", _("Last sent"), kind="when", sort=True, hidden=True),
        pages.Column("disputed", _("Disputed"), kind="bool", sort=True, hidden=True),
        pages.Column("run", _("Bill run"), link="run", sort="run__number", hidden=True),
        pages.Column("net", _("Net"), kind="money", currency="currency", sort=True, hidden=True),
        pages.Column("tax", _("VAT"), kind="money", currency="currency", sort=True, hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=S.choices),
        Filter("kind", "kind", "choice", _("Kind"), choices=Kind.choices),
        Filter("customer", "account__customer__number", "text", _("Customer")),
        Filter("account", "account__number", "text", _("Account")),
        Filter("run", "run__number", "text", _("Bill run")),
        Filter("date", "bill_date", "date", _("Bill date")),
        Filter("due", "due", "date", _("Due")),
        Filter("overdue", "due", "bool", _("Overdue"), operators=("eq", "not"), build=overdue),
        Filter("gross", "gross", "money", _("Total")),
        Filter("currency", "currency", "text", _("Currency")),
        Filter("disputed", "disputed", "bool", _("Disputed")),
        Filter("corrects", "corrects__number", "text", _("Corrects")),
    ],
    search=("number", "account__number", "account__customer__party__name"),
    default_sort="-created",
    views=[
        ("open", _("Not paid"), OPEN),
        ("overdue", _("Overdue"), "overdue=true"),
        ("drafts", _("Drafts"), "status=draft"),
        ("notes", _("Credit notes"), "kind=credit_note"),
        ("disputed", _("Disputed"), "disputed=true"),
    ],
    live=True,
    row_class=lambda row: "danger" if days_late(row) > 30 else "warn" if days_late(row) else "",
    empty=pages.Empty(_("Invoices come of bill runs: what is owed, line by line, with why.")),
    bulk=[
        pages.Bulk(
            "send",
            _("Send"),
            permission=CHANGE,
            each=lambda call: services.send_invoice(invoice=call.object),
            why_not=lambda invoice, user: _send_why_not(invoice, user),
        ),
    ],
)


def _case_url(invoice: Any) -> str | None:
    return reverse("bss_billing:case-detail", args=[invoice.dunning]) if invoice.dunning else None


# ------------------------------------------------------------------------------------------------------- the lines


LINES = pages.List(
    name="bss_billing:line-list",
    model=InvoiceLine,
    title=_("Lines"),
    rows=lambda user: InvoiceLine.objects.visible_to(user).select_related("invoice", "product"),
    columns=[
        pages.Column("position", _("Line"), kind="number", sort=True, link=lambda line: why_url(line)),
        pages.Column("kind", _("Kind"), badge=LINE_KIND, sort=True),
        pages.Column("text", _("Text"), sort=True, link=lambda line: why_url(line)),
        pages.Column(
            "invoice",
            _("Invoice"),
            lambda line: name_of(line.invoice),
            link="invoice",
            sort="invoice__number",
        ),
        pages.Column("product", _("Product"), "product.number", link="product", sort="product__number"),
        pages.Column("start", _("From"), "period_start", kind="date", sort="period_start"),
        pages.Column("end", _("Until"), "period_end", kind="date", sort="period_end"),
        pages.Column("quantity", _("Quantity"), kind="number", sort=True),
        pages.Column("unit", _("Unit"), lambda line: services.unit_name(line.unit), sort="unit"),
        pages.Column("price", _("Unit price"), "unit_price", kind="money", currency="invoice.currency"),
        pages.Column("vat", _("VAT"), "tax_percent", kind="percent", sort="tax_percent"),
        pages.Column("net", _("Net"), kind="money", currency="invoice.currency", sort=True),
    ],
    filters=[
        Filter("invoice", "invoice_id", "uuid", _("Invoice")),
        Filter("kind", "kind", "choice", _("Kind"), choices=InvoiceLine.Kind.choices),
        Filter("product", "product__number", "text", _("Product")),
        Filter("subscription", "subscription_id", "uuid", _("Charge")),
        Filter("net", "net", "money", _("Net")),
    ],
    search=("text", "product__number"),
    default_sort="position",
    empty=pages.Empty(_("This document has no lines.")),
)


def why_url(line: InvoiceLine) -> str:
    """Where a line says why it costs what it costs."""
    return reverse("bss_billing:line-why", args=[INVOICE.key_of(line.invoice), line.position])


# -------------------------------------------------------------------------------------------------------- the page


class InvoicePage(pages.Detail):
    """Drafts have no number yet: their address is their id, and it is not shown."""

    def key_of(self, row: Any) -> str:
        return row.number or str(row.pk)

    def key_is(self, text: str) -> Q:
        try:
            return Q(pk=UUID(text))
        except ValueError:
            return Q(number=text.upper())

    def _context(self, row: Any, request: HttpRequest, shown: Any) -> dict[str, Any]:
        return {**super()._context(row, request, shown), "number": row.number or ""}


def _posted(invoice: Invoice) -> str:
    return "" if invoice.is_posted else _t("It is a draft")


def _open_why_not(invoice: Invoice, user: Any) -> str:
    return _posted(invoice) or ("" if services.payable(invoice) > 0 else _t("Nothing is open on it"))


def _send_why_not(invoice: Invoice, user: Any) -> str:
    return _posted(invoice) or (_t("It is on hold") if invoice.status == S.ON_HOLD else "")


def _credit_why_not(invoice: Invoice, user: Any) -> str:
    return _posted(invoice) or (_t("It is a credit note") if invoice.kind == Kind.CREDIT_NOTE else "")


def _hold_why_not(invoice: Invoice, user: Any) -> str:
    if invoice.lifecycle.allows(invoice.status, S.ON_HOLD):
        return ""
    return _t("It is %(status)s") % {"status": invoice.get_status_display().lower()}


def _release_why_not(invoice: Invoice, user: Any) -> str:
    return "" if invoice.status == S.ON_HOLD else _t("It is not on hold")


def _dispute_why_not(invoice: Invoice, user: Any) -> str:
    return _open_why_not(invoice, user) or (_t("It is disputed already") if invoice.disputed else "")


def _undispute_why_not(invoice: Invoice, user: Any) -> str:
    return "" if invoice.disputed else _t("It is not disputed")


def _use_why_not(invoice: Invoice, user: Any) -> str:
    left = invoice.is_posted and invoice.open_amount < 0
    return "" if left else _t("No credit is left on it")


def _pay(call: Call) -> Any:
    """Book the money, and let it pay this invoice before any other."""
    data, invoice = call.data, call.object
    reference = data.pop("reference")
    named = reference if invoice.number in reference else f"{invoice.number} {reference}".strip()
    return services.receive_payment(account=invoice.account, reference=named, **data)


def _overview(invoice: Invoice, user: Any) -> Mapping[str, Any]:
    """The first lines with the way to their derivation, VAT by rate, what paid it, and what corrects it."""
    lines = list(invoice.lines.select_related("product").order_by("position")[: LINES_SHOWN + 1])
    for line in lines:
        line.invoice = invoice
    settled = invoice.credits_given if invoice.kind == Kind.CREDIT_NOTE else invoice.allocations
    return {
        "lines": [(line, services.unit_name(line.unit), why_url(line)) for line in lines[:LINES_SHOWN]],
        "more": INVOICE.url(invoice, "lines") if len(lines) > LINES_SHOWN else "",
        "taxes": invoice.taxes.order_by("pk"),
        "settled": settled.select_related("payment", "credit_note", "invoice", "write_off").order_by(
            "created"
        ),
        "notes": invoice.corrected_by.order_by("created"),
        "pdf": reverse("bss_billing:invoice-pdf", args=[INVOICE.key_of(invoice)]),
        "twin": reverse("bss_billing:invoice-document", args=[INVOICE.key_of(invoice)]),
        "late": days_late(invoice),
    }


def _usage(invoice: Invoice) -> dict[str, str]:
    lines = invoice.lines.filter(kind=InvoiceLine.Kind.USAGE).values_list("pk", flat=True)
    return {"line": ",".join(map(str, lines)) or str(invoice.pk)}


INVOICE = InvoicePage(
    name="bss_billing:invoice-detail",
    model=Invoice,
    rows=_invoices,
    title="account.customer.party.name",
    list=INVOICES,
    status=("status", INVOICE_STATUS),
    identify=("number",),
    find=("number",),
    states={"open": {"status__in": [S.VALIDATED, S.SENT, S.PARTIALLY_PAID, S.ON_HOLD]}},
    words=("invoice", "facture"),
    facts=[
        pages.Fact(_("Customer"), "account.customer", link=True),
        pages.Fact(_("Account"), "account", link=True),
        pages.Fact(_("Bill date"), "bill_date", kind="date"),
        pages.Fact(_("Due"), "due", kind="date"),
        pages.Fact(_("Total"), "gross", kind="money", currency="currency"),
        pages.Fact(_("Still to pay"), "open_amount", kind="money", currency="currency"),
    ],
    fields=[
        pages.Fact(_("Kind"), "kind", badge=INVOICE_KIND),
        pages.Fact(_("Corrects"), "corrects", link=True),
        pages.Fact(_("Bill run"), "run", link=True),
        pages.Fact(_("Issued"), "issued", kind="date"),
        pages.Fact(_("Last sent"), "sent", kind="time"),
        pages.Fact(_("Disputed"), "disputed", kind="bool"),
        pages.Fact(_("Dunning"), "dunning", link=_case_url),
        pages.Fact(_("Your reference"), "buyer.reference"),
    ],
    overview="bss/billing/_invoice.html",
    context=_overview,
    live=True,
    tabs=[
        pages.Tab("lines", _("Lines"), list=LINES, lock=lambda invoice: {"invoice": str(invoice.pk)}),
        pages.Tab(
            "notes",
            _("Credit notes"),
            list=INVOICES,
            lock=lambda invoice: {"corrects": invoice.number or "-"},
        ),
        pages.Tab("usage", _("Usage"), list="bss_usage:record-list", lock=_usage),
    ],
    actions=[
        pages.Action(
            "pay",
            _("Record a payment"),
            permission="bss_billing.add_payment",
            form=forms.PayForm,
            initial=lambda invoice: {"amount": services.payable(invoice)},
            run=_pay,
            why_not=_open_why_not,
            done=_("Payment booked"),
            primary=True,
            icon="cash",
            shortcut="p",
        ),
        pages.Action(
            "send",
            _("Send"),
            permission=CHANGE,
            run=lambda call: services.send_invoice(invoice=call.object),
            why_not=_send_why_not,
            effects=lambda invoice, user: (
                [_t("It was sent before: the customer gets it once more")] if invoice.sent else []
            ),
            secondary=True,
            icon="send",
        ),
        pages.Action(
            "credit",
            _("Credit note"),
            permission="bss_billing.void_invoice",
            form=forms.CreditNoteForm,
            run=lambda call: services.credit_note(invoice=call.object, **call.data),
            why_not=_credit_why_not,
            effects=lambda invoice, user: [
                _t("A numbered credit note is posted; it pays what is still open of this invoice"),
                _t("What was paid already becomes the customer’s credit"),
            ],
            goto=pages.url_of,
            secondary=True,
            icon="receipt-refund",
        ),
        pages.Action(
            "use",
            _("Use the credit"),
            permission="bss_billing.change_payment",
            form=forms.OpenInvoiceForm,
            run=lambda call: services.use_credit(note=call.object, **call.data),
            why_not=_use_why_not,
            icon="link",
        ),
        pages.Action(
            "dispute",
            _("Mark as disputed"),
            permission=DISPUTE,
            form=forms.ReasonForm,
            run=lambda call: services.dispute_invoice(invoice=call.object, **call.data),
            why_not=_dispute_why_not,
            effects=lambda invoice, user: [_t("Dunning leaves it out until the dispute is settled")],
            icon="scale",
        ),
        pages.Action(
            "settle",
            _("Settle the dispute"),
            permission=DISPUTE,
            form=forms.ReasonForm,
            run=lambda call: services.settle_dispute(invoice=call.object, **call.data),
            why_not=_undispute_why_not,
            icon="check",
        ),
        pages.Action(
            "hold",
            _("Put on hold"),
            permission=CHANGE,
            form=forms.ReasonForm,
            run=lambda call: services.hold_invoice(invoice=call.object, **call.data),
            why_not=_hold_why_not,
            effects=lambda invoice, user: [_t("It is neither sent nor dunned; what is on it stays owed")],
            icon="player-pause",
        ),
        pages.Action(
            "release",
            _("Take off hold"),
            permission=CHANGE,
            form=forms.OptionalReasonForm,
            run=lambda call: services.release_invoice(invoice=call.object, **call.data),
            why_not=_release_why_not,
            icon="player-play",
        ),
        pages.Action(
            "write-off",
            _("Write off"),
            permission="bss_billing.write_off",
            form=forms.ReasonForm,
            run=lambda call: services.write_off(invoice=call.object, **call.data),
            why_not=_open_why_not,
            effects=lambda invoice, user: [_t("What is open is booked as a loss and never asked for again")],
            danger=True,
            icon="trash",
        ),
    ],
)
