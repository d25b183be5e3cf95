from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class MonitoringConfig(AppConfig):
    """Polls elements, keeps measurements, and says who answers and which feeds are silent."""

    name = "oss.monitoring"
    label = "oss_monitoring"
    verbose_name = _("Monitoring")
    roles = {
        "noc": ["view_*", "poll_element"],
        "engineer": ["*"],
        "manager": ["view_*"],
        "integrator": ["view_*"],
    }

    def ready(self) -> None:
        # Framework signal: what the product defines is there after every migrate.
        from oss.monitoring.services import ensure_definitions

        post_migrate.connect(ensure_definitions, sender=self, dispatch_uid="oss_monitoring.definitions")
