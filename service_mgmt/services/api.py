"""TMF638 Service Inventory: the services of customers, what they rest on and what they hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from kernel import tmf
from kernel.errors import IllegalMove, Invalid
from kernel.tmf import registry
from service_mgmt.services import services
from service_mgmt.services.models import Service, ServiceResource

INVENTORY = tmf.Api("638", "Service Inventory", "/tmf-api/serviceInventory/v4", document="4.0.0")
State = Service.State
# Version 4 has no word for a service that is blocked for a while: it is shown as inactive.
STATES = {state: str(state.value) for state in State} | {State.SUSPENDED: str(State.INACTIVE.value)}
HELD = {
    "element": "NetworkElement",
    "port": "Port",
    "link": "Link",
    "vlan": "Vlan",
    "address": "IpAddress",
    "number": "TelephoneNumber",
}


def held(keys: Iterable[Any], user: Any) -> dict[Any, list[dict[str, Any]]]:
    """`supportingResource`: what each service holds, in one query a page."""
    rows = ServiceResource.objects.filter(service__in=list(keys), released=None).order_by("role")
    base = registry.find("639/resource")
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        key = str(getattr(row, f"{row.kind}_id"))
        reference = {"id": key, "@referredType": HELD[row.kind], "name": row.role}
        if base is not None:
            reference["href"] = f"{base.api.path}/{base.path}/{key}"
        found[row.service_id].append(reference)
    return {key: found.get(key, []) for key in keys}


def _rests_on(path: str) -> tuple[tmf.Field, ...]:
    return (
        tmf.Text("id", f"{path}_id"),
        tmf.Text("name", f"{path}__name"),
        tmf.Choice("state", f"{path}__state", words=STATES),
    )


@INVENTORY.resource
class ServiceResourceView(tmf.Resource[Service]):
    """A service. It changes on the elements by service orders; here it is noted, renamed, or withdrawn before use."""

    path, model, type_name = "service", Service, "Service"
    events = ("Create", "AttributeValueChange", "StateChange", "Delete")
    fields = (
        tmf.Text("name", mandatory=True, max_length=160),
        tmf.Text("number", read_only=True, extension=True),
        tmf.Text("description", "specification__description", read_only=True, mandatory=True),
        tmf.Choice("state", words=STATES, required=True, mandatory=True),
        tmf.Choice("category", "kind", words={"cfs": "CFS", "rfs": "RFS"}, read_only=True, mandatory=True),
        # Mandatory on every row: until a service is in use, the day it was noted.
        tmf.DateTime("startDate", "since", read_only=True, mandatory=True),
        tmf.DateTime("endDate", "ended", read_only=True),
        tmf.Computed(
            "isServiceEnabled", ("state",), lambda state: state == State.ACTIVE, schema={"type": "boolean"}
        ),
        tmf.Computed("hasStarted", ("started",), lambda at: at is not None, schema={"type": "boolean"}),
        tmf.Characteristics("serviceCharacteristic", "characteristics", mandatory=True),
        tmf.Ref(
            "serviceSpecification",
            "specification",
            type="ServiceSpecification",
            to="633/serviceSpecification",
            label="specification__name_en",
            required=True,
            mandatory=True,
            create_only=True,
        ),
        tmf.Refs(
            "relatedParty",
            tmf.Ref(
                "customer",
                "customer",
                type="Customer",
                to="629/customer",
                label="customer__party__name",
                role="customer",
            ),
            mandatory=True,
            create_only=True,
        ),
        tmf.Refs(
            "place",
            tmf.Ref("site", "site", type="GeographicSite", label="site__name", role="installation"),
            mandatory=True,
            create_only=True,
            filter=False,
        ),
        tmf.Many(
            "supportingService", "supports_needed", _rests_on("supporting"), read_only=True, mandatory=True
        ),
        tmf.Many(
            "serviceRelationship",
            "supports_needed",
            (
                tmf.Const("relationshipType", "reliesOn", filter=False),
                tmf.Object("service", _rests_on("supporting"), filter=False),
            ),
            read_only=True,
            mandatory=True,
            filter=False,
        ),
        tmf.Batch(
            "supportingResource",
            held,
            schema={"type": "array", "items": {"type": "object"}},
            mandatory=True,
        ),
    )

    def queryset(self, user: tmf.User) -> Any:
        """Visible services with the start shown."""
        return Service.objects.visible_to(user).annotate(since=Coalesce("started", "created"))

    def create(self, data: tmf.Data, user: tmf.User) -> Service:
        """Design a service that no product asked for; it comes into use by a service order."""
        if data["state"] not in {State.FEASIBILITY_CHECKED, State.DESIGNED}:
            raise _refused("state", _("A service comes into use by a service order; note it as designed"))
        if data.get("customer") is None:
            raise _refused("relatedParty", _("Name the customer among the related parties"))
        return services.design_service(
            specification=data["specification"],
            customer=data["customer"],
            site=data.get("site"),
            characteristics=data.get("characteristics"),
            name=data.get("name", ""),
        )

    def update(self, obj: Service, data: tmf.Data, user: tmf.User) -> None:
        """Rename it, change its characteristics before it is in use, or withdraw it."""
        if "name" in data:
            services.rename(service=obj, name=data["name"])
        if "characteristics" in data:
            if obj.state in {State.ACTIVE, State.SUSPENDED}:
                raise IllegalMove(_("A service in use changes by an order"), code="service.inUse")
            services.change_characteristics(service=obj, **data["characteristics"])
        if "state" in data:
            if data["state"] != State.TERMINATED:
                raise Service.lifecycle.refuse(obj.state, data["state"])
            services.withdraw(service=obj, reason="REST")


def _refused(attribute: str, message: str) -> Invalid:
    return Invalid(message, code="service.attribute", fields={attribute: message})
