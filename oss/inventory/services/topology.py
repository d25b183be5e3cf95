"""Import of a network from a topology file: places, types, elements, ports and links at once, as often as wished."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from kernel import journal, lifecycle
from kernel.errors import Invalid, StaleState
from oss.inventory.models import (
    DeviceType,
    Link,
    Location,
    Manufacturer,
    Media,
    NetworkElement,
    Port,
    PortKind,
    PortTemplate,
)

ELEMENT_KEYS = ("name", "vendor", "role", "model", "ports")
# How much the network stands on an element of each role, where the file does not say.
CRITICALITY = {"core": 5, "aggregation": 4, "bng": 4, "voice_gateway": 4, "access": 3, "cpe": 1}
MAX_LISTED = 20


@dataclass(frozen=True)
class Imported:
    """How many things an import added or changed."""

    locations: int = 0
    elements: int = 0
    changed: int = 0
    ports: int = 0
    links: int = 0


@transaction.atomic
def import_topology(data: dict[str, Any]) -> Imported:
    """Bring the inventory in line with a topology file (`elements`, `links`, optionally `sites` with coordinates).

    Adds what is missing, updates version, serial, place and address of what exists, removes nothing; a second run
    changes nothing. Elements and links come in service. Raises Invalid, with every fault at once, before anything
    is written.
    """
    if faults := list(_faults(data)):
        shown = "; ".join(faults[:MAX_LISTED])
        raise Invalid(_("The topology does not fit: %(faults)s") % {"faults": shown}, code="topology.invalid")
    places, new_places = _locations(data)
    types = _device_types(data["elements"])
    made, changed = _elements(data["elements"], types, places)
    ports = _ports(data["elements"])
    links = _links(data.get("links", []))
    return Imported(locations=new_places, elements=made, changed=changed, ports=ports, links=links)


# -- the file


def _role(entry: dict[str, Any]) -> str:
    return str(entry.get("role", "")).replace("-", "_")


def _port_rows(entry: dict[str, Any]) -> Iterator[tuple[str, int, int, str, str]]:
    """(name, interface index, Mbit/s, kind, media) of each port of one element of the file."""
    index = 0
    for group in entry["ports"]:
        kind = group.get("kind", PortKind.NETWORK)
        usual = Media.COPPER if kind == PortKind.CUSTOMER and group["speed_mbps"] <= 1000 else Media.FIBRE
        for name in _group_names(group):
            index += 1
            yield name, group.get("index", index), group["speed_mbps"], kind, group.get("media", usual)


def _group_names(group: dict[str, Any]) -> list[str]:
    if "name" in group:
        return [group["name"]]
    first = group.get("first", 0)
    return [f"{group['prefix']}{number}" for number in range(first, first + group["count"])]


def _pattern(group: dict[str, Any]) -> str:
    names = _group_names(group)
    first = group.get("first", 0)
    return names[0] if len(names) == 1 else f"{group['prefix']}[{first}-{first + group['count'] - 1}]"


def _faults(data: dict[str, Any]) -> Iterator[str]:
    elements = data.get("elements")
    if not isinstance(elements, list) or not elements:
        yield _("no elements")
        return
    ports: dict[str, set[str]] = {}
    for position, entry in enumerate(elements):
        where = entry.get("name") or f"elements[{position}]"
        if missing := [key for key in ELEMENT_KEYS if not entry.get(key)]:
            yield f"{where}: {_('missing')} {', '.join(missing)}"
            continue
        if _role(entry) not in NetworkElement.Role.values:
            yield f"{where}: {_('unknown role')} {entry['role']}"
        if where in ports:
            yield f"{where}: {_('named twice')}"
        try:
            names = [row[0] for row in _port_rows(entry)]
        except (KeyError, TypeError, ValueError) as error:
            yield f"{where}: {_('ports do not fit')}: {error!r}"
            continue
        if len(set(names)) != len(names):
            yield f"{where}: {_('a port is named twice')}"
        ports[where] = set(names)
    yield from _link_faults(data.get("links", []), ports)


def _link_faults(links: list[dict[str, Any]], ports: dict[str, set[str]]) -> Iterator[str]:
    used: set[tuple[str, str]] = set()
    names: set[str] = set()
    for position, link in enumerate(links):
        where = link.get("name") or f"links[{position}]"
        ends = [_end(end) for end in link.get("ends", [])]
        if len(ends) != 2 or not link.get("name"):
            yield f"{where}: {_('a link has a name and two ends')}"
            continue
        if where in names:
            yield f"{where}: {_('named twice')}"
        names.add(where)
        for element, port in ends:
            if port not in ports.get(element, set()):
                yield f"{where}: {_('no port')} {element} {port}"
            if (element, port) in used:
                yield f"{where}: {element} {port} {_('is an end of another link')}"
            used.add((element, port))


def _end(end: Any) -> tuple[str, str]:
    """An end is written ["cr1-pam", "xe-0/0/0"] in a topology and {"element": …, "port": …} in a state file."""
    return (end["element"], end["port"]) if isinstance(end, dict) else (end[0], end[1])


# -- the rows


def code_of(*names: str) -> str:
    """Short name of a place from its names: `Port-Armel`, `rue du Phare` → PORT-ARMEL.RUE-DU-PHARE."""
    return ".".join(slugify(name).upper() for name in names if name)[:60]


def _locations(data: dict[str, Any]) -> tuple[dict[str, Location], int]:
    """Locations by code, those of the file, and how many are new: `site` is a site, `location` a building in it."""
    sites = {entry["name"]: entry for entry in data.get("sites", [])}
    wanted: dict[str, Location] = {}
    for entry in data["elements"]:
        site, spot = _places(entry)
        extra = sites.get(site, {})
        wanted.setdefault(
            code_of(site),
            Location(
                kind=Location.Kind.SITE,
                code=code_of(site),
                name=site,
                **{
                    key: extra[key]
                    for key in ("latitude", "longitude", "street", "postcode", "city", "country")
                    if key in extra
                },
            ),
        )
        if spot:
            wanted.setdefault(
                code_of(site, spot),
                Location(kind=Location.Kind.BUILDING, code=code_of(site, spot), name=spot),
            )
    known = {place.code: place for place in Location.objects.filter(code__in=wanted)}
    fresh = [place for code, place in wanted.items() if code not in known]
    places = {**wanted, **known}
    for place in fresh:
        if place.kind == Location.Kind.BUILDING:
            place.parent = places[place.code.split(".")[0]]
    # Parents first: a row refers only to rows of the statements before it.
    for kind in (Location.Kind.SITE, Location.Kind.BUILDING):
        lifecycle.create_many([place for place in fresh if place.kind == kind])
    return places, len(fresh)


def _places(entry: dict[str, Any]) -> tuple[str, str]:
    site = entry.get("site") or "Network"
    spot = str(entry.get("location") or "").removeprefix(f"{site}, ").strip()
    return site, "" if spot == site else spot


def _device_types(elements: list[dict[str, Any]]) -> dict[tuple[str, str], DeviceType]:
    wanted = {(entry["vendor"].capitalize(), entry["model"]): entry for entry in elements}
    makers = {
        maker.name: maker for maker in Manufacturer.objects.filter(name__in=[maker for maker, _m in wanted])
    }
    fresh = sorted({maker for maker, _model in wanted} - set(makers))
    makers |= {
        maker.name: maker for maker in lifecycle.create_many([Manufacturer(name=name) for name in fresh])
    }
    types = {
        (row.manufacturer.name, row.model): row
        for row in DeviceType.objects.filter(manufacturer__in=makers.values()).select_related("manufacturer")
    }
    made = lifecycle.create_many(
        [
            DeviceType(manufacturer=makers[maker], model=model)
            for maker, model in wanted
            if (maker, model) not in types
        ]
    )
    templates = []
    for row in made:
        types[row.manufacturer.name, row.model] = row
        for position, group in enumerate(wanted[row.manufacturer.name, row.model]["ports"]):
            kind = group.get("kind", PortKind.NETWORK)
            templates.append(
                PortTemplate(
                    device_type=row,
                    position=position,
                    pattern=_pattern(group),
                    speed_mbps=group["speed_mbps"],
                    media=group.get("media", Media.COPPER if kind == PortKind.CUSTOMER else Media.FIBRE),
                    kind=kind,
                )
            )
    PortTemplate.objects.bulk_create(templates)
    return types


def _elements(
    entries: list[dict[str, Any]], types: dict[tuple[str, str], DeviceType], places: dict[str, Location]
) -> tuple[int, int]:
    known = {
        row.name: row for row in NetworkElement.objects.filter(name__in=[entry["name"] for entry in entries])
    }
    fresh, changed = [], 0
    for entry in entries:
        values = {
            "software_version": entry.get("version", ""),
            "serial": entry.get("serial", ""),
            "location": places[code_of(*_places(entry))],
            "management_address": entry.get("address") or None,
        }
        if (row := known.get(entry["name"])) is not None:
            version = row.version
            changed += lifecycle.change(row, reason="topology import", **values).version != version
            continue
        fresh.append(
            NetworkElement(
                name=entry["name"],
                role=_role(entry),
                device_type=types[entry["vendor"].capitalize(), entry["model"]],
                status=NetworkElement.Status.IN_SERVICE,
                criticality=entry.get("criticality", CRITICALITY[_role(entry)]),
                **values,
            )
        )
    return len(lifecycle.create_many(fresh, reason="topology import")), changed


def _ports(entries: list[dict[str, Any]]) -> int:
    elements = dict(
        NetworkElement.objects.filter(name__in=[entry["name"] for entry in entries]).values_list("name", "pk")
    )
    known = set(Port.objects.filter(element__in=elements.values()).values_list("element", "name"))
    rows = [
        Port(
            element_id=elements[entry["name"]],
            name=name,
            if_index=index,
            speed_mbps=speed,
            kind=kind,
            media=media,
        )
        for entry in entries
        for name, index, speed, kind, media in _port_rows(entry)
        if (elements[entry["name"]], name) not in known
    ]
    return len(Port.objects.bulk_create(rows, batch_size=2000))


def _links(entries: list[dict[str, Any]]) -> int:
    known = set(
        Link.objects.filter(name__in=[entry["name"] for entry in entries]).values_list("name", flat=True)
    )
    wanted = [entry for entry in entries if entry["name"] not in known]
    if not wanted:
        return 0
    names = {element for entry in wanted for element, _port in map(_end, entry["ends"])}
    ports = {
        (port.element.name, port.name): port
        for port in Port.objects.filter(element__name__in=names).select_related("element")
    }
    links = []
    for entry in wanted:
        port_a, port_b = (ports[_end(end)] for end in entry["ends"])
        links.append(
            Link(
                name=entry["name"],
                port_a=port_a,
                port_b=port_b,
                medium=entry.get("medium", Link.Medium.FIBRE),
                length_m=entry.get("length_m"),
                capacity_mbps=min(port_a.speed_mbps, port_b.speed_mbps),
                status=Link.Status.IN_SERVICE,
            )
        )
    lifecycle.create_many(links, reason="topology import")
    _occupy(links)
    return len(links)


def _occupy(links: list[Link]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE oss_inventory_port AS port SET usage = 'in_use', holder = link.id, version = port.version + 1
            FROM oss_inventory_link link
            WHERE link.id = ANY(%s::uuid[]) AND port.id IN (link.port_a_id, link.port_b_id) AND port.usage = 'free'
            """,
            [[str(link.pk) for link in links]],
        )
        if cursor.rowcount != 2 * len(links):
            raise StaleState(_("Both ports of a link must be free"), code="link.portTaken")
    journal.record_many(
        "port.in_use",
        [
            (port, {"usage": "free", "holder": None}, {"usage": "in_use", "holder": link.pk})
            for link in links
            for port in (link.port_a, link.port_b)
        ],
        reason="topology import",
    )
