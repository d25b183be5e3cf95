from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsageConfig(AppConfig):
    """Mediation and rating: usage in, each record guided to its product and priced, nothing lost on the way."""

    name = "bss.usage"
    label = "bss_usage"
    verbose_name = _("Usage")
    roles = {
        "billing": ["*"],
        "finance": ["view_*"],
        "manager": ["view_*"],
        "product": ["view_usagerecord", "view_usagesource", "view_bucket"],
        "care": ["view_usagerecord", "view_bucket", "view_usageidentifier", "view_accountingsession"],
        "sales": ["view_bucket"],
        "noc": ["view_usagesource", "view_usagefile", "view_usageidentifier", "view_accountingsession"],
        "engineer": ["view_usagesource", "view_usagefile", "view_usageidentifier", "view_accountingsession"],
        "integrator": ["view_*", "add_usagerecord", "add_usagefile"],
        "customer": ["view_usagerecord", "view_bucket", "view_usagespecification"],
    }

    def ready(self) -> None:
        from bss.usage import services
        from kernel.audit import AUDIT

        AUDIT.fill(services.audit_books)
