"""Reserving what a service needs from the live network, and giving it back."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from kernel import clock, lifecycle
from kernel.errors import Exhausted, Invalid
from oss.addressing import services as addressing
from oss.addressing.models import NumberRange, Prefix, VlanGroup
from oss.inventory import services as inventory
from oss.inventory.models import Location, NetworkElement
from service_mgmt.design.models import ResourceRole
from service_mgmt.services.models import Service, ServiceResource
from service_mgmt.services.services.instances import family

Kind = ResourceRole.Kind
Pool = TypeVar("Pool")


def reserve(*, service: Service, until: datetime) -> list[ServiceResource]:
    """Reserve every resource that the service and its supports need, until `until`; done twice it adds nothing.

    All or nothing: one exhausted pool leaves no reservation behind. Raises Exhausted, naming the pool.
    """
    with transaction.atomic():
        made = [row for one in family(service=service) for row in _reserve_one(one, until)]
        for one in family(service=service):
            if one.state == Service.State.DESIGNED:
                lifecycle.move(one, Service.State.RESERVED)
    service.refresh_from_db()
    return made


def _reserve_one(service: Service, until: datetime) -> list[ServiceResource]:
    present = {row.role: row for row in service.resources.filter(released=None)}
    roles = service.specification.resource_roles.order_by("created")
    return [present[role.role] if role.role in present else _take(service, role, until) for role in roles]


def _take(service: Service, role: ResourceRole, until: datetime) -> ServiceResource:
    """One resource of the kind that the role asks for, from where it says."""
    row = ServiceResource(service=service, role=role.role)
    holder, source = service.pk, role.source
    if role.kind == Kind.PORT:
        row.port = inventory.reserve_port(
            location=_location(service), holder=holder, until=until, min_speed_mbps=_speed_mbps(service)
        )
    elif role.kind == Kind.VLAN:
        row.vlan = addressing.reserve_vlan(group=_vlan_group(service, source), holder=holder, until=until)
    elif role.kind == Kind.ADDRESS:
        row.address = addressing.reserve_address(prefix=_prefix(source), holder=holder, until=until)
    elif role.kind == Kind.NUMBER:
        row.number = addressing.reserve_number(
            range=_number_range(source),
            holder=holder,
            until=until,
            wanted=service.characteristics.get("wanted_number"),
        )
    else:
        row.element = _element(source)
    return lifecycle.create(row)


def commit(*, service: Service) -> None:
    """Turn reservations into assignments (the element is configured); done twice it changes nothing."""
    with transaction.atomic():
        for one in family(service=service):
            for row in one.resources.filter(released=None, port__isnull=False).select_related("port"):
                if row.port is not None:
                    inventory.occupy_port(port=row.port, holder=one.pk)
            addressing.assign(holder=one.pk)


def give_back(*, service: Service, at: datetime | None = None) -> None:
    """Release everything one service holds; numbers go into quarantine. Done twice it changes nothing."""
    moment = at or clock.now()
    with transaction.atomic():
        for row in service.resources.filter(released=None).select_related("port"):
            if row.port is not None:
                inventory.release_port(port=row.port, holder=service.pk)
            lifecycle.change(row, released=moment)
        addressing.release(holder=service.pk, at=moment)


def give_back_all(*, service: Service, at: datetime | None = None) -> None:
    """`give_back` for the service and its supports, which return to state designed (cancelled reservation)."""
    with transaction.atomic():
        for one in family(service=service):
            give_back(service=one, at=at)
            if one.state == Service.State.RESERVED:
                lifecycle.move(one, Service.State.DESIGNED)
    service.refresh_from_db()


def _location(service: Service) -> Location:
    code = service.site.location_code if service.site is not None else ""
    location = Location.objects.filter(code=code).first()
    if location is None:
        raise Invalid(
            _("%(site)s is not served by any location of the network") % {"site": service.site or service},
            code="service.notServed",
        )
    return location


def _speed_mbps(service: Service) -> int:
    """Smallest port that carries the service, Mbit/s."""
    fastest = max(int(service.characteristics.get(name, 0)) for name in ("down_kbps", "up_kbps"))
    return -(-fastest // 1000)


def _vlan_group(service: Service, source: dict[str, str]) -> VlanGroup:
    # VLANs are per access element: the port is taken first (roles are in order), its element names the group.
    port = service.resources.filter(released=None, port__isnull=False).select_related("port__element").first()
    name = source.get("group", "{element}").format(
        element=port.port.element.name if port and port.port else ""
    )
    return _pool(VlanGroup.objects.filter(name=name).first(), name)


def _prefix(source: dict[str, str]) -> Prefix:
    return _pool(Prefix.objects.filter(name=source.get("prefix", "")).first(), str(source))


def _number_range(source: dict[str, str]) -> NumberRange:
    return _pool(NumberRange.objects.filter(name=source.get("range", "")).first(), str(source))


def _pool(found: Pool | None, name: str) -> Pool:
    if found is None:
        raise Exhausted(_("There is no pool %(name)s") % {"name": name}, code="pool.unknown")
    return found


def _element(source: dict[str, str]) -> NetworkElement:
    found = (
        NetworkElement.objects.filter(
            role=source.get("element_role", ""), status=NetworkElement.Status.IN_SERVICE
        )
        .order_by("name")
        .first()
    )
    if found is None:
        raise Exhausted(
            _("No %(role)s element is in service") % {"role": source.get("element_role")}, code="element.none"
        )
    return found


def holders(*, resource_ids: list[UUID]) -> dict[UUID, Service]:
    """Services by the id of a port they hold."""
    rows = ServiceResource.objects.filter(port_id__in=resource_ids, released=None).select_related(
        "service__customer"
    )
    return {row.port_id: row.service for row in rows if row.port_id is not None}
