"""What monitoring found, as notices: elements that fell silent, ports that changed, limits that were crossed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from oss.alarms.models import AlarmType, ProbableCause, Severity, Source
from oss.alarms.services import normalise
from oss.alarms.services.normalise import Place
from oss.alarms.services.notices import Notice
from oss.alarms.services.places import place_of_ports
from oss.alarms.services.signs import Sign
from oss.alarms.services.state import Intake, raise_many
from oss.inventory.models import NetworkElement, Port
from oss.monitoring.models import Metric, Threshold


def element_turned(*, element_id: UUID, kind: str, at: datetime, text: str) -> Intake:
    """An element fell silent (`unreachable`), answers again (`reachable`) or began anew (`restart`)."""
    element = NetworkElement.objects.get(pk=element_id)
    place = Place(element_id=element.pk, element=element.name, role=element.role)
    return raise_many(normalise.notices(Sign(kind=kind, text=text), place, at=at, source=Source.POLL))


def port_turned(*, port_id: UUID, state: str, at: datetime) -> Intake:
    """A poll saw a port in another state than recorded. A port that nothing uses may be down without alarm."""
    place = place_of_ports([port_id]).get(port_id)
    if place is None or state not in {Port.OperState.UP, Port.OperState.DOWN}:
        return Intake([], [])
    if state == Port.OperState.DOWN and not place.serves:
        return Intake([], [])
    sign = Sign(kind=f"link_{state}", text=f"{place.port} polled {state}", port=place.port)
    return raise_many(normalise.notices(sign, place, at=at, source=Source.POLL))


def limit_crossed(
    *, threshold_id: UUID, metric: str, element_id: UUID, port_id: UUID | None, value: float, limit: float,
    severity: str, at: datetime,
) -> Intake:  # fmt: skip
    """A metric stayed beyond a limit."""
    threshold = Threshold.objects.get(pk=threshold_id)
    unit = "%" if threshold.of_speed else Metric.objects.get(code=metric).unit
    place = place_of_ports([port_id])[port_id] if port_id else None
    return raise_many(
        [
            Notice(
                key=_limit_key(threshold_id, element_id, port_id),
                at=at,
                source=Source.THRESHOLD,
                severity=severity,
                alarm_type=AlarmType.QUALITY,
                probable_cause=ProbableCause.THRESHOLD,
                specific_problem=f"{threshold.name}: {value:.4g} {unit}, limit {limit:.4g} {unit}".replace(
                    " ,", ","
                ),
                element_id=element_id,
                port_id=port_id,
                link_id=place.link_id if place else None,
                service_affecting=bool(place and place.serves),
                details={"metric": metric, "value": f"{value:.6g}", "limit": f"{limit:.6g}"},
                kind="threshold",
                text=f"{metric} {value:.6g}",
            )
        ]
    )


def limit_left(
    *, threshold_id: UUID, element_id: UUID, port_id: UUID | None, metric: str, value: float, at: datetime
) -> Intake:
    """A metric is back on the good side."""
    return raise_many(
        [
            Notice(
                key=_limit_key(threshold_id, element_id, port_id), at=at, source=Source.THRESHOLD,
                severity=Severity.CLEARED, element_id=element_id, kind="threshold", text=f"{metric} {value:.6g}",
            )
        ]
    )  # fmt: skip


def _limit_key(threshold_id: UUID, element_id: UUID, port_id: UUID | None) -> str:
    return normalise.key("threshold", port=port_id, element=element_id, subject=str(threshold_id))
