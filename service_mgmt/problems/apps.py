from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProblemsConfig(AppConfig):
    """Problems behind incidents that come back, known errors, permanent fixes."""

    name = "service_mgmt.problems"
    label = "service_mgmt_problems"
    verbose_name = _("Problems")
    roles = {
        "noc": ["view_*", "add_problem", "change_problem"],
        "engineer": ["view_*", "add_*", "change_*"],
        "care": ["view_knownerror", "view_problem"],
        "manager": ["view_*"],
        "integrator": ["view_*", "add_problem", "change_problem"],
    }

    def ready(self) -> None:
        from service_mgmt.problems import services

        services.fill_slots()
