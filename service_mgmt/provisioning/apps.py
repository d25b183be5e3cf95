from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProvisioningConfig(AppConfig):
    """Service orders and the workflows that fulfil them on the elements."""

    name = "service_mgmt.provisioning"
    label = "service_mgmt_provisioning"
    verbose_name = _("Provisioning")
    roles = {
        "noc": ["view_*", "override_order_step"],
        "engineer": ["view_*", "override_order_step", "change_fallout"],
        "care": ["view_*"],
        "sales": ["view_*"],
        "billing": ["view_*"],
        "manager": ["view_*"],
        "product": ["view_*"],
        "integrator": ["view_*", "add_serviceorder", "change_serviceorder"],
    }

    def ready(self) -> None:
        # Importing the package registers the workflows with the engine, which lies below them.
        from kernel.audit import AUDIT
        from service_mgmt.provisioning import workflows  # noqa: F401
        from service_mgmt.provisioning.services import audit_books, slots

        slots.fill()
        AUDIT.fill(audit_books)
