"""Every incident is asked whether it has been here before."""

from __future__ import annotations

from oss.incidents.events import IncidentOpened
from service_mgmt.problems import services


def detect(event: IncidentOpened) -> None:
    """Open or join a problem."""
    services.detect(incident_id=event.incident_id, at=event.at)


SUBSCRIBERS = {IncidentOpened: [detect]}
