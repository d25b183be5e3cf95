"""Doors of the service inventory. Impact questions are asked of `services.impact`."""

from service_mgmt.services.services.books import audit_books
from service_mgmt.services.services.chains import chain_of, lines_of, needs_of, promises_slot, supports_of
from service_mgmt.services.services.feasibility import feasibility, network_facts
from service_mgmt.services.services.impact import impact_of, revenue_slot
from service_mgmt.services.services.instances import (
    activate,
    change_characteristics,
    design_service,
    design_services,
    family,
    rename,
    resume,
    suspend,
    terminate,
    withdraw,
)
from service_mgmt.services.services.intents import elements_of, intents_of, subscriber_name
from service_mgmt.services.services.reservations import commit, give_back, give_back_all, reserve
from service_mgmt.services.services.revenue import monthly_revenue, revenue_by_product

__all__ = [
    "activate",
    "audit_books",
    "chain_of",
    "change_characteristics",
    "commit",
    "design_service",
    "design_services",
    "elements_of",
    "family",
    "feasibility",
    "give_back",
    "give_back_all",
    "impact_of",
    "intents_of",
    "lines_of",
    "monthly_revenue",
    "needs_of",
    "network_facts",
    "promises_slot",
    "rename",
    "reserve",
    "resume",
    "revenue_by_product",
    "revenue_slot",
    "subscriber_name",
    "supports_of",
    "suspend",
    "terminate",
    "withdraw",
]
