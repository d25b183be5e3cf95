"""Doors of customers: parties, accounts, contacts, sites, agreements, callers."""

from bss.customers.services.accounts import (
    ACCOUNT_IN_USE,
    change_account,
    close_account,
    open_account,
    reopen_account,
    suspend_account,
)
from bss.customers.services.callers import Verification, record_interaction, verify_caller
from bss.customers.services.contacts import (
    add_contact,
    change_contact,
    consents_of,
    prefer_contact,
    reach,
    record_consent,
    remove_contact,
)
from bss.customers.services.duplicates import MERGE, Duplicate, find_duplicates, merge_customers
from bss.customers.services.parties import (
    activate_customer,
    change_customer,
    change_party,
    close_customer,
    create_customer,
    create_party,
    set_party_status,
)
from bss.customers.services.sites import (
    add_site,
    approve_agreement,
    change_site,
    end_agreement,
    reject_agreement,
    sign_agreement,
)

__all__ = [
    "ACCOUNT_IN_USE",
    "MERGE",
    "Duplicate",
    "Verification",
    "activate_customer",
    "add_contact",
    "add_site",
    "approve_agreement",
    "change_account",
    "change_contact",
    "change_customer",
    "change_party",
    "change_site",
    "close_account",
    "close_customer",
    "consents_of",
    "create_customer",
    "create_party",
    "end_agreement",
    "find_duplicates",
    "merge_customers",
    "open_account",
    "prefer_contact",
    "reach",
    "record_consent",
    "record_interaction",
    "reject_agreement",
    "remove_contact",
    "reopen_account",
    "set_party_status",
    "sign_agreement",
    "suspend_account",
    "verify_caller",
]
