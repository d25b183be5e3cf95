"""Doors of alarms."""

from oss.alarms.services.books import audit_books
from oss.alarms.services.correlation import Correlation, correlate
from oss.alarms.services.explain import because
from oss.alarms.services.intake import Datagram, handle_syslog, handle_trap, ingest
from oss.alarms.services.maintenance import (
    Preview,
    end_maintenance,
    plan_maintenance,
    preview_maintenance,
)
from oss.alarms.services.notices import Notice
from oss.alarms.services.operators import (
    accept_grouping,
    acknowledge,
    comment,
    group,
    severity_of_elements,
    unacknowledge,
    ungroup,
)
from oss.alarms.services.picture import SETTLE
from oss.alarms.services.reported import report, revise
from oss.alarms.services.state import Intake, clear, clear_many, raise_alarm, raise_many
from oss.alarms.services.sweep import Swept, sweep

__all__ = [
    "SETTLE",
    "Correlation",
    "Datagram",
    "Intake",
    "Notice",
    "Preview",
    "Swept",
    "accept_grouping",
    "acknowledge",
    "audit_books",
    "because",
    "clear",
    "clear_many",
    "comment",
    "correlate",
    "end_maintenance",
    "group",
    "handle_syslog",
    "handle_trap",
    "ingest",
    "plan_maintenance",
    "preview_maintenance",
    "raise_alarm",
    "raise_many",
    "report",
    "revise",
    "severity_of_elements",
    "sweep",
    "unacknowledge",
    "ungroup",
]
