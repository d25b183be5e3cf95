"""What incidents do when alarms tell something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kernel.events import Event
from oss.alarms.events import AlarmCleared, RootFound, SymptomsJoined
from oss.incidents import services


def root_found(event: RootFound) -> None:
    """A root worth it opens an incident."""
    services.root_found(root_id=event.root_id, symptom_ids=event.symptom_ids, at=event.at)


def symptoms_joined(event: SymptomsJoined) -> None:
    """Late symptoms widen what is affected."""
    services.symptoms_joined(root_id=event.root_id, symptom_ids=event.symptom_ids, at=event.at)


def alarm_cleared(event: AlarmCleared) -> None:
    """The end of a root resolves its incident."""
    services.recovered(alarm_id=event.alarm_id)


SUBSCRIBERS: dict[type[Event], list[Callable[[Any], None]]] = {
    RootFound: [root_found],
    SymptomsJoined: [symptoms_joined],
    AlarmCleared: [alarm_cleared],
}
