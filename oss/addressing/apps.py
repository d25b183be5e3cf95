from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AddressingConfig(AppConfig):
    """Logical resources: prefixes and addresses, VLANs, telephone numbers, and who holds which."""

    name = "oss.addressing"
    label = "oss_addressing"
    verbose_name = _("Addresses and numbers")
    roles = {
        "noc": ["view_*"],
        "engineer": ["*"],
        "care": ["view_numberrange", "view_telephonenumber"],
        "sales": ["view_numberrange", "view_telephonenumber"],
        "manager": ["view_*"],
        "integrator": ["view_*"],
    }

    def ready(self) -> None:
        from kernel.audit import AUDIT
        from oss.addressing import services

        AUDIT.fill(services.audit_books)
