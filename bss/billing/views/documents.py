"""An invoice's document, and why each of its lines costs what it costs."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _t

from bss.billing import services
from bss.billing.models import Invoice, InvoiceLine
from bss.billing.views.invoices import INVOICE
from kernel import pages, permissions
from kernel.pages.respond import personal

VIEW = "bss_billing.view_invoice"


@permissions.requires(VIEW)
def pdf(request: HttpRequest, key: str) -> HttpResponse:
    """The PDF as issued; a draft, or somebody else's invoice, is not there."""
    invoice = _posted(request, key)
    answer = HttpResponse(services.pdf_of(invoice=invoice), content_type="application/pdf")
    shown = "inline" if "inline" in request.GET else "attachment"
    answer["Content-Disposition"] = f'{shown}; filename="{invoice.number}.pdf"'
    return personal(answer)


@permissions.requires(VIEW)
def document(request: HttpRequest, key: str) -> HttpResponse:
    """The same as a page, in the language of the document: what the PDF says, where a PDF does not suit."""
    invoice = _posted(request, key)
    context = {
        "title": invoice.number,
        "document": services.content_of(invoice=invoice),
        "language": invoice.language,
        "invoice": invoice,
    }
    return pages.render(request, "bss/billing/document.html", context)


def _posted(request: HttpRequest, key: str) -> Invoice:
    invoice: Invoice = INVOICE.get(key, request.user)
    if not invoice.is_posted:
        raise Http404
    return invoice


@permissions.requires(VIEW, "bss_billing.view_invoiceline")
def why(request: HttpRequest, key: str, position: int) -> HttpResponse:
    """Why this amount: the arithmetic in words and every row behind it, each one click away."""
    invoice = INVOICE.get(key, request.user)
    line = invoice.lines.select_related("product__offering").filter(position=position).first()
    if line is None:
        raise Http404
    line.invoice = invoice
    context = {
        "title": _t("Why this amount"),
        "line": line,
        "invoice": invoice,
        "why": services.why(line=line),
        "usage": _usage(line),
        "orders": _orders(line),
        "back": INVOICE.url(invoice),
    }
    return pages.render(request, "bss/billing/why.html", context, partial="bss/billing/_why.html")


def _usage(line: InvoiceLine) -> str:
    """Address of all records that a line bills, among those of its invoice."""
    if line.kind != InvoiceLine.Kind.USAGE or line.product is None:
        return ""
    wanted = {
        "product": line.product.number,
        "kind": line.derivation["kind"],
        "zone": line.derivation["zone"],
    }
    return f"{INVOICE.url(line.invoice, 'usage')}?{urlencode(wanted)}"


def _orders(line: object) -> list[object]:
    """The orders that brought or changed the product of a line."""
    product = getattr(line, "product", None)
    if product is None:
        return []
    items = product.order_items.select_related("order").order_by("-id")[:5]
    return list(dict.fromkeys(item.order for item in items))
