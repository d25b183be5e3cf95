"""Doors of change management."""

from kernel.slots import slot
from service_mgmt.changes.services.execution import execute, review
from service_mgmt.changes.services.planning import (
    approve,
    assess,
    conflicts,
    draft,
    next_window,
    reject,
    renew_link,
    schedule,
    set_window,
    submit,
)

__all__ = [
    "approve",
    "assess",
    "conflicts",
    "draft",
    "execute",
    "fill_slots",
    "next_window",
    "reject",
    "renew_link",
    "review",
    "schedule",
    "set_window",
    "submit",
]


def fill_slots() -> None:
    """What this app answers for its sibling (called at start-up)."""
    slot("service_mgmt_problems.propose_change").fill(renew_link)
