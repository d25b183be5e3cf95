"""Doors of change management."""

from kernel.slots import slot
from service_mgmt.changes.services.actions import ACTIONS
from service_mgmt.changes.services.approval import approve, cancel, reject, schedule, submit, withdraw
from service_mgmt.changes.services.execution import abort, execute, review, run_change, start, sweep
from service_mgmt.changes.services.freezes import change_freeze, freeze, lift_freeze
from service_mgmt.changes.services.judging import assess, conflicts, judged
from service_mgmt.changes.services.notices import told
from service_mgmt.changes.services.planning import (
    add_step,
    change_draft,
    change_of,
    draft,
    next_window,
    plan_in_words,
    remove_step,
    renew_link,
    set_window,
)

__all__ = [
    "ACTIONS",
    "abort",
    "add_step",
    "approve",
    "assess",
    "cancel",
    "change_draft",
    "change_freeze",
    "change_of",
    "conflicts",
    "draft",
    "execute",
    "fill_slots",
    "freeze",
    "judged",
    "lift_freeze",
    "next_window",
    "plan_in_words",
    "reject",
    "remove_step",
    "renew_link",
    "review",
    "run_change",
    "schedule",
    "set_window",
    "start",
    "submit",
    "sweep",
    "told",
    "withdraw",
]


def fill_slots() -> None:
    """What this app answers for its sibling (called at start-up)."""
    slot("service_mgmt_problems.propose_change").fill(renew_link)
    slot("service_mgmt_problems.change").fill(change_of)
