"""How states and days of billing look."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _t

from bss.billing.models import (
    Adjustment,
    BillRun,
    DunningCase,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    Payment,
    Subscription,
)
from kernel import pages

INVOICE_STATUS = pages.badges(
    "bss_billing.invoice",
    Invoice.Status,
    draft="grey edit",
    on_hold="amber player-pause",
    validated="blue file-invoice",
    sent="blue send",
    partially_paid="amber cash",
    settled="green check end",
    void="grey trash end",
)
INVOICE_KIND = pages.badges(
    "bss_billing.kind", Invoice.Kind, invoice="blue file-invoice", credit_note="amber receipt-refund"
)
RUN_STATUS = pages.badges(
    "bss_billing.run",
    BillRun.Status,
    selected="grey list-check",
    drafted="blue edit",
    checked="blue clipboard-check",
    approved="amber shield-check",
    posted="green file-invoice",
    delivered="green send end",
    discarded="grey trash end",
)
PAYMENT_STATUS = pages.badges(
    "bss_billing.payment", Payment.Status, done="green check", refunded="grey arrow-back-up end"
)
ADJUSTMENT_STATUS = pages.badges(
    "bss_billing.adjustment",
    Adjustment.Status,
    proposed="amber hourglass",
    approved="blue check",
    applied="green file-invoice end",
    rejected="red x end",
)
CASE_STATUS = pages.badges(
    "bss_billing.case",
    DunningCase.Status,
    open="amber mail",
    suspending="amber hourglass",
    suspended="red player-pause",
    reconnecting="blue refresh",
    closed="green check end",
)
CHARGE_KIND = pages.badges(
    "bss_billing.charge", Subscription.Kind, one_off="grey tag", recurring="blue refresh"
)
LINE_KIND = pages.badges(
    "bss_billing.line",
    InvoiceLine.Kind,
    one_off="grey tag",
    recurring="blue refresh",
    usage="blue activity",
    discount="green discount",
    adjustment="amber scale",
)
ENTRY_KIND = pages.badges(
    "bss_billing.entry",
    LedgerEntry.Kind,
    invoice="blue file-invoice",
    payment="green cash",
    refund="amber arrow-back-up",
    write_off="red trash",
)


def plain_day(day: date) -> str:
    """A calendar day inside a sentence: 22 Nov 2026."""
    return str(date_format(day, _t("j M Y")))
