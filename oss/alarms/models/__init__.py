"""Alarms, what raised them, who took notice, and when they were expected."""

from oss.alarms.models.alarm import AckState, Alarm, AlarmType, ProbableCause, Severity, Source, State
from oss.alarms.models.maintenance import Maintenance, MaintenanceTarget
from oss.alarms.models.records import AlarmComment, AlarmNotification, CorrelationVerdict, EarlyClear

__all__ = [
    "AckState",
    "Alarm",
    "AlarmComment",
    "AlarmNotification",
    "AlarmType",
    "CorrelationVerdict",
    "EarlyClear",
    "Maintenance",
    "MaintenanceTarget",
    "ProbableCause",
    "Severity",
    "Source",
    "State",
]
