from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class IncidentsConfig(AppConfig):
    """What people do about trouble: diagnose, rectify, tell, resolve."""

    name = "oss.incidents"
    label = "oss_incidents"
    verbose_name = _("Incidents")
    roles = {
        "noc": ["view_*", "add_incident", "change_incident", "command_incident", "approve_runbook"],
        "engineer": [
            "view_*",
            "add_incident",
            "change_incident",
            "command_incident",
            "approve_runbook",
            "*_runbook",
        ],
        "care": ["view_incident", "view_incidententry"],
        "manager": ["view_*"],
        "integrator": ["view_*", "add_incident", "change_incident"],
    }

    def ready(self) -> None:
        # Framework signal: the product's runbooks are there after every migrate.
        from kernel.slots import slot
        from oss.incidents.services import ensure_runbooks, marks

        post_migrate.connect(ensure_runbooks, sender=self, dispatch_uid="oss_incidents.runbooks")
        slot("oss_monitoring.marks").fill(marks.marks_of)
