from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    """Parties, customers, billing accounts, contacts, sites, agreements, interactions and consent."""

    name = "bss.customers"
    label = "bss_customers"
    verbose_name = _("Customers")
    roles = {
        "care": ["view_*", "add_*", "change_*", "verify_caller"],
        "sales": ["view_*", "add_*", "change_*"],
        "product": ["view_customer", "view_agreement"],
        "billing": ["view_*", "change_billingaccount"],
        "finance": ["view_*"],
        "manager": ["view_*"],
        "noc": ["view_customer", "view_customersite"],
        "engineer": ["view_customer", "view_customersite"],
        "integrator": ["view_*", "add_*", "change_*"],
        "customer": [
            "view_customer",
            "view_party",
            "view_billingaccount",
            "view_contactmedium",
            "view_customersite",
            "view_agreement",
            "view_consent",
            "view_pii",
        ],
    }
