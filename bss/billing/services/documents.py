"""Invoices as PDF: typst, data in as JSON, rendered once and kept as issued."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import typst
from babel.dates import format_date
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from bss.billing.models import Invoice, InvoiceDocument
from kernel.errors import Invalid
from kernel.money import Money

TEMPLATE = Path(__file__).resolve().parent.parent / "templates" / "bss" / "billing" / "invoice.typ"


def pdf_of(*, invoice: Invoice) -> bytes:
    """The document of a posted invoice, as issued: rendered at the first call, the same bytes ever after."""
    if invoice.number is None:
        raise Invalid(_("A draft has no document yet"), code="invoice.draft")
    kept = InvoiceDocument.objects.filter(invoice=invoice).first()
    if kept is not None:
        return bytes(kept.pdf)
    pdf = render(invoice)
    with transaction.atomic():
        InvoiceDocument.objects.bulk_create(
            [InvoiceDocument(invoice=invoice, pdf=pdf, digest=hashlib.sha256(pdf).hexdigest())],
            ignore_conflicts=True,
        )
    # A rival may have been first: what is kept is what was issued.
    return bytes(InvoiceDocument.objects.get(invoice=invoice).pdf)


def render(invoice: Invoice) -> bytes:
    """Typeset an invoice in its own language; values travel as JSON, never as template text."""
    values = json.dumps(content_of(invoice=invoice), ensure_ascii=False)
    pdf: bytes = typst.compile(str(TEMPLATE), sys_inputs={"data": values})
    return pdf


def content_of(*, invoice: Invoice) -> dict[str, Any]:
    """Everything that stands on the document, as text in its own language: the PDF and its HTML twin show the same."""
    with translation.override(invoice.language):
        return _values(invoice)


def _values(invoice: Invoice) -> dict[str, Any]:
    language, currency = invoice.language, invoice.currency

    def amount(value: Decimal) -> str:
        return Money(value, currency).format(language)

    def day(value: Any) -> str:
        return str(format_date(value, "long", locale=language)) if value else ""

    return {
        "language": language,
        "title": _("Credit note") if invoice.kind == Invoice.Kind.CREDIT_NOTE else _("Invoice"),
        "number": invoice.number,
        "corrects": invoice.corrects.number if invoice.corrects is not None else "",
        "issued": day(invoice.issued),
        "due": day(invoice.due),
        "seller": invoice.seller,
        "buyer": invoice.buyer,
        "lines": [
            {
                "text": line.text,
                "quantity": f"{line.quantity.normalize():f}"[:9],
                "unit": unit_name(line.unit),
                "price": amount(line.unit_price),
                "percent": f"{line.tax_percent.normalize():f} %" if line.tax_percent is not None else "–",
                "net": amount(line.net),
            }
            for line in invoice.lines.order_by("position")
        ],
        "taxes": [
            {
                "name": _("VAT %(percent)s %% on %(base)s")
                % {"percent": f"{(tax.percent or Decimal(0)).normalize():f}", "base": amount(tax.base)},
                "tax": amount(tax.tax),
                "note": _("VAT reverse charge: due by the customer") if tax.category == "AE" else "",
            }
            for tax in invoice.taxes.all()
        ],
        "net": amount(invoice.net),
        "gross": amount(invoice.gross),
        "labels": _labels(),
        "mentions": _mentions(invoice),
    }


def unit_name(unit: str) -> str:
    """The unit of a line in the present language."""
    names = {"month": _("month"), "min": _("min"), "GB": _("GB")}
    return names.get(unit, unit)


def _labels() -> dict[str, str]:
    return {
        "number": _("Number"),
        "issued": _("Date"),
        "due": _("To be paid by"),
        "customer": _("Customer"),
        "reference": _("Your reference"),
        "corrects": _("Corrects invoice"),
        "text": _("Description"),
        "quantity": _("Quantity"),
        "price": _("Unit price"),
        "vat": _("VAT"),
        "net": _("Net"),
        "total_net": _("Total net"),
        "total": _("Total to pay"),
        "page": _("Page"),
    }


def _mentions(invoice: Invoice) -> list[str]:
    """What the law wants on the document: registration, VAT numbers, late payment (Code de commerce L441-10)."""
    seller = invoice.seller
    found = [
        " · ".join(filter(None, [seller.get("name"), seller.get("legal_form"), seller.get("registration")])),
        _("VAT number %(number)s") % {"number": seller.get("vat_id", "")},
    ]
    if seller.get("country") == "FR":
        found.append(
            _(
                "Late payment: penalty at three times the legal interest rate and a flat recovery fee of €40. "
                "No discount for early payment."
            )
        )
    if iban := seller.get("iban"):
        found.append(_("Please pay to %(iban)s with the invoice number as reference.") % {"iban": iban})
    return found
