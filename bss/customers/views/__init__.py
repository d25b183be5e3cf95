"""Pages of customers."""

from bss.customers.views.accounts import ACCOUNT, ACCOUNT_CREATE, ACCOUNT_EDIT, ACCOUNTS
from bss.customers.views.contacts import CONTACT, CONTACT_EDIT, INTERACTIONS, SITE, SITE_EDIT, SITES
from bss.customers.views.customers import CUSTOMER, CUSTOMER_CREATE, CUSTOMER_EDIT, CUSTOMERS

__all__ = [
    "ACCOUNT",
    "ACCOUNTS",
    "ACCOUNT_CREATE",
    "ACCOUNT_EDIT",
    "CONTACT",
    "CONTACT_EDIT",
    "CUSTOMER",
    "CUSTOMERS",
    "CUSTOMER_CREATE",
    "CUSTOMER_EDIT",
    "INTERACTIONS",
    "SITE",
    "SITES",
    "SITE_EDIT",
]
