"""TMF641 Service Ordering: service orders and their cancellation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from kernel import clock, tmf
from kernel.errors import Invalid
from kernel.tmf import registry
from kernel.tmf.render import stamp
from service_mgmt.design.models import ServiceSpecification
from service_mgmt.provisioning import services
from service_mgmt.provisioning.models import Fallout, ServiceOrder
from service_mgmt.services.models import Service

ORDERING = tmf.Api("641", "Service Ordering", "/tmf-api/serviceOrdering/v4", document="4.1.0")
STATES = {state: str(state.value) for state in ServiceOrder.State}
ACTIONS = {"add": "add", "modify": "modify", "delete": "delete", "no_change": "noChange"}
SERVICE_STATES = {state: str(state.value) for state in Service.State} | {
    # Version 4 has no word for a service that is blocked for a while.
    Service.State.SUSPENDED: str(Service.State.INACTIVE.value)
}

SERVICE = tmf.Object(
    "service",
    (
        tmf.Text("id", "service_id", arg="id", max_length=40),
        tmf.Text("name", "service__name", read_only=True),
        tmf.Choice("state", "service__state", words=SERVICE_STATES, arg="state"),
        tmf.Characteristics("serviceCharacteristic", "service__characteristics", arg="characteristics"),
        tmf.Ref(
            "serviceSpecification",
            "service__specification",
            type="ServiceSpecification",
            to="633/serviceSpecification",
            label="service__specification__name_en",
            arg="specification",
        ),
        tmf.Refs(
            "place",
            tmf.Ref(
                "site",
                "service__site",
                type="GeographicSite",
                label="service__site__name",
                role="installation",
                arg="site",
            ),
            filter=False,
        ),
    ),
    required=True,
)
ITEM = (
    tmf.Text("id", "position", read_only=True),
    tmf.Choice("action", words=ACTIONS, required=True),
    tmf.Choice("state", words=STATES, read_only=True, mandatory=True),
    SERVICE,
)


def errors(keys: Iterable[Any], user: Any) -> dict[Any, list[dict[str, Any]]]:
    """`errorMessage`: what has fallen out of each order and waits for a person."""
    keys = list(keys)
    rows = Fallout.objects.filter(status=Fallout.Status.OPEN, step__run__item__order__in=keys)
    found: dict[Any, list[dict[str, Any]]] = {key: [] for key in keys}
    for order, cause, opened, position in rows.order_by("opened").values_list(
        "step__run__item__order", "cause", "opened", "step__run__item__position"
    ):
        found[order].append(
            {
                "code": "fallout",
                "reason": cause,
                "timestamp": stamp(opened),
                "serviceOrderItem": [{"itemId": str(position), "serviceOrderId": str(order)}],
            }
        )
    return found


def _jeopardy(reason: str | None) -> list[dict[str, Any]] | None:
    return [{"name": "promise at risk", "message": reason, "jeopardyType": "time"}] if reason else None


@ORDERING.resource
class ServiceOrderResource(tmf.Resource[ServiceOrder]):
    """An order to add, end, suspend or resume services. Services of products are added and changed by product orders."""

    path, model = "serviceOrder", ServiceOrder
    events = ("Create", "AttributeValueChange", "StateChange", "Delete")
    fields = (
        tmf.Text("externalId", max_length=80),
        tmf.Text("number", read_only=True, extension=True),
        tmf.Text("description", max_length=200),
        tmf.State("state", words=STATES, mandatory=True),
        tmf.DateTime("orderDate", "ordered", read_only=True, mandatory=True),
        tmf.DateTime("startDate", "started", read_only=True),
        tmf.DateTime("completionDate", "completed", read_only=True),
        tmf.DateTime("expectedCompletionDate", "promised", read_only=True),
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
            create_only=True,
        ),
        tmf.Computed(
            "jeopardyAlert",
            ("product_order__jeopardy",),
            _jeopardy,
            schema={"type": "array", "items": {"type": "object"}},
        ),
        tmf.Batch("errorMessage", errors, schema={"type": "array", "items": {"type": "object"}}),
        tmf.Many(
            "serviceOrderItem",
            "items",
            ITEM,
            order=("position",),
            required=True,
            mandatory=True,
            create_only=True,
        ),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> ServiceOrder:
        """Take the order and start its runs."""
        return services.place_order(
            wishes=[_wish(item, index, user) for index, item in enumerate(data["items"])],
            customer=data.get("customer"),
            description=data.get("description", ""),
            external_id=data.get("external_id", ""),
        )

    def update(self, obj: ServiceOrder, data: tmf.Data, user: tmf.User) -> None:
        """Change what people call it."""
        services.change_order(order=obj, **data)

    moves: dict[str, Callable[..., Any]] = {
        "cancelled": lambda obj, data, user: services.cancel_order(order=obj, reason="REST"),
    }


def _wish(item: Mapping[str, Any], index: int, user: tmf.User) -> services.Wish:
    about = item["service"]
    specification: ServiceSpecification | None = about.get("specification")
    return services.Wish(
        action=item["action"],
        service=_service(about["id"], index, user) if about.get("id") else None,
        specification=specification,
        site=about.get("site"),
        characteristics=about.get("characteristics") or {},
        state=about.get("state", ""),
    )


def _service(key: str, index: int, user: tmf.User) -> Service:
    resource = registry.find("638/service")
    address = resource.address(key) if resource is not None else None
    row = Service.objects.visible_to(user).filter(address).first() if address is not None else None
    if row is None:
        name = f"serviceOrderItem[{index}].service.id"
        raise Invalid(
            _("%(id)s does not exist") % {"id": key}, code="reference.unknown", fields={name: _("unknown")}
        )
    return row


@ORDERING.task
class CancelServiceOrder(tmf.Task):
    """Cancel what is still open of an order, up to the point of no return of each item."""

    path, permission_name = "cancelServiceOrder", "service_mgmt_provisioning.change_serviceorder"
    first_state = "accepted"
    fields = (
        tmf.Ref("serviceOrder", type="ServiceOrder", to="641/serviceOrder", required=True, mandatory=True),
        tmf.Text("cancellationReason", max_length=200),
        tmf.DateTime("requestedCancellationDate"),
    )

    def run(self, data: tmf.Data, user: tmf.User) -> Mapping[str, Any]:
        """Cancel the order."""
        services.cancel_order(
            order=data["service_order"], reason=data.get("cancellation_reason", "") or "REST"
        )
        return {"effectiveCancellationDate": clock.now()}
