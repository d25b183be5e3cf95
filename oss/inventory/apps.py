from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InventoryConfig(AppConfig):
    """Elements, ports, links and where they stand; the graph of who reaches whom."""

    name = "oss.inventory"
    label = "oss_inventory"
    verbose_name = _("Network inventory")
    roles = {
        "noc": ["view_*"],
        "engineer": ["*"],
        "care": ["view_location"],
        "sales": ["view_location"],
        "manager": ["view_*"],
        "integrator": ["view_*"],
    }

    def ready(self) -> None:
        from kernel.audit import AUDIT
        from oss.inventory import services

        AUDIT.fill(services.audit_books)
