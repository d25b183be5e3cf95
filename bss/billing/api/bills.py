"""TMF678: bills, the rates on them, and bills on demand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Max, Min, OuterRef, Q, QuerySet, Subquery

from bss.billing import services
from bss.billing.events import InvoicePosted
from bss.billing.models import Invoice, InvoiceLine
from bss.customers.models import BillingAccount
from kernel import tmf
from kernel.filtering import Filter
from kernel.pages import registry
from kernel.tmf.fields.base import Plan, Reader, Row
from kernel.tmf.render import day

BILLS = tmf.Api("678", "Customer Bill Management", "/tmf-api/customerBillManagement/v4", document="4.0.0")
S = Invoice.Status

STATES = {
    S.DRAFT: "new",
    S.ON_HOLD: "onHold",
    S.VALIDATED: "validated",
    S.SENT: "sent",
    S.PARTIALLY_PAID: "partiallyPaid",
    S.SETTLED: "settled",
}
# The document explains them as "normal … or credit note for example".
CATEGORIES = {"invoice": "normal", "credit_note": "credit note"}
ACCOUNT = tmf.Ref(
    "billingAccount",
    "account",
    type="BillingAccount",
    to="666/billingAccount",
    label="account__name",
    read_only=True,
    mandatory=True,
)
CUSTOMER = tmf.Ref(
    "customer",
    "account__customer",
    type="Customer",
    to="629/customer",
    label="account__customer__party__name",
    role="customer",
)


class Documents(tmf.Computed):
    """`billDocument`: the PDF of a posted bill; of a draft, the page that shows it."""

    def reader(self, plan: Plan) -> Reader:
        key, number, base = plan.column("pk"), plan.column("number"), plan.base

        def read(row: Row) -> list[dict[str, Any]]:
            name = row[number]
            page = "bss_billing:invoice-pdf" if name else "bss_billing:invoice-detail"
            url = registry.url(page, name or str(row[key]))
            return [
                {
                    "id": str(row[key]),
                    "name": f"{name}.pdf" if name else "draft",
                    "mimeType": "application/pdf" if name else "text/html",
                    "attachmentType": "bill",
                    **({"url": base + url} if url else {}),
                    "@type": "AttachmentRefOrValue",
                }
            ]

        return read


def remaining(gross: Decimal, paid: Decimal, currency: str) -> dict[str, Any]:
    """What is still to be paid."""
    return {"unit": currency, "value": float(gross - paid)}


def span(first: date | None, last: date | None) -> dict[str, Any] | None:
    """The days the lines of a bill cover."""
    if first is None:
        return None
    return {"startDateTime": day(first), **({"endDateTime": day(last)} if last is not None else {})}


MONEY = {"type": "object", "properties": {"unit": {"type": "string"}, "value": {"type": "number"}}}
PERIOD = {
    "type": "object",
    "properties": {
        "startDateTime": {"type": "string", "format": "date-time"},
        "endDateTime": {"type": "string", "format": "date-time"},
    },
}


def _release_to(wanted: str) -> Any:
    """Take a bill off hold, if that is where it then stands; a posted bill becomes `sent` by being sent."""

    def door(obj: Invoice, data: tmf.Data, user: tmf.User) -> None:
        if obj.status == S.VALIDATED and wanted == S.SENT:
            services.send_invoice(invoice=obj)
        elif obj.status == S.ON_HOLD and services.standing_of(obj) == wanted:
            services.release_invoice(invoice=obj, reason="REST")
        else:
            raise Invoice.lifecycle.refuse(obj.status, wanted)

    return door


@BILLS.resource
class CustomerBillResource(tmf.Resource[Invoice]):
    """An invoice or credit note. Only its state can be changed: on hold and back, and sent."""

    path, model = "customerBill", Invoice
    events = ("Create", "AttributeValueChange", "StateChange")
    events_from = {InvoicePosted: ("StateChange", "invoice_id")}
    fields = (
        tmf.Text("billNo", "number", read_only=True),
        tmf.State("state", "status", words=STATES, mandatory=True),
        tmf.Date("billDate", "bill_date", read_only=True),
        tmf.Date("paymentDueDate", "due", read_only=True),
        tmf.DateTime("lastUpdate", "updated", read_only=True),
        tmf.Choice("category", "kind", words=CATEGORIES, read_only=True),
        tmf.Computed(
            "runType",
            ("run__cycle_day", "run__account_id"),
            lambda cycle, account: "onCycle" if cycle is not None and account is None else "offCycle",
            schema={"type": "string", "enum": ["onCycle", "offCycle"]},
        ),
        tmf.Money("amountDue", "gross", read_only=True),
        tmf.Computed("remainingAmount", ("gross", "paid", "currency"), remaining, schema=MONEY),
        tmf.Money("taxExcludedAmount", "net", read_only=True),
        tmf.Money("taxIncludedAmount", "gross", read_only=True),
        tmf.Computed("billingPeriod", ("first_day", "last_day"), span, schema=PERIOD),
        ACCOUNT,
        tmf.Refs("relatedParty", CUSTOMER, read_only=True),
        Documents(
            "billDocument",
            ("number",),
            lambda number: None,
            schema={"type": "array", "items": {"type": "object"}},
            mandatory=True,
        ),
        tmf.Many(
            "appliedPayment",
            "allocations",
            (
                tmf.Money("appliedAmount", "amount", "invoice__currency"),
                tmf.Ref("payment", "payment", type="Payment", to="676/payment", label="payment__number"),
            ),
            where=Q(payment__isnull=False),
            read_only=True,
        ),
        tmf.Many(
            "taxItem",
            "taxes",
            (
                tmf.Text("taxCategory", "category"),
                tmf.Number("taxRate", "percent"),
                tmf.Money("taxAmount", "tax", "invoice__currency"),
            ),
            read_only=True,
        ),
        tmf.Bool("disputed", read_only=True, extension=True, doc="Whether the customer contests it"),
    )

    def queryset(self, user: tmf.User) -> QuerySet[Invoice]:
        """All but what was thrown away, with the days that the lines cover."""
        lines = InvoiceLine.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice")
        return (
            Invoice.objects.visible_to(user)
            .exclude(status=S.VOID)
            .annotate(
                first_day=Subquery(lines.annotate(d=Min("period_start")).values("d")),
                last_day=Subquery(lines.annotate(d=Max("period_end")).values("d")),
            )
        )

    moves = {
        "on_hold": lambda obj, data, user: services.hold_invoice(invoice=obj, reason="REST"),
        "validated": _release_to(S.VALIDATED),
        "sent": _release_to(S.SENT),
        "partially_paid": _release_to(S.PARTIALLY_PAID),
        "settled": _release_to(S.SETTLED),
    }


def _is_billed(operator: str, values: tuple[str, ...]) -> Q:
    wanted = (values[-1].lower() == "true") == (operator != "not")
    return Q(invoice__number__isnull=not wanted)


def _is_credit(operator: str, values: tuple[str, ...]) -> Q:
    match = Q(pk__in=[])
    if "appliedBillingCredit" in values:
        match |= Q(net__lt=0)
    if "appliedBillingCharge" in values:
        match |= Q(net__gte=0)
    return ~match if operator == "not" else match


EQUALS = ("eq", "not", "in")


@BILLS.resource
class AppliedCustomerBillingRateResource(tmf.Resource[InvoiceLine]):
    """One line of a bill, or of a draft of one (`isBilled` false); its characteristics say why it is this amount."""

    path, model = "appliedCustomerBillingRate", InvoiceLine
    fields = (
        tmf.Text("name", "text", read_only=True),
        tmf.Date("date", "invoice__bill_date", read_only=True),
        tmf.Computed(
            "type",
            ("net",),
            lambda net: "appliedBillingCredit" if net < 0 else "appliedBillingCharge",
            where=Filter("type", "net", operators=EQUALS, build=_is_credit),
        ),
        tmf.Computed(
            "isBilled",
            ("invoice__number",),
            lambda number: number is not None,
            schema={"type": "boolean"},
            where=Filter("isBilled", "invoice__number", "bool", operators=EQUALS, build=_is_billed),
            mandatory=True,
        ),
        tmf.Choice("kind", words=InvoiceLine.Kind, read_only=True, extension=True),
        tmf.Ref("bill", "invoice", type="CustomerBill", to="678/customerBill", label="", read_only=True),
        tmf.Ref(
            "billingAccount",
            "invoice__account",
            type="BillingAccount",
            to="666/billingAccount",
            label="invoice__account__name",
            read_only=True,
        ),
        tmf.Ref(
            "product",
            "product",
            type="Product",
            to="637/product",
            label="product__offering__name_en",
            read_only=True,
        ),
        tmf.Period("periodCoverage", "period_start", "period_end", read_only=True),
        tmf.Money("taxExcludedAmount", "net", "invoice__currency", read_only=True),
        tmf.Array(
            "appliedTax", (tmf.Text("taxCategory", "tax_category"), tmf.Number("taxRate", "tax_percent"))
        ),
        tmf.Characteristics("characteristic", "derivation", read_only=True, filter=False),
    )

    def queryset(self, user: tmf.User) -> QuerySet[InvoiceLine]:
        """Lines of all but what was thrown away."""
        return InvoiceLine.objects.visible_to(user).exclude(invoice__status=S.VOID)


@BILLS.task
class CustomerBillOnDemand(tmf.Task):
    """Bill an account now, outside its cycle: the bill is `new` until a second person has approved its run."""

    path, permission_name = "customerBillOnDemand", "bss_billing.run_billing"
    first_state = "inProgress"
    own_fields = (tmf.DateTime("lastUpdate", "updated", read_only=True),)
    fields = (
        tmf.Text("name", max_length=120),
        tmf.Text("description", max_length=400),
        tmf.Ref("billingAccount", type="BillingAccount", to="666/billingAccount", required=True),
        tmf.Ref("customerBill", type="CustomerBill", to="678/customerBill", label="", read_only=True),
    )

    def run(self, data: tmf.Data, user: tmf.User) -> Mapping[str, Any]:
        """Draft the bill; nothing due leaves the task `terminatedWithError` with the reason."""
        account: BillingAccount = data["billing_account"]
        invoice = services.bill_on_demand(account=account, by=user)
        return {"customerBill": {"id": str(invoice.pk), "@referredType": "CustomerBill"}}
