"""TMF676: payments received and paid back."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from bss.billing import services
from bss.billing.models import LedgerAccount, LedgerEntry, LedgerPosting, Payment
from kernel import tmf
from kernel.errors import Invalid

PAYMENTS = tmf.Api(
    "676",
    "Payment Management",
    "/paymentManagement/v4",
    document="4.0.0",
    aliases=("/tmf-api/paymentManagement/v4",),
)
METHODS = {
    Payment.Method.TRANSFER: "bankTransfer",
    Payment.Method.DIRECT_DEBIT: "directDebit",
    Payment.Method.CARD: "bankCard",
    Payment.Method.CASH: "cash",
}
# The standard has no word for money that came and went back; what is booked as received was never merely authorized.
STATES = {Payment.Status.DONE: "done", Payment.Status.REFUNDED: "canceled"}


def account(column: str = "account") -> tmf.Ref:
    """The billing account a payment or refund belongs to."""
    return tmf.Ref(
        "account",
        column,
        type="BillingAccount",
        to="666/billingAccount",
        label=f"{column}__name",
        required=True,
        mandatory=True,
        create_only=True,
    )


def customer(column: str = "account__customer") -> tmf.Ref:
    """The customer behind the account."""
    return tmf.Ref(
        "customer",
        column,
        type="Customer",
        to="629/customer",
        label=f"{column}__party__name",
        role="customer",
    )


ITEM = (
    tmf.Ref(
        "item", "invoice", type="CustomerBill", to="678/customerBill", label="invoice__number", required=True
    ),
    tmf.Money("totalAmount", "amount", "invoice__currency"),
)


@PAYMENTS.resource
class PaymentResource(tmf.Resource[Payment]):
    """Money received for an account. It pays the bills its items name, then those its description names, then the oldest.

    A second POST with the same `correlatorId` (the bank's id) gives the first payment again.
    """

    path, model = "payment", Payment
    events = ("Create", "AttributeValueChange", "StateChange")
    fields = (
        tmf.Text("name", "number", read_only=True),
        account(),
        tmf.Money("totalAmount", "amount", required=True, mandatory=True, create_only=True),
        tmf.Money("amount", read_only=True),
        tmf.Object(
            "paymentMethod",
            (tmf.Choice("name", "method", words=METHODS, required=True), tmf.Const("@type", "PaymentMethod")),
            flat=True,
            required=True,
            mandatory=True,
            create_only=True,
        ),
        tmf.Text("description", "reference", max_length=140, create_only=True),
        tmf.Text("correlatorId", "external_id", max_length=80, create_only=True),
        tmf.Choice("status", words=STATES, read_only=True),
        tmf.DateTime("paymentDate", "received", read_only=True),
        tmf.DateTime("statusDate", "updated", read_only=True),
        tmf.Many("paymentItem", "allocations", ITEM, create_only=True),
        tmf.Refs("relatedParty", customer(), read_only=True),
        tmf.Money(
            "unallocatedAmount",
            "unused",
            read_only=True,
            extension=True,
            filter=False,
            sort=False,
            doc="What of it pays nothing yet",
        ),
    )

    def queryset(self, user: tmf.User) -> QuerySet[Payment]:
        """Payments with what of them pays nothing yet."""
        return Payment.objects.visible_to(user).with_unused()

    def create(self, data: tmf.Data, user: tmf.User) -> Payment:
        """Book money received."""
        total = data["amount"]
        _same_currency(total.currency, data["account"].currency)
        items = [
            (item["invoice"], item["amount"].amount if "amount" in item else None)
            for item in data.get("allocations", [])
        ]
        return services.receive_payment(
            account=data["account"],
            amount=total.amount,
            method=data["method"],
            reference=data.get("reference", ""),
            external_id=data.get("external_id", ""),
            items=items,
        )


def _same_currency(unit: str, currency: str) -> None:
    if unit != currency:
        raise Invalid(
            _("The account is in %(currency)s") % {"currency": currency},
            code="payment.currency",
            fields={"totalAmount.unit": _("The account is in %(currency)s") % {"currency": currency}},
        )


@PAYMENTS.resource
class RefundResource(tmf.Resource[LedgerEntry]):
    """Money paid back: a whole payment (its bills are open again), or a part of what pays nothing yet."""

    path, model = "refund", LedgerEntry
    permissions = {"view": "bss_billing.view_ledgerentry", "create": "bss_billing.refund_payment"}
    fields = (
        account(),
        tmf.Ref(
            "payment",
            "payment",
            type="Payment",
            to="676/payment",
            label="payment__number",
            required=True,
            create_only=True,
        ),
        tmf.Money(
            "totalAmount", "back", "payment__currency", required=True, mandatory=True, create_only=True
        ),
        tmf.Object(
            "paymentMethod",
            (
                tmf.Choice("name", "payment__method", words=METHODS, required=True),
                tmf.Const("@type", "PaymentMethod"),
            ),
            flat=True,
            required=True,
            mandatory=True,
            create_only=True,
        ),
        tmf.Text("description", "text", max_length=200, create_only=True),
        tmf.DateTime("refundDate", "at", read_only=True),
        tmf.DateTime("statusDate", "at", read_only=True),
        tmf.Const("status", "done"),
    )

    def queryset(self, user: tmf.User) -> QuerySet[LedgerEntry]:
        """Entries that book money going back, with how much."""
        back = LedgerPosting.objects.filter(entry=OuterRef("pk"), ledger=LedgerAccount.RECEIVABLE)
        refunds = LedgerEntry.objects.visible_to(user).filter(kind=LedgerEntry.Kind.REFUND)
        return refunds.annotate(back=Subquery(back.values("amount")[:1]))

    def create(self, data: tmf.Data, user: tmf.User) -> LedgerEntry:
        """Pay back; the money itself leaves through the bank."""
        payment: Payment = data["payment"]
        fields: dict[str, Any] = {}
        if payment.account_id != data["account"].pk:
            fields["account"] = _("The payment is not of this account")
        if payment.method != data["method"]:
            fields["paymentMethod.name"] = _("Money goes back the way it came")
        if fields:
            raise Invalid(_("This refund does not fit its payment"), code="refund.invalid", fields=fields)
        _same_currency(data["back"].currency, payment.currency)
        reason = data.get("text", "") or "REST"
        services.refund(payment=payment, amount=data["back"].amount, reason=reason)
        return LedgerEntry.objects.filter(payment=payment, kind=LedgerEntry.Kind.REFUND).latest("pk")
