"""Pages of the service inventory: services, what they rest on, and what a fault would touch."""

from django.utils.translation import gettext_lazy as _

from kernel import pages
from service_mgmt.services.views.faults import impact
from service_mgmt.services.views.instances import SERVICE, SERVICES

MENU = [
    pages.MenuItem(
        "assurance",
        _("Impact"),
        "service_mgmt_services:impact",
        "service_mgmt_services.view_service",
        "topology-star",
        order=60,
    )
]

__all__ = ["MENU", "SERVICE", "SERVICES", "impact"]
