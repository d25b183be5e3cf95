from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

# Everything but `view_pii`: who has these sees personal data masked.
SEE = [
    "view_agreement",
    "view_billingaccount",
    "view_consent",
    "view_contactmedium",
    "view_customer",
    "view_customersite",
    "view_interaction",
    "view_party",
]


class CustomersConfig(AppConfig):
    """Parties, customers, billing accounts, contacts, sites, agreements, interactions and consent."""

    name = "bss.customers"
    label = "bss_customers"
    verbose_name = _("Customers")
    roles = {
        "care": [*SEE, "view_pii", "add_*", "change_*", "verify_caller", "merge_customer"],
        "sales": [*SEE, "view_pii", "add_*", "change_*"],
        "product": ["view_customer", "view_agreement"],
        "billing": [*SEE, "view_pii", "change_billingaccount"],
        "finance": SEE,
        "manager": SEE,
        "noc": ["view_customer", "view_customersite"],
        "engineer": ["view_customer", "view_customersite"],
        "integrator": [*SEE, "view_pii", "add_*", "change_*"],
        "customer": [*SEE, "view_pii"],
    }
