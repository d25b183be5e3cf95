"""Doors to places, device types and network elements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from kernel import lifecycle
from kernel.errors import Invalid, NotAllowed
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

PORTS_MAX = 20_000


@dataclass(frozen=True)
class PortSpec:
    """A row of equal ports of an element or a device type; `pattern` as in PortTemplate, speed in Mbit/s."""

    pattern: str
    speed_mbps: int
    media: str = Media.FIBRE
    kind: str = PortKind.NETWORK


@transaction.atomic
def create_location(
    *, kind: str, code: str, name: str, parent: Location | None = None, **attributes: Any
) -> Location:
    """Add a place. Raises Invalid when the kind does not lie inside the parent's, or the code is taken."""
    _check_nesting(kind, parent)
    if (attributes.get("latitude") is None) != (attributes.get("longitude") is None):
        raise Invalid(
            _("Give latitude and longitude together"),
            code="location.coordinates",
            fields={"longitude": _("Together with the latitude")},
        )
    if not code or any(char.isspace() or char == "/" for char in code):
        raise Invalid(
            _("A code has no spaces and no slashes"), code="location.code", fields={"code": _("Does not fit")}
        )
    if Location.objects.filter(code=code).exists():
        raise Invalid(
            _("There is a location %(code)s already") % {"code": code},
            code="location.codeTaken",
            fields={"code": _("Taken")},
        )
    return lifecycle.create(Location(kind=kind, code=code, name=name, parent=parent, **attributes))


def _check_nesting(kind: str, parent: Location | None) -> None:
    order = [str(value) for value in Location.ORDER]
    if str(kind) not in order:
        raise Invalid(_("%(kind)s is not a kind of location") % {"kind": kind}, code="location.kind")
    if parent is not None and order.index(str(kind)) <= order.index(str(parent.kind)):
        raise Invalid(
            _("A %(kind)s cannot be part of a %(parent)s")
            % {"kind": Location.Kind(kind).label, "parent": Location.Kind(parent.kind).label},
            code="location.nesting",
            fields={"parent": _("Choose a larger kind of place")},
        )


@transaction.atomic
def change_location(*, location: Location, version: int | None = None, **changes: Any) -> Location:
    """Change what a place is called and where it lies; never its code, kind or what it is part of. Raises StaleVersion."""
    if fixed := set(changes) & {"code", "kind", "parent"}:
        raise Invalid(
            _("%(what)s of a place cannot be changed") % {"what": ", ".join(sorted(fixed))},
            code="location.fixed",
        )
    both = {name: changes.get(name, getattr(location, name)) for name in ("latitude", "longitude")}
    if (both["latitude"] is None) != (both["longitude"] is None):
        raise Invalid(
            _("Give latitude and longitude together"),
            code="location.coordinates",
            fields={"longitude": _("Together with the latitude")},
        )
    return lifecycle.change(location, version=version, **changes)


@transaction.atomic
def create_manufacturer(*, name: str) -> Manufacturer:
    """The manufacturer of that name, added when it is new."""
    found = Manufacturer.objects.filter(name=name).first()
    return found or lifecycle.create(Manufacturer(name=name))


@transaction.atomic
def create_device_type(
    *, manufacturer: Manufacturer, model: str, ports: Sequence[PortSpec] = ()
) -> DeviceType:
    """Add a device type with its port templates. Raises Invalid when it exists or a port name comes twice."""
    if DeviceType.objects.filter(manufacturer=manufacturer, model=model).exists():
        raise Invalid(
            _("%(maker)s %(model)s exists already") % {"maker": manufacturer, "model": model},
            code="deviceType.taken",
        )
    _port_names(ports)
    made = lifecycle.create(DeviceType(manufacturer=manufacturer, model=model))
    PortTemplate.objects.bulk_create(
        PortTemplate(
            device_type=made,
            position=position,
            pattern=spec.pattern,
            speed_mbps=spec.speed_mbps,
            media=spec.media,
            kind=spec.kind,
        )
        for position, spec in enumerate(ports)
    )
    return made


def create_element(
    *,
    name: str,
    role: str,
    device_type: DeviceType,
    location: Location,
    status: str = NetworkElement.Status.PLANNED,
    **attributes: Any,
) -> NetworkElement:
    """Add a network element with the ports of its type. Raises Invalid when the name is taken."""
    with _told(name):
        element = lifecycle.create(
            NetworkElement(
                name=name, role=role, device_type=device_type, location=location, status=status, **attributes
            )
        )
        if specs := _specs(device_type):
            _make_ports(element, specs, first_index=1)
    return element


