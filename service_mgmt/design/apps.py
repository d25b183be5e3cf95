from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DesignConfig(AppConfig):
    """Service design: what can be sold because the network can do it."""

    name = "service_mgmt.design"
    label = "service_mgmt_design"
    verbose_name = _("Service design")
    roles = {
        "product": ["view_*", "add_*", "change_*"],
        "engineer": ["view_*", "add_*", "change_*", "approve_servicedesign"],
        "manager": ["view_*", "approve_servicedesign"],
        "sales": ["view_servicespecification"],
        "care": ["view_servicespecification"],
        "noc": ["view_*"],
        "integrator": ["view_*"],
    }

    def ready(self) -> None:
        from service_mgmt.design import services

        services.fill_slots()
