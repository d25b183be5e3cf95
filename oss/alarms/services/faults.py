"""From signs to faults: what is broken, concluded from alarms and the topology. Reads, never writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from oss.alarms.models import Alarm
from oss.alarms.services.normalise import key
from oss.alarms.services.picture import SETTLE, WINDOW, Fault, Picture

COHORT_LEAST, COHORT_SHARE = 3, 0.5


def find_faults(picture: Picture) -> list[Fault]:
    """Every fault the open alarms point to, the oldest first."""
    power = [*_site_power(picture), *_element_power(picture)]
    dead = {element for fault in power for element in fault.elements}
    down = _elements_down(picture, dead)
    dead |= {element for fault in down for element in fault.elements}
    found = [*power, *down, *_links(picture, dead), *_cohorts(picture)]
    return sorted(found, key=lambda fault: (fault.began, fault.key))


def _site_power(picture: Picture) -> list[Fault]:
    """Two or more elements of one place that lost their power together: the place did."""
    places: dict[UUID, list[Alarm]] = defaultdict(list)
    for alarm in picture.powerless.values():
        if alarm.element is not None:
            places[alarm.element.location_id].append(alarm)
    found = []
    for place, alarms in places.items():
        near = [alarm for alarm in alarms if alarm.raised - alarms[0].raised <= WINDOW]
        if len(near) < 2:
            continue
        location = near[0].element.location  # type: ignore[union-attr]
        found.append(
            Fault(
                key=f"location:{place}:power",
                rule="site_power",
                params={
                    "location": str(location),
                    "count": len(near),
                    "elements": ", ".join(sorted(str(alarm.element) for alarm in near)),
                },
                signs=tuple(near),
                root=picture.by_key.get(f"location:{place}:power"),
                elements=frozenset(alarm.element_id for alarm in near if alarm.element_id),
            )
        )
    return found


def _element_power(picture: Picture) -> list[Fault]:
    """Elements that announced the loss of their power."""
    together = {element for fault in _site_power(picture) for element in fault.elements}
    return [
        Fault(
            key=alarm.key,
            rule="element_power",
            params={"element": str(alarm.element)},
            signs=(alarm,),
            root=alarm,
            elements=frozenset([element]),
        )
        for element, alarm in picture.powerless.items()
        if element not in together
    ]


def _elements_down(picture: Picture, dead: set[UUID]) -> list[Fault]:
    """Silent elements all of whose links (two or more) are down, as only their other ends tell: the element itself."""
    found = []
    for element, alarm in picture.silent.items():
        links = picture.links_of(element)
        if element in dead or len(links) < 2:
            continue
        if all(_seen_from_outside_only(picture, link.pk, element) for link in links):
            found.append(
                Fault(
                    key=alarm.key,
                    rule="element_down",
                    params={"element": str(alarm.element), "count": len(links)},
                    signs=(alarm,),
                    root=alarm,
                    elements=frozenset([element]),
                )
            )
    return found


def _seen_from_outside_only(picture: Picture, link: UUID, element: UUID) -> bool:
    """A link that the element itself reported down broke while the element was still alive."""
    signs = picture.link_signs.get(link, [])
    return bool(signs) and all(sign.element_id != element for sign in signs)


def _links(picture: Picture, dead: set[UUID]) -> list[Fault]:
    """Links that are down, except where an element at one end is what broke."""
    found = []
    for link_id, signs in picture.link_signs.items():
        link = picture.links.get(link_id)
        if link is None or picture.ends(link_id) & dead:
            continue
        name = f"link:{link_id}:down"
        both = len({sign.port_id for sign in signs}) == 2
        params: dict[str, object] = (
            {"link": link.name, "a": str(link.port_a), "b": str(link.port_b)}
            if both
            else {"link": link.name, "port": str(signs[0].port)}
        )
        found.append(
            Fault(
                key=name,
                rule="link_down" if both else "link_down_one_end",
                params=params,
                signs=tuple(signs),
                root=picture.by_key.get(name),
                links=frozenset([link_id]),
            )
        )
    return found


def _cohorts(picture: Picture) -> list[Fault]:
    """Many customer lines of one element that failed together: the fault is on their common way, not at each."""
    lines: dict[UUID, list[Alarm]] = defaultdict(list)
    for alarm in picture.alarms:
        if alarm.element_id and alarm.port_id and alarm.link_id is None and _line_sign(alarm):
            lines[alarm.element_id].append(alarm)
    candidates = {
        element: alarms
        for element, alarms in lines.items()
        if len({a.port_id for a in alarms}) >= COHORT_LEAST
    }
    if not candidates:
        return []
    in_use = picture.customer_ports(candidates)
    found = []
    for element, alarms in candidates.items():
        near = _together(alarms)
        ports = {alarm.port_id for alarm in near}
        if len(ports) < max(COHORT_LEAST, in_use.get(element, 0) * COHORT_SHARE):
            continue
        powerless = {alarm.port_id for alarm in near if alarm.key.endswith(":power")}
        rule = "cohort_power" if powerless == ports else "cohort"
        name = f"element:{element}:{rule}"
        found.append(
            Fault(
                key=name,
                rule=rule,
                params={
                    "element": str(near[0].element),
                    "count": len(ports),
                    "total": in_use.get(element, len(ports)),
                },
                signs=tuple(near),
                root=picture.by_key.get(name),
                least=COHORT_LEAST,
            )
        )
    return found


def _line_sign(alarm: Alarm) -> bool:
    return alarm.service_affecting and alarm.key in {
        key("link", port=alarm.port_id),
        key("power", port=alarm.port_id),
    }


def _together(alarms: Sequence[Alarm]) -> list[Alarm]:
    """The largest set of alarms that began within one window."""
    best: list[Alarm] = []
    for start, first in enumerate(alarms):
        near = [alarm for alarm in alarms[start:] if alarm.raised - first.raised <= WINDOW]
        best = max(best, near, key=len)
    return best


def settled(fault: Fault, picture: Picture) -> bool:
    """Whether the fault's first signs have been here long enough to name it, or it was named before."""
    named = fault.root is not None and (
        fault.root.root_found is not None or fault.root.correlated is not None
    )
    return named or all(picture.at - sign.arrived >= SETTLE for sign in fault.signs)
