from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    """Qualification, quotes, product orders and the products that come of them."""

    name = "bss.orders"
    label = "bss_orders"
    verbose_name = _("Orders")
    roles = {
        "care": ["view_*", "add_*", "change_*"],
        "sales": ["view_*", "add_*", "change_*", "accept_productorder"],
        "product": ["view_*"],
        "billing": ["view_productorder", "view_productorderitem", "view_product", "view_productprice"],
        "finance": ["view_*"],
        "manager": ["view_*"],
        "noc": ["view_productorder", "view_productorderitem", "view_product"],
        "engineer": ["view_productorder", "view_productorderitem", "view_product"],
        "integrator": ["view_*", "add_*", "change_*", "accept_productorder"],
        "customer": [
            "view_productorder",
            "view_productorderitem",
            "view_product",
            "view_productprice",
            "view_quote",
        ],
    }

    def ready(self) -> None:
        from bss.customers.services import ACCOUNT_IN_USE, MERGE
        from bss.orders.services import audit_books, holdings
        from kernel.audit import AUDIT

        ACCOUNT_IN_USE.fill(holdings.account_in_use)
        MERGE.fill(holdings.merge)
        AUDIT.fill(audit_books)
