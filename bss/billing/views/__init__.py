"""Pages of billing, and what billing adds to the pages below."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from bss.billing import services
from bss.billing.models import DunningCase, InvoiceLine
from bss.billing.views.adjustments import ADJUSTMENT, ADJUSTMENT_CREATE, ADJUSTMENTS
from bss.billing.views.board import MENU, board
from bss.billing.views.charges import CHARGE, CHARGES, RATE, RATE_CREATE, RATE_EDIT, RATES
from bss.billing.views.documents import document, pdf, why
from bss.billing.views.dunning import CASE, CASES
from bss.billing.views.home import CARDS
from bss.billing.views.invoices import INVOICE, INVOICES, LINES, why_url
from bss.billing.views.payments import ENTRIES, PAYMENT, PAYMENT_CREATE, PAYMENTS
from bss.billing.views.runs import LEFT_OUT, RUN, RUN_CREATE, RUNS
from bss.customers.models import BillingAccount, Customer
from bss.usage.models import UsageRecord, UsageTotal
from kernel import pages
from kernel.money import Money
from kernel.pages.formats import money

__all__ = [
    "ADJUSTMENT",
    "ADJUSTMENTS",
    "ADJUSTMENT_CREATE",
    "CARDS",
    "CASE",
    "CASES",
    "CHARGE",
    "CHARGES",
    "ENTRIES",
    "INVOICE",
    "INVOICES",
    "LEFT_OUT",
    "LINES",
    "MENU",
    "PAYMENT",
    "PAYMENTS",
    "PAYMENT_CREATE",
    "RATE",
    "RATES",
    "RATE_CREATE",
    "RATE_EDIT",
    "RUN",
    "RUNS",
    "RUN_CREATE",
    "board",
    "document",
    "pdf",
    "why",
]


def balance_of(account: BillingAccount) -> Money:
    """What an account owes now; below zero it is the customer's credit."""
    return Money(services.balance(account=account), account.currency)


def balances_of(customer: Customer) -> str:
    """What all accounts of a customer owe, currency by currency."""
    sums: dict[str, Decimal] = {}
    for _pk, currency, owed in services.owing(customer.accounts.all()):
        sums[currency] = sums.get(currency, Decimal(0)) + owed
    return " · ".join(money(amount, currency) for currency, amount in sums.items()) or "–"


def line_of(record: UsageRecord) -> InvoiceLine | None:
    """The invoice line that bills a usage record: that of the total it was counted in."""
    total = UsageTotal.objects.filter(
        batch=record.batch_id,
        product=record.product_id,
        kind=record.kind,
        zone=record.zone,
        tariff=record.tariff_id,
        cycle_start=record.cycle_start,
        line__isnull=False,
    ).first()
    if total is None:
        return None
    return InvoiceLine.objects.select_related("invoice__account").filter(pk=total.line).first()


def _billed(record: UsageRecord, user: Any) -> dict[str, Any]:
    line = line_of(record)
    return {"line": line, "why": why_url(line) if line is not None else ""}


def case_of(account: BillingAccount) -> DunningCase | None:
    """The dunning case that is open on an account."""
    return account.dunning_cases.exclude(status=DunningCase.Status.CLOSED).first()


VIEW_INVOICE = "bss_billing.view_invoice"
LEDGER = "bss_billing.view_ledgerentry"

pages.extend(
    "bss_customers:account-detail",
    facts=[
        pages.Fact(_("Balance"), balance_of, kind="money", permission=VIEW_INVOICE),
        pages.Fact(_("Dunning"), case_of, link=True, permission="bss_billing.view_dunningcase"),
    ],
    tabs=[
        pages.Tab("invoices", _("Invoices"), list=INVOICES, lock=lambda account: {"account": account.number}),
        pages.Tab("payments", _("Payments"), list=PAYMENTS, lock=lambda account: {"account": account.number}),
        pages.Tab("ledger", _("Ledger"), list=ENTRIES, lock=lambda account: {"account": account.number}),
        pages.Tab("charges", _("Charges"), list=CHARGES, lock=lambda account: {"account": account.number}),
        pages.Tab(
            "adjustments",
            _("Adjustments"),
            list=ADJUSTMENTS,
            lock=lambda account: {"account": account.number},
        ),
    ],
)
pages.extend(
    "bss_customers:customer-detail",
    facts=[pages.Fact(_("Balance"), balances_of, permission=VIEW_INVOICE)],
    tabs=[pages.Tab("bills", _("Bills"), list=INVOICES, lock=lambda customer: {"customer": customer.number})],
)
pages.extend(
    "bss_orders:product-detail",
    tabs=[
        pages.Tab("charges", _("Charges"), list=CHARGES, lock=lambda product: {"product": product.number}),
        pages.Tab("bills", _("Invoice lines"), list=LINES, lock=lambda product: {"product": product.number}),
    ],
)
pages.extend(
    "bss_usage:record-detail",
    rail=[
        pages.Panel(
            "billed", _("Billed"), "bss/billing/_billed.html", context=_billed, permission=VIEW_INVOICE
        )
    ],
)
