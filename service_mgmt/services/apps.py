from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ServicesConfig(AppConfig):
    """Service inventory: what customers have, what it rests on, what a fault touches."""

    name = "service_mgmt.services"
    label = "service_mgmt_services"
    verbose_name = _("Service inventory")
    roles = {
        "noc": ["view_*"],
        "engineer": ["view_*", "change_*"],
        "care": ["view_*"],
        "sales": ["view_*"],
        "billing": ["view_*"],
        "product": ["view_*"],
        "manager": ["view_*"],
        "integrator": ["view_*", "add_service", "change_service"],
        "customer": ["view_service"],
    }

    def ready(self) -> None:
        from bss.customers.services import MERGE
        from kernel.audit import AUDIT
        from kernel.slots import slot
        from service_mgmt.services import services
        from service_mgmt.services.services import instances

        slot("bss_orders.qualifier").fill(services.feasibility)
        slot("service_mgmt_design.network_facts").fill(services.network_facts)
        AUDIT.fill(services.audit_books)
        MERGE.fill(instances.merge)
        services.revenue_slot.fill(services.monthly_revenue)
