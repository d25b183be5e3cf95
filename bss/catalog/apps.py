from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    """What is sold and at which price: specifications, offerings, prices, tariffs and allowances."""

    name = "bss.catalog"
    label = "bss_catalog"
    verbose_name = _("Catalogue")
    roles = {
        "product": ["*"],
        "care": ["view_*"],
        "sales": ["view_*"],
        "billing": ["view_*"],
        "finance": ["view_*"],
        "manager": ["view_*"],
        "noc": ["view_*"],
        "engineer": ["view_*"],
        "integrator": ["view_*", "add_*", "change_*"],
        "customer": [
            "view_productoffering",
            "view_offeringprice",
            "view_productspecification",
            "view_allowance",
        ],
    }
