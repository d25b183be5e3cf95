"""Doors of service levels."""

from service_mgmt.levels.services.agreements import (
    agree,
    agree_by_class,
    change_definition,
    class_of,
    define,
    end_agreements,
    install_definitions,
)
from service_mgmt.levels.services.clocks import (
    Forecast,
    end_maintenance,
    forecast,
    forecasts,
    pause_clock,
    record_maintenance,
    replay,
    replay_month,
    resume_clock,
    start_clock,
    stop_clock,
    take_back,
)
from service_mgmt.levels.services.measuring import Measured
from service_mgmt.levels.services.months import (
    Closed,
    approve_credit,
    close_due_months,
    close_month,
    reject_credit,
)
from service_mgmt.levels.services.outage import (
    apply_incident,
    end_incident,
    known_outages,
    planned_outage,
    planned_over,
    publish_update,
    reopen_incident,
)
from service_mgmt.levels.services.windows import record_windows

__all__ = [
    "Closed",
    "Forecast",
    "Measured",
    "agree",
    "agree_by_class",
    "apply_incident",
    "approve_credit",
    "change_definition",
    "class_of",
    "close_due_months",
    "close_month",
    "define",
    "end_agreements",
    "end_incident",
    "end_maintenance",
    "forecast",
    "forecasts",
    "install_definitions",
    "known_outages",
    "pause_clock",
    "planned_outage",
    "planned_over",
    "publish_update",
    "record_maintenance",
    "record_windows",
    "reject_credit",
    "reopen_incident",
    "replay",
    "replay_month",
    "resume_clock",
    "start_clock",
    "stop_clock",
    "take_back",
]
