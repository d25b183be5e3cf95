"""What a resource-facing service asks of the elements it stands on, as intents for the southbound drivers."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from kernel.errors import Invalid
from oss.inventory.models import NetworkElement
from oss.southbound.drivers.intents import AccessService, Intent, SubscriberAccess, VoiceLine
from service_mgmt.services.models import Service, ServiceResource


def held(service: Service) -> dict[str, ServiceResource]:
    """Resources of one service by role."""
    rows = service.resources.filter(released=None).select_related(
        "element", "port__element", "vlan", "address__prefix", "number"
    )
    return {row.role: row for row in rows}


def subscriber_name(service: Service) -> str:
    """User name of a data service towards the BNG and in accounting: unique because the service number is."""
    return f"{service.number.lower()}@{service.customer.number.lower()}"


def intents_of(*, service: Service, blocked: bool = False) -> dict[UUID, list[Intent]]:
    """Intents by element id for one resource-facing service; empty for one that configures nothing.

    Raises Invalid when a resource that the specification names has not been reserved.
    """
    wanted: dict[UUID, list[Intent]] = defaultdict(list)
    roles = held(service)
    if "port" in roles:
        element_id, access = _access(service, roles, blocked)
        wanted[element_id].append(access)
        if "bng" in roles:
            # The gateway keeps no list of who may dial in; it only has to know whom to keep out.
            gate = SubscriberAccess(name=subscriber_name(service), blocked=blocked)
            wanted[_id(roles, "bng", "element")].append(gate)
    if "number" in roles:
        wanted[_id(roles, "voice_gateway", "element")].append(_voice(service, roles, blocked))
    return dict(wanted)


def _access(service: Service, roles: dict[str, ServiceResource], blocked: bool) -> tuple[UUID, AccessService]:
    port, vlan, gateway = roles["port"].port, _need(roles, "vlan").vlan, roles.get("gateway")
    if port is None or vlan is None:
        raise Invalid("the access port or its VLAN is of another kind", code="service.resourceKind")
    address = gateway.address if gateway is not None else None
    return port.element_id, AccessService(
        port=port.name,
        name=service.number,
        vlan=vlan.vid,
        description=f"{service.customer.number} {service.name}"[:200],
        down_kbps=int(service.characteristics["down_kbps"]),
        up_kbps=int(service.characteristics["up_kbps"]),
        gateway=address.interface if address is not None else "",
        subscriber=subscriber_name(service),
        blocked=blocked,
    )


def _voice(service: Service, roles: dict[str, ServiceResource], blocked: bool) -> VoiceLine:
    number = roles["number"].number
    if number is None:
        raise Invalid("the telephone number is of another kind", code="service.resourceKind")
    return VoiceLine(
        number=number.e164,
        channels=int(service.characteristics.get("channels", 2)),
        trunk_name=str(service.characteristics.get("trunk", "")),
        blocked=blocked,
    )


def _id(roles: dict[str, ServiceResource], role: str, kind: str) -> UUID:
    found: UUID | None = getattr(_need(roles, role), f"{kind}_id")
    if found is None:
        raise Invalid(f"resource “{role}” is not of kind {kind}", code="service.resourceKind")
    return found


def _need(roles: dict[str, ServiceResource], role: str) -> ServiceResource:
    if role not in roles:
        raise Invalid(f"resource “{role}” has not been reserved", code="service.resourceMissing")
    return roles[role]


def elements_of(*, service: Service) -> list[NetworkElement]:
    """Elements that the service's intents touch, in a stable order."""
    ids = set(intents_of(service=service))
    return list(NetworkElement.objects.filter(pk__in=ids).order_by("name"))
