"""Doors of problem management: found by recurrence, analysed, fixed by a change, closed when it stays away."""

from kernel.slots import slot
from service_mgmt.problems.services.analysis import (
    cancel,
    change_done,
    change_known_error,
    change_of,
    change_problem,
    close,
    group,
    known_errors_of,
    open_from_incident,
    open_problem,
    party_of,
    problem_of,
    propose_change,
    record_cause,
    reject,
    resolve,
    retire_known_error,
    take,
    ungroup,
    verify_fix,
)
from service_mgmt.problems.services.cost import Cost, affected_services, cost_of
from service_mgmt.problems.services.detection import (
    attach_incident,
    detach_incident,
    detect,
    link_incident,
    problem_of_incident,
    signature_of,
)

__all__ = [
    "Cost",
    "affected_services",
    "attach_incident",
    "cancel",
    "change_done",
    "change_known_error",
    "change_of",
    "change_problem",
    "close",
    "cost_of",
    "detach_incident",
    "detect",
    "fill_slots",
    "group",
    "known_errors_of",
    "link_incident",
    "open_from_incident",
    "open_problem",
    "party_of",
    "problem_of",
    "problem_of_incident",
    "propose_change",
    "record_cause",
    "reject",
    "resolve",
    "retire_known_error",
    "signature_of",
    "take",
    "ungroup",
    "verify_fix",
]


def fill_slots() -> None:
    """What this app answers for its sibling (called at start-up)."""
    slot("service_mgmt_changes.done").fill(change_done)
    slot("service_mgmt_changes.problem").fill(problem_of)
