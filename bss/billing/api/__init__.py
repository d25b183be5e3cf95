"""TMF678 bills, TMF676 payments and the accounts of TMF666 that billing keeps, over the doors of this app."""

from bss.billing.api import accounts, bills, payments
from bss.billing.api.bills import BILLS
from bss.billing.api.payments import PAYMENTS

__all__ = ["BILLS", "PAYMENTS", "accounts", "bills", "payments"]
