from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LevelsConfig(AppConfig):
    """Service levels: what was promised, what happened, what is credited."""

    name = "service_mgmt.levels"
    label = "service_mgmt_levels"
    verbose_name = _("Service levels")
    roles = {
        "noc": ["view_*"],
        "engineer": ["view_*"],
        "care": ["view_*"],
        "sales": ["view_sladefinition", "view_creditband", "view_slaagreement", "view_slaresult"],
        "product": ["view_*", "add_sladefinition", "change_sladefinition"],
        "billing": ["view_*"],
        "finance": ["view_*", "approve_credit"],
        "manager": ["view_*", "approve_credit", "add_sladefinition", "change_sladefinition", "void_clock"],
        "integrator": ["view_*"],
        "customer": ["view_slaagreement", "view_slaresult", "view_creditproposal"],
    }

    def ready(self) -> None:
        from bss.customers.services import MERGE
        from kernel.slots import slot
        from service_mgmt.levels.services import agreements, siblings
        from service_mgmt.services.services import promises_slot

        MERGE.fill(agreements.merge)
        promises_slot.fill(agreements.classes_of)
        slot("service_mgmt_problems.credits").fill(siblings.credits_of_incidents)
        slot("service_mgmt_changes.notice_periods").fill(siblings.notice_periods)
