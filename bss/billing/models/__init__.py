"""Models of billing, by topic."""

from bss.billing.models.charging import AccountOwnedQuerySet, Adjustment, Discount, Subscription, TaxRate
from bss.billing.models.invoices import (
    BillRun,
    Invoice,
    InvoiceDocument,
    InvoiceLine,
    InvoiceTax,
    RunFailure,
)
from bss.billing.models.money import (
    Allocation,
    DunningCase,
    DunningPolicy,
    DunningStep,
    LedgerAccount,
    LedgerEntry,
    LedgerPosting,
    Payment,
)
from bss.billing.models.reference import BillFormat, BillingCycle, BillMedia

__all__ = [
    "AccountOwnedQuerySet",
    "Adjustment",
    "Allocation",
    "BillFormat",
    "BillMedia",
    "BillRun",
    "BillingCycle",
    "Discount",
    "DunningCase",
    "DunningPolicy",
    "DunningStep",
    "Invoice",
    "InvoiceDocument",
    "InvoiceLine",
    "InvoiceTax",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerPosting",
    "Payment",
    "RunFailure",
    "Subscription",
    "TaxRate",
]
