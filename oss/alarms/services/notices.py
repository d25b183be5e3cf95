"""What the state machine of alarms is fed with: one normalised piece of news about one key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from oss.alarms.models import AlarmType, ProbableCause, Severity
from oss.alarms.models.alarm import OWN_SYSTEM


@dataclass(frozen=True)
class Notice:
    """A sign that a condition holds, or with severity `cleared` that it is over.

    `key` names the condition ("port:<id>:link"); empty: only to be kept among the notifications. `at` is the event's
    time. `secondary` marks a clear that merely follows from the message (a link that is up also has power): it leaves
    no trace when there is nothing to clear. `forced` clears whatever the order of events says: a person's word.
    `refused` is kept as such, and does nothing. `guessed`: the severity is not the sender's own word.
    """

    key: str
    at: datetime
    source: str
    severity: str = Severity.INDETERMINATE
    alarm_type: str = AlarmType.COMMUNICATIONS
    probable_cause: str = ProbableCause.OTHER
    specific_problem: str = ""
    element_id: UUID | None = None
    port_id: UUID | None = None
    link_id: UUID | None = None
    location_id: UUID | None = None
    service_affecting: bool = False
    expires: datetime | None = None
    proposed_repair: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    system: str = OWN_SYSTEM
    external_id: str = ""
    kind: str = ""
    text: str = ""
    peer: str = ""
    secondary: bool = False
    forced: bool = False
    refused: bool = False
    guessed: bool = False

    @property
    def clears(self) -> bool:
        """Whether it says that the condition is over."""
        return self.severity == Severity.CLEARED