@transaction.atomic
def create_elements(rows: Sequence[Mapping[str, Any]]) -> list[NetworkElement]:
    """Add several elements, each row as `create_element` takes it, with the ports of their types: all of them or none.

    Raises Invalid when a name is taken or comes twice.
    """
    names = Counter(row["name"] for row in rows)
    twice = next((name for name, count in names.items() if count > 1), None)
    taken = twice or NetworkElement.objects.filter(name__in=names).values_list("name", flat=True).first()
    if taken is not None:
        raise _name_taken(taken)
    with _told(next(iter(names), "")):
        elements = lifecycle.create_many([NetworkElement(**row) for row in rows])
    types = {element.device_type_id: element.device_type for element in elements}
    prefetch_related_objects(list(types.values()), "port_templates")
    specs = {pk: _specs(device_type) for pk, device_type in types.items()}
    ports = [port for element in elements for port in _ports(element, specs[element.device_type_id], 1)]
    Port.objects.bulk_create(ports, batch_size=2000)
    return elements


def _specs(device_type: DeviceType) -> list[PortSpec]:
    return [PortSpec(t.pattern, t.speed_mbps, t.media, t.kind) for t in device_type.port_templates.all()]


@transaction.atomic
def add_ports(*, element: NetworkElement, ports: Sequence[PortSpec]) -> list[Port]:
    """Add ports beyond those of the device type; interface indexes go on where they ended.

    Raises Invalid for a name the element has already.
    """
    taken = dict(Port.objects.filter(element=element).values_list("name", "if_index"))
    if clash := sorted(set(_port_names(ports)) & set(taken)):
        raise Invalid(
            _("%(element)s already has %(ports)s") % {"element": element, "ports": ", ".join(clash[:10])},
            code="port.nameTaken",
        )
    return _make_ports(element, ports, first_index=max((i or 0 for i in taken.values()), default=0) + 1)


def _port_names(ports: Iterable[PortSpec]) -> list[str]:
    names = [name for spec in ports for name in PortTemplate(pattern=spec.pattern).names()]
    if len(names) > PORTS_MAX:
        raise Invalid(_("An element has at most %(n)d ports") % {"n": PORTS_MAX}, code="port.tooMany")
    if len(set(names)) != len(names):
        raise Invalid(_("A port name comes twice"), code="port.nameTwice")
    return names


def _make_ports(element: NetworkElement, ports: Sequence[PortSpec], *, first_index: int) -> list[Port]:
    # Ports are parts of their element: its own journal entry tells of them, one each would drown the journal.
    return Port.objects.bulk_create(_ports(element, ports, first_index), batch_size=2000)


def _ports(element: NetworkElement, ports: Sequence[PortSpec], first_index: int) -> list[Port]:
    specs = [(name, spec) for spec in ports for name in PortTemplate(pattern=spec.pattern).names()]
    return [
        Port(
            element=element,
            name=name,
            if_index=index,
            speed_mbps=spec.speed_mbps,
            media=spec.media,
            kind=spec.kind,
        )
        for index, (name, spec) in enumerate(specs, start=first_index)
    ]


def element_attributes(values: dict[str, Any]) -> dict[str, Any]:
    """Values of an element's own columns, checked and converted. Raises Invalid naming every column that does not fit."""
    clean, faults = {}, {}
    for name, value in values.items():
        try:
            clean[name] = NetworkElement._meta.get_field(name).clean(value, None)  # type: ignore[union-attr]
        except ValidationError as error:
            faults[name] = " ".join(error.messages)
    if faults:
        raise Invalid("; ".join(faults.values()), code="attribute.value", fields=faults)
    return clean


@transaction.atomic
def change_element(*, element: NetworkElement, version: int | None = None, **changes: Any) -> NetworkElement:
    """Change attributes of an element (never its status). Raises StaleVersion, or Invalid for a name that is taken."""
    with _told(str(changes.get("name", ""))):
        return lifecycle.change(element, version=version, **changes)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turns a refusal of the database into one that a person understands."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "address_once" in str(error):
            raise Invalid(
                _("Another element has this management address"),
                code="element.addressTaken",
                fields={"management_address": _("Taken")},
            ) from error
        raise _name_taken(name) from error


def _name_taken(name: str) -> Invalid:
    return Invalid(
        _("There is an element %(name)s already") % {"name": name},
        code="element.nameTaken",
        fields={"name": _("Taken")},
    )


@transaction.atomic
def set_status(
    *, element: NetworkElement, to: str, reason: str = "", version: int | None = None
) -> NetworkElement:
    """Move an element in its lifecycle. Raises IllegalMove; NotAllowed to retire one that still carries something."""
    if to == NetworkElement.Status.RETIRED:
        if Link.objects.standing().touching([element.pk]).exists():
            raise NotAllowed(_("Retire its links first"), code="element.hasLinks")
        if Port.objects.filter(element=element, holder__isnull=False).exists():
            raise NotAllowed(_("Ports of this element are reserved or in use"), code="element.inUse")
    return lifecycle.move(element, to, reason=reason, version=version)
