"""Alarms that other systems report and revise over the interface (TMF642)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from kernel import clock, lifecycle
from kernel.errors import IllegalMove, Invalid
from oss.alarms.models import Alarm, Severity, Source, State
from oss.alarms.services.normalise import Place
from oss.alarms.services.notices import Notice
from oss.alarms.services.places import place_of_ports
from oss.alarms.services.state import raise_many
from oss.inventory.models import Link, Location, NetworkElement

REVISABLE = {"specific_problem", "proposed_repair", "service_affecting", "perceived_severity"}


@transaction.atomic
def report(
    *,
    system: str,
    object_id: str,
    alarm_type: str,
    probable_cause: str,
    perceived_severity: str,
    raised: datetime | None = None,
    cleared: bool = False,
    external_id: str = "",
    specific_problem: str = "",
    service_affecting: bool = False,
    proposed_repair: str = "",
    details: str = "",
) -> Alarm:
    """Take an alarm of another system in; reported again under the same name it repeats, reported cleared it ends.

    `object_id` is the id of one of our ports, links, elements or places, an element's name, or a name of its own. Raises
    Invalid when something is reported over that we know nothing of, or raised that newer news says is over.
    """
    at = raised or clock.now()
    over = cleared or perceived_severity == Severity.CLEARED
    name = external_id or f"{object_id}:{probable_cause}:{specific_problem}"
    values = _object(object_id)
    notice = Notice(
        key=f"system:{system}:{name}"[:200],
        at=at,
        source=Source.API,
        severity=Severity.CLEARED if over else perceived_severity,
        alarm_type=alarm_type,
        probable_cause=probable_cause[:40],
        specific_problem=specific_problem or probable_cause,
        service_affecting=service_affecting,
        proposed_repair=proposed_repair,
        details={"text": details[:2000], "object": object_id[:200]},
        system=system,
        external_id=external_id,
        kind="reported",
        text=specific_problem or details[:300],
        **values,
    )
    intake = raise_many([notice])
    if intake.alarm_ids[0] is None:
        raise Invalid(
            _("There is no such open alarm") if over else _("Newer news says that this alarm is over"),
            code="alarm.nothingToClear" if over else "alarm.late",
        )
    return Alarm.objects.get(pk=intake.alarm_ids[0])


def _object(object_id: str) -> dict[str, Any]:
    """What of ours an identifier or an element's name means; nothing when it is a stranger's."""
    try:
        pk = UUID(object_id)
    except ValueError:
        found = NetworkElement.objects.filter(name=object_id).values_list("pk", flat=True).first()
        return {"element_id": found} if found else {}
    if (place := place_of_ports([pk]).get(pk)) is not None:
        return _of_port(place)
    if (link := Link.objects.filter(pk=pk).select_related("port_a").first()) is not None:
        return {"link_id": pk, "element_id": link.port_a.element_id}
    if NetworkElement.objects.filter(pk=pk).exists():
        return {"element_id": pk}
    return {"location_id": pk} if Location.objects.filter(pk=pk).exists() else {}


def _of_port(place: Place) -> dict[str, Any]:
    return {"port_id": place.port_id, "element_id": place.element_id, "link_id": place.link_id}


@transaction.atomic
def revise(*, alarm: Alarm, at: datetime | None = None, **values: Any) -> Alarm:
    """Change what an open alarm says of itself: severity, problem, repair, whether service is affected.

    Raises IllegalMove when it is cleared, Invalid for a severity that would clear it (that is `clear`).
    """
    if unknown := set(values) - REVISABLE:
        raise TypeError(f"cannot be revised: {sorted(unknown)}")
    if not alarm.is_open:
        raise IllegalMove(_("The alarm is over"), code="alarm.cleared")
    if values.get("perceived_severity") == Severity.CLEARED:
        raise Invalid(_("To clear an alarm, set its state"), code="alarm.severity")
    if "perceived_severity" in values:
        values["raised_severity"] = values["perceived_severity"]
    return lifecycle.move(alarm, State.UPDATED, cycle=Alarm.lifecycle, changed=at or clock.now(), **values)
