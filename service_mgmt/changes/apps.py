from django.apps import AppConfig
from django.utils.translation import pgettext_lazy


class ChangesConfig(AppConfig):
    """Changes of the network under control: judged, approved, carried out in a window, taken back when they fail."""

    name = "service_mgmt.changes"
    label = "service_mgmt_changes"
    verbose_name = pgettext_lazy("change management", "Changes")
    roles = {
        "noc": ["view_*", "add_changerequest", "change_changerequest", "execute_changerequest"],
        "engineer": [
            "view_*",
            "add_changerequest",
            "change_changerequest",
            "approve_changerequest",
            "execute_changerequest",
            "*_freeze",
        ],
        "manager": ["view_*", "approve_changerequest", "*_freeze"],
        "care": ["view_changerequest"],
        "integrator": ["view_*", "add_changerequest", "change_changerequest"],
    }

    def ready(self) -> None:
        from service_mgmt.changes import services

        services.fill_slots()
