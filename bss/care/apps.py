from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

SEE = [
    "view_noticepreference",
    "view_notice",
    "view_ticketmessage",
    "view_ticketqueue",
    "view_ticketstatuschange",
    "view_tickettarget",
    "view_troubleticket",
]


class CareConfig(AppConfig):
    """Trouble tickets with their clocks, and notices to customers."""

    name = "bss.care"
    label = "bss_care"
    verbose_name = _("Customer care")
    roles = {
        "care": ["*"],
        "noc": [*SEE, "add_troubleticket"],
        "engineer": SEE,
        "sales": [*SEE, "add_troubleticket"],
        "billing": [*SEE, "add_troubleticket"],
        "finance": SEE,
        "product": ["view_troubleticket", "view_ticketqueue"],
        "manager": ["view_*"],
        "integrator": [*SEE, "add_troubleticket", "change_troubleticket", "view_noticetemplate"],
        "customer": [
            "view_notice",
            "view_noticepreference",
            "view_ticketmessage",
            "view_ticketstatuschange",
            "view_troubleticket",
        ],
    }

    def ready(self) -> None:
        from bss.care.services import merging
        from bss.customers.services import MERGE

        MERGE.fill(merging.merge)
