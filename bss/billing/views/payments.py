"""Payments and the ledger of accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bss.billing import forms, services
from bss.billing.models import LedgerAccount, LedgerEntry, LedgerPosting, Payment
from bss.billing.views.badges import ENTRY_KIND, PAYMENT_STATUS
from kernel import pages
from kernel.filtering import Filter
from kernel.pages import Call

S = Payment.Status


def _payments(user: Any) -> QuerySet[Payment]:
    return Payment.objects.visible_to(user).select_related("account__customer__party")


def unallocated(operator: str, values: tuple[str, ...]) -> Q:
    """Payments of which something pays nothing yet (`true`), or all others."""
    left = Q(amount__gt=F("allocated") + F("refunded"))
    return left if (values[-1].lower() == "true") == (operator != "not") else ~left


PAYMENTS = pages.List(
    name="bss_billing:payment-list",
    model=Payment,
    title=_("Payments"),
    icon="cash",
    section="billing",
    order=30,
    rows=_payments,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column(
            "customer",
            _("Customer"),
            "account.customer.party.name",
            link="account.customer",
            sort="account__customer__party__name",
        ),
        pages.Column("account", _("Account"), "account.number", link="account", sort="account__number"),
        pages.Column("received", _("Received"), kind="when", sort=True),
        pages.Column("method", _("Method"), "get_method_display", sort="method"),
        pages.Column("reference", _("Reference"), sort=True),
        pages.Column("amount", _("Amount"), kind="money", currency="currency", sort=True),
        pages.Column("left", _("Pays nothing yet"), "unallocated", kind="money", currency="currency"),
        pages.Column("status", _("Status"), badge=PAYMENT_STATUS, sort=True),
        pages.Column("refunded", _("Paid back"), kind="money", currency="currency", sort=True, hidden=True),
        pages.Column("bank", _("The bank’s id"), "external_id", sort="external_id", hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=S.choices),
        Filter("method", "method", "choice", _("Method"), choices=Payment.Method.choices),
        Filter("customer", "account__customer__number", "text", _("Customer")),
        Filter("account", "account__number", "text", _("Account")),
        Filter("received", "received", "datetime", _("Received")),
        Filter("amount", "amount", "money", _("Amount")),
        Filter(
            "left", "allocated", "bool", _("Pays nothing yet"), operators=("eq", "not"), build=unallocated
        ),
        Filter("reference", "reference", "text", _("Reference")),
    ],
    search=("number", "reference", "external_id", "account__number", "account__customer__party__name"),
    default_sort="-received",
    views=[("left", _("Not used up"), "left=true")],
    create="bss_billing:payment-create",
    live=True,
    row_class=lambda row: "muted" if row.status == S.REFUNDED else "",
    empty=pages.Empty(_("Money that came in stands here, with what it pays.")),
)


def _overview(payment: Payment, user: Any) -> Mapping[str, Any]:
    return {"allocations": payment.allocations.select_related("invoice").order_by("created")}


def _use_why_not(payment: Payment, user: Any) -> str:
    return "" if payment.unallocated > 0 else _t("All of it is used")


def _refund_why_not(payment: Payment, user: Any) -> str:
    return "" if payment.status == S.DONE else _t("It was paid back")


def _refund_effects(payment: Payment, user: Any) -> list[str]:
    found = [
        _t("%(invoice)s is open again, if the whole payment is paid back") % {"invoice": row.invoice}
        for row in payment.allocations.select_related("invoice")[:10]
    ]
    return [_t("The money leaves the bank account; this only books it"), *found]


PAYMENT = pages.Detail(
    name="bss_billing:payment-detail",
    model=Payment,
    rows=_payments,
    title="account.customer.party.name",
    list=PAYMENTS,
    status=("status", PAYMENT_STATUS),
    identify=("number", "external_id"),
    find=("number", "reference"),
    states={"open": {"status": S.DONE}},
    words=("payment", "paiement"),
    facts=[
        pages.Fact(_("Customer"), "account.customer", link=True),
        pages.Fact(_("Account"), "account", link=True),
        pages.Fact(_("Amount"), "amount", kind="money", currency="currency"),
        pages.Fact(_("Pays nothing yet"), "unallocated", kind="money", currency="currency"),
        pages.Fact(_("Received"), "received", kind="time"),
        pages.Fact(_("Method"), "get_method_display"),
    ],
    fields=[
        pages.Fact(_("Reference"), "reference"),
        pages.Fact(_("The bank’s id"), "external_id", kind="code"),
        pages.Fact(_("Allocated"), "allocated", kind="money", currency="currency"),
        pages.Fact(_("Paid back"), "refunded", kind="money", currency="currency"),
    ],
    overview="bss/billing/_payment.html",
    context=_overview,
    live=True,
    tabs=[
        pages.Tab(
            "ledger",
            _("Ledger"),
            list="bss_billing:entry-list",
            lock=lambda payment: {"payment": payment.number},
        )
    ],
    actions=[
        pages.Action(
            "allocate",
            _("Use it for an invoice"),
            permission="bss_billing.change_payment",
            form=forms.OpenInvoiceForm,
            run=lambda call: services.allocate(payment=call.object, **call.data),
            why_not=_use_why_not,
            primary=True,
            icon="link",
        ),
        pages.Action(
            "refund",
            _("Pay back"),
            permission="bss_billing.refund_payment",
            form=forms.RefundForm,
            run=lambda call: services.refund(payment=call.object, **call.data),
            why_not=_refund_why_not,
            effects=_refund_effects,
            danger=True,
            icon="arrow-back-up",
        ),
    ],
)


def _receive(call: Call) -> Payment:
    return services.receive_payment(**call.data)


def _receive_effects(call: Call) -> list[str]:
    """What the account owes now, and that the money is matched at once."""
    account = call.data["account"]
    owed = services.balance(account=account)
    return [
        _t("%(account)s owes %(amount)s %(currency)s now")
        % {"account": account, "amount": f"{owed:.2f}", "currency": account.currency},
        _t("It pays the invoices its reference names, then the oldest; dunning of what is paid ends"),
    ]


PAYMENT_CREATE = pages.FormPage(
    name="bss_billing:payment-create",
    title=_("New payment"),
    form=forms.PaymentForm,
    permission="bss_billing.add_payment",
    door=_receive,
    effects=_receive_effects,
    submit=_("Book the payment"),
)

# -------------------------------------------------------------------------------------------------------- the ledger


def _entries(user: Any) -> QuerySet[LedgerEntry]:
    """Entries with what they change on the account, and what it owes after each, counted from the very first."""
    mine = LedgerPosting.objects.filter(ledger=LedgerAccount.RECEIVABLE)
    until = mine.filter(entry__account=OuterRef("account_id")).filter(
        Q(entry__at__lt=OuterRef("at")) | Q(entry__at=OuterRef("at"), entry__lte=OuterRef("pk"))
    )
    return (
        LedgerEntry.objects.visible_to(user)
        .select_related("account", "invoice__account", "payment")
        .annotate(
            amount=Subquery(mine.filter(entry=OuterRef("pk")).values("amount")[:1]),
            balance=Subquery(until.order_by().values("ledger").annotate(s=Sum("amount")).values("s")),
        )
    )


ENTRIES = pages.List(
    name="bss_billing:entry-list",
    model=LedgerEntry,
    title=_("Ledger"),
    icon="book",
    section="billing",
    order=32,
    rows=_entries,
    columns=[
        pages.Column("day", _("Day"), kind="date", sort=True),
        pages.Column("account", _("Account"), "account.number", link="account", sort="account__number"),
        pages.Column("kind", _("Kind"), badge=ENTRY_KIND, sort=True),
        pages.Column(
            "document", _("Document"), lambda entry: entry.invoice or entry.payment, link=True
        ),
        pages.Column("text", _("Text"), sort=True),
        pages.Column("debit", _("Debit"), lambda entry: _side(entry, 1), kind="money", currency="account.currency"),
        pages.Column("credit", pgettext_lazy("ledger side", "Credit"),
                     lambda entry: _side(entry, -1), kind="money", currency="account.currency"),
        pages.Column("balance", _("Balance"), kind="money", currency="account.currency"),
        pages.Column("at", _("Booked"), kind="time", sort=True, hidden=True),
    ],
    filters=[
        Filter("account", "account__number", "text", _("Account")),
        Filter("customer", "account__customer__number", "text", _("Customer")),
        Filter("kind", "kind", "choice", _("Kind"), choices=LedgerEntry.Kind.choices),
        Filter("day", "day", "date", _("Day")),
        Filter("invoice", "invoice__number", "text", _("Invoice")),
        Filter("payment", "payment__number", "text", _("Payment")),
    ],
    search=("text", "invoice__number", "payment__number", "account__number"),
    default_sort="-at",
    live=True,
    empty=pages.Empty(_("Every invoice, payment and correction is booked here; nothing is ever changed.")),
)  # fmt: skip


def _side(entry: Any, sign: int) -> Any:
    amount = (entry.amount or 0) * sign
    return amount if amount > 0 else None
