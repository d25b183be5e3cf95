"""What must hold of alarms whatever has crashed (`kernel.audit`)."""

from __future__ import annotations

from datetime import timedelta

from kernel import audit
from kernel.audit import PATIENCE, Check, Finding

CHECKS = (
    Check(
        "condition has more than one open alarm",
        """
        SELECT string_agg(number, ' and ' ORDER BY number), key FROM oss_alarms_alarm
        WHERE state <> 'cleared' GROUP BY key HAVING count(*) > 1""",
    ),
    Check(
        "symptom's root is a symptom itself",
        """
        SELECT s.number, 'root ' || r.number FROM oss_alarms_alarm s JOIN oss_alarms_alarm r ON r.id = s.root_id
        WHERE r.root_id IS NOT NULL AND s.state <> 'cleared'""",
    ),
    Check(
        "alarm that ends by itself has not ended",
        """
        SELECT number, 'expires ' || expires FROM oss_alarms_alarm WHERE state <> 'cleared' AND expires < %(overdue)s""",
    ),
)


def audit_books(older_than: timedelta = PATIENCE) -> list[Finding]:
    """What is wrong with alarms; an empty list means that each condition has at most one open row."""
    return audit.run("alarms", CHECKS, older_than)
