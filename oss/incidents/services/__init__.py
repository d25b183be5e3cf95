"""Doors of incidents."""

from kernel.slots import slot
from oss.incidents.services.definitions import ensure_runbooks
from oss.incidents.services.diagnosing import diagnose, run_diagnosis
from oss.incidents.services.following import recovered, root_found, symptoms_joined
from oss.incidents.services.incidents import (
    assign,
    close,
    merge,
    mitigate,
    open_incident,
    publish_update,
    reopen,
    resolve,
    set_eta,
    set_impact,
    split,
)
from oss.incidents.services.priority import impact_of, priority_of
from oss.incidents.services.rectifying import approve_runbook, rectify, reject_runbook, run_runbook, sweep
from oss.incidents.services.remedies import available_runbooks, target
from oss.incidents.services.timeline import note, pin
from oss.incidents.services.words import entry, finding

# What an upper layer shows in an incident's room: who is affected, what was told them, what was changed nearby.
impact_slot = slot("oss_incidents.impact")
communications_slot = slot("oss_incidents.communications")
changes_slot = slot("oss_incidents.changes")

__all__ = [
    "approve_runbook",
    "assign",
    "available_runbooks",
    "changes_slot",
    "close",
    "communications_slot",
    "diagnose",
    "ensure_runbooks",
    "entry",
    "finding",
    "impact_of",
    "impact_slot",
    "merge",
    "mitigate",
    "note",
    "open_incident",
    "pin",
    "priority_of",
    "publish_update",
    "recovered",
    "rectify",
    "reject_runbook",
    "reopen",
    "resolve",
    "root_found",
    "run_diagnosis",
    "run_runbook",
    "set_eta",
    "set_impact",
    "split",
    "sweep",
    "symptoms_joined",
    "target",
]
