"""Pages of service levels, and what they add to the pages of incidents, customers and services."""

from service_mgmt.levels.views.definitions import (
    AGREEMENT,
    AGREEMENTS,
    CLOCK_EVENT,
    CLOCK_EVENTS,
    DEFINITION,
    DEFINITION_CREATE,
    DEFINITION_EDIT,
    DEFINITIONS,
)
from service_mgmt.levels.views.outages import IMPACTS
from service_mgmt.levels.views.results import CREDIT_DETAIL, CREDITS, RESULT, RESULTS, report

__all__ = [
    "AGREEMENT",
    "AGREEMENTS",
    "CLOCK_EVENT",
    "CLOCK_EVENTS",
    "CREDITS",
    "CREDIT_DETAIL",
    "DEFINITION",
    "DEFINITIONS",
    "DEFINITION_CREATE",
    "DEFINITION_EDIT",
    "IMPACTS",
    "RESULT",
    "RESULTS",
    "report",
]
