from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SouthboundConfig(AppConfig):
    """The only way to an element: drivers behind one contract, every command recorded."""

    name = "oss.southbound"
    label = "oss_southbound"
    verbose_name = _("Element access")
    roles = {
        "noc": ["view_elementsession", "view_managementendpoint"],
        "engineer": ["view_*", "add_*", "change_*"],
        "care": ["view_elementsession"],
    }
