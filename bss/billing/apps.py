from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    """Charges, bill runs, invoices, payments, ledger and dunning."""

    name = "bss.billing"
    label = "bss_billing"
    verbose_name = _("Billing")
    roles = {
        "billing": [
            "view_*",
            "change_invoice",
            "dispute_invoice",
            "add_payment",
            "change_payment",
            "add_adjustment",
            "run_billing",
            "run_dunning",
            "override_suspension",
            "add_taxrate",
            "change_taxrate",
        ],
        "finance": [
            "view_*",
            "finalise_invoice",
            "change_invoice",
            "dispute_invoice",
            "approve_adjustment",
            "void_invoice",
            "write_off",
            "refund_payment",
        ],
        "care": [
            "view_invoice",
            "view_invoiceline",
            "view_payment",
            "dispute_invoice",
            "view_subscription",
            "view_dunningcase",
            "add_adjustment",
            "view_adjustment",
        ],
        "sales": ["view_invoice", "view_subscription"],
        "manager": ["view_*", "approve_adjustment"],
        "product": ["view_invoice", "view_subscription"],
        "integrator": ["view_*", "add_payment", "change_invoice", "run_billing"],
        "customer": ["view_invoice", "view_invoiceline", "view_payment"],
    }

    def ready(self) -> None:
        from bss.billing import services
        from bss.billing.services import handed
        from bss.catalog.services import FIRST_BILL
        from bss.customers.services import ACCOUNT_IN_USE, BALANCES
        from kernel.audit import AUDIT

        BALANCES.fill(handed.balances)
        ACCOUNT_IN_USE.fill(handed.account_in_use)
        FIRST_BILL.fill(handed.first_bill)
        AUDIT.fill(services.audit_books)
