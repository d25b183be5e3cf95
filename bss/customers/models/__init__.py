"""Who buys and who pays: parties in their role as customers, and all that is known about them."""

from bss.customers.models.account import BillingAccount
from bss.customers.models.contact import Consent, ContactMedium, Interaction
from bss.customers.models.customer import Agreement, Customer, CustomerOwnedQuerySet, CustomerSite
from bss.customers.models.party import Party

__all__ = [
    "Agreement",
    "BillingAccount",
    "Consent",
    "ContactMedium",
    "Customer",
    "CustomerOwnedQuerySet",
    "CustomerSite",
    "Interaction",
    "Party",
]
