"""TMF666: the accounts seen from the books, and the cycles, formats and media of bills."""

from __future__ import annotations

from django.db.models import QuerySet

from bss.billing.models import BillFormat, BillingCycle, BillMedia
from bss.customers.api import ACCOUNT_FIELDS, ACCOUNTS
from bss.customers.models import BillingAccount, Customer
from kernel import tmf


@ACCOUNTS.resource
class FinancialAccountResource(tmf.Resource[BillingAccount]):
    """The receivables of a billing account in the ledger; opened and closed with it."""

    path, model = "financialAccount", BillingAccount
    fields = ACCOUNT_FIELDS


@ACCOUNTS.resource
class SettlementAccountResource(tmf.Resource[BillingAccount]):
    """Accounts of wholesale customers: what operators settle between each other."""

    path, model = "settlementAccount", BillingAccount
    fields = ACCOUNT_FIELDS

    def queryset(self, user: tmf.User) -> QuerySet[BillingAccount]:
        """Only the wholesale segment."""
        return BillingAccount.objects.visible_to(user).filter(customer__segment=Customer.Segment.WHOLESALE)


@ACCOUNTS.resource
class BillingCycleSpecificationResource(tmf.Resource[BillingCycle]):
    """The billing days an account may have: monthly, on a day from 1 to 31, the last of a shorter month."""

    path, model, order = "billingCycleSpecification", BillingCycle, ("day",)
    fields = (
        tmf.Text("name", mandatory=True, read_only=True),
        tmf.Number("billingDateShift", "day", integer=True, read_only=True),
        tmf.Const("frequency", "monthly"),
        tmf.Const("billingPeriod", "P1M"),
        tmf.Number("accounts", integer=True, read_only=True, extension=True, doc="Accounts billed on it"),
    )


@ACCOUNTS.resource
class BillFormatResource(tmf.Resource[BillFormat]):
    """The forms in which documents are rendered."""

    path, model, order = "billFormat", BillFormat, ("pk",)
    fields = (tmf.Text("name", mandatory=True, read_only=True), tmf.Text("description", read_only=True))


@ACCOUNTS.resource
class BillPresentationMediaResource(tmf.Resource[BillMedia]):
    """The ways bills reach customers."""

    path, model, order = "billPresentationMedia", BillMedia, ("pk",)
    fields = (tmf.Text("name", mandatory=True, read_only=True), tmf.Text("description", read_only=True))
