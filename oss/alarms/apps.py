from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlarmsConfig(AppConfig):
    """Takes signs from the network in, keeps one open alarm per condition, and finds what is behind many."""

    name = "oss.alarms"
    label = "oss_alarms"
    verbose_name = _("Alarms")
    roles = {
        "noc": ["view_*", "ack_alarm", "clear_alarm", "comment_alarm", "group_alarm", "suppress_alarm"],
        "engineer": ["view_*", "ack_alarm", "clear_alarm", "comment_alarm", "group_alarm", "suppress_alarm"],
        "care": ["view_alarm", "view_maintenance"],
        "manager": ["view_*"],
        "integrator": [
            "view_*",
            "add_alarm",
            "change_alarm",
            "ack_alarm",
            "clear_alarm",
            "comment_alarm",
            "group_alarm",
        ],
    }

    def ready(self) -> None:
        # The picture of the network colours its elements by what stands open on them.
        from kernel.audit import AUDIT
        from kernel.slots import slot
        from oss.alarms.services import audit_books, marks, severity_of_elements

        slot("oss_inventory.element_severity").fill(severity_of_elements)
        slot("oss_monitoring.marks").fill(marks.marks_of)
        AUDIT.fill(audit_books)
