"""Badges and permissions of alarms."""

from __future__ import annotations

from kernel import pages
from oss.alarms.models import (
    AckState,
    AlarmNotification,
    Maintenance,
    State,
)

ACK, CLEAR, COMMENT, GROUP, SUPPRESS = (
    f"oss_alarms.{verb}_alarm" for verb in ("ack", "clear", "comment", "group", "suppress")
)

STATE = pages.badges(
    "oss_alarms.alarm", State, raised="red bell", updated="red bell", cleared="green check end"
)
ACKED = pages.badges("oss_alarms.ack", AckState, unacknowledged="grey minus", acknowledged="blue check")
WINDOW = pages.badges(
    "oss_alarms.maintenance", Maintenance.Status, scheduled="grey calendar", active="amber tool",
    ended="grey check end", cancelled="grey x end",
)  # fmt: skip
OUTCOME = pages.badges(
    "oss_alarms.outcome", AlarmNotification.Outcome, raised="red bell", repeated="grey copy", cleared="green check",
    held="amber hourglass", late="grey clock", nothing="grey minus", noted="grey message", refused="red ban",
)  # fmt: skip
