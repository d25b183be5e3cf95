"""Incidents, their timeline, what was diagnosed, and what was done about it."""

from oss.incidents.models.diagnosis import Diagnosis, DiagnosisTest
from oss.incidents.models.incident import CauseCode, Impact, Incident, IncidentEntry, Priority, Urgency
from oss.incidents.models.runbooks import Runbook, RunbookRun, RunbookStep

__all__ = [
    "CauseCode",
    "Diagnosis",
    "DiagnosisTest",
    "Impact",
    "Incident",
    "IncidentEntry",
    "Priority",
    "Runbook",
    "RunbookRun",
    "RunbookStep",
    "Urgency",
]
