"""TMF639 Resource Inventory: elements, ports, links, addresses, VLANs and numbers as resources of several types."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from kernel import tmf
from kernel.errors import Invalid, NotAllowed
from oss.addressing.models import Resource
from oss.inventory import services
from oss.inventory.models import NetworkElement, Port

RESOURCES = tmf.Api("639", "Resource Inventory", "/tmf-api/resourceInventoryManagement/v4", document="4.0.0")

TYPES = {
    Resource.Kind.ELEMENT: "NetworkElement",
    Resource.Kind.PORT: "Port",
    Resource.Kind.LINK: "Link",
    Resource.Kind.ADDRESS: "IpAddress",
    Resource.Kind.VLAN: "Vlan",
    Resource.Kind.NUMBER: "TelephoneNumber",
}
ADMINISTRATIVE = {"unlocked": "unlocked", "locked": "locked", "shutdown": "shutdown"}
# Names of characteristics a client may send for an element → attributes of the element.
ELEMENT = {
    "softwareVersion": "software_version",
    "serialNumber": "serial",
    "criticality": "criticality",
    "managementAddress": "management_address",
}
# What becomes of an element when a client locks, unlocks or shuts it down (X.731 §7.1.1.3).
MOVES = {"unlocked": NetworkElement.Status.IN_SERVICE, "shutdown": NetworkElement.Status.MAINTENANCE}


def _relation(kind: str, column: str) -> tuple[tmf.Field, ...]:
    return (
        tmf.Const("relationshipType", kind, filter=False),
        tmf.Ref("resource", column, type="Resource", to="639/resource"),
    )


@RESOURCES.resource
class ResourceResource(tmf.Resource[Resource]):
    """A resource of the network: `@type` says which kind. Elements can be created; elements and ports changed."""

    path, model, base_type = "resource", Resource, "Resource"
    events = ("Create", "AttributeValueChange", "StateChange", "Delete")
    speaks_for = (
        "oss_inventory.NetworkElement",
        "oss_inventory.Port",
        "oss_inventory.Link",
        "oss_addressing.Address",
        "oss_addressing.Vlan",
        "oss_addressing.TelephoneNumber",
    )
    permissions = {
        "create": "oss_inventory.add_networkelement",
        "update": "oss_inventory.change_networkelement",
    }
    fields = (
        tmf.Type("kind", words=TYPES, create_only=True),
        tmf.Text("name", required=True, mandatory=True, max_length=64),
        tmf.Text("category", read_only=True),
        tmf.Choice("administrativeState", "administrative", words=ADMINISTRATIVE),
        tmf.Choice(
            "operationalState",
            "operational",
            words={"enable": "enable", "disable": "disable"},
            read_only=True,
        ),
        tmf.Choice(
            "usageState", "usage", words={"idle": "idle", "active": "active", "busy": "busy"}, read_only=True
        ),
        tmf.Choice(
            "resourceStatus",
            "status",
            words={
                word: word for word in ("standby", "alarm", "available", "reserved", "unknown", "suspended")
            },
            read_only=True,
        ),
        tmf.Ref(
            "resourceSpecification",
            "specification",
            type="ResourceSpecification",
            label="specification__model",
            create_only=True,
        ),
        tmf.Ref("place", "location", type="GeographicSite", to="674/geographicSite", role="installedAt"),
        tmf.Array(
            "resourceRelationship",
            _relation("partOf", "parent"),
            _relation("endA", "end_a"),
            _relation("endB", "end_b"),
        ),
        tmf.Characteristics("resourceCharacteristic", "characteristics"),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> NetworkElement:
        return services.create_element(**_new_element(data))

    def create_many(self, rows: list[tmf.Data], user: tmf.User) -> list[NetworkElement]:
        return services.create_elements([_new_element(data) for data in rows])

    def row_of(self, made: NetworkElement) -> Resource:
        return Resource.of_element(made)

    def update(self, obj: Resource, data: tmf.Data, user: tmf.User) -> None:
        doors = {Resource.Kind.ELEMENT: _change_element, Resource.Kind.PORT: _change_port}
        door = doors.get(Resource.Kind(obj.kind))
        if door is None:
            raise NotAllowed(
                _("A %(kind)s is not changed here") % {"kind": Resource.Kind(obj.kind).label},
                code="resource.notByClient",
            )
        door(obj, data)


def _new_element(data: tmf.Data) -> dict[str, Any]:
    """What the door to new elements takes. Raises Invalid for what is missing or of another kind."""
    if data.get("kind") != Resource.Kind.ELEMENT:
        raise Invalid(
            _("Only network elements are created here; ports come with them, numbers with their ranges"),
            code="resource.type",
            fields={"@type": "NetworkElement"},
        )
    missing = {
        "resourceSpecification": data.get("specification"),
        "place": data.get("location"),
        "resourceCharacteristic": (data.get("characteristics") or {}).get("role"),
    }
    if absent := [name for name, value in missing.items() if not value]:
        raise Invalid(
            _("An element needs a resourceSpecification, a place and the characteristic role"),
            code="attribute.required",
            fields=dict.fromkeys(absent, _("Required")),
        )
    characteristics = dict(data["characteristics"])
    return {
        "name": data["name"],
        "role": _role(characteristics.pop("role")),
        "device_type": data["specification"],
        "location": data["location"],
        **_attributes(characteristics),
    }


def _role(value: Any) -> str:
    if value not in NetworkElement.Role.values:
        raise Invalid(
            _("The role is one of %(roles)s") % {"roles": ", ".join(NetworkElement.Role.values)},
            code="attribute.value",
            fields={"resourceCharacteristic": str(value)[:60]},
        )
    return str(value)


def _attributes(characteristics: dict[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(characteristics) - set(ELEMENT)):
        raise Invalid(
            _("Unknown characteristics: %(names)s") % {"names": ", ".join(unknown)},
            code="attribute.value",
            fields={"resourceCharacteristic": ", ".join(unknown)[:200]},
        )
    return services.element_attributes({ELEMENT[name]: value for name, value in characteristics.items()})


def _change_element(obj: Resource, data: tmf.Data) -> None:
    element = NetworkElement.objects.get(pk=obj.pk)
    changes = {name: data[name] for name in ("name", "location") if name in data}
    if "characteristics" in data:
        present = obj.characteristics
        sent = {
            name: value
            for name, value in (data["characteristics"] or {}).items()
            if value != present.get(name)
        }
        changes |= _attributes(sent)
    if changes:
        services.change_element(element=element, version=obj.version, **changes)
    if "administrative" in data:
        to = MOVES.get(data["administrative"])
        if to is None:
            raise NotAllowed(
                _("An element is shut down or unlocked; it is never locked by a client"),
                code="resource.notByClient",
            )
        services.set_status(element=element, to=to)


def _change_port(obj: Resource, data: tmf.Data) -> None:
    if set(data) != {"administrative"} or data["administrative"] == "shutdown":
        raise NotAllowed(_("A port is locked or unlocked, nothing else"), code="resource.notByClient")
    port = Port.objects.get(pk=obj.pk)
    services.enable_port(port=port, enabled=data["administrative"] == "unlocked", version=obj.version)
