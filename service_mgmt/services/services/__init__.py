"""Doors of the service inventory. Impact questions are asked of `services.impact`."""

from service_mgmt.services.services.feasibility import feasibility, network_facts
from service_mgmt.services.services.impact import impact_of
from service_mgmt.services.services.instances import (
    activate,
    change_characteristics,
    design_services,
    family,
    resume,
    suspend,
    terminate,
)
from service_mgmt.services.services.intents import elements_of, intents_of, subscriber_name
from service_mgmt.services.services.reservations import commit, give_back, give_back_all, reserve

__all__ = [
    "activate",
    "change_characteristics",
    "commit",
    "design_services",
    "elements_of",
    "family",
    "feasibility",
    "give_back",
    "give_back_all",
    "impact_of",
    "intents_of",
    "network_facts",
    "reserve",
    "resume",
    "subscriber_name",
    "suspend",
    "terminate",
]
