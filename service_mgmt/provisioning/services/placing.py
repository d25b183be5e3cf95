"""Service orders placed by a partner or an operator (TMF641), without a product order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bss.customers.models import Customer, CustomerSite
from kernel import clock, lifecycle
from kernel.errors import Invalid
from service_mgmt.design.models import ServiceSpecification
from service_mgmt.provisioning.models import ServiceOrder, ServiceOrderItem
from service_mgmt.provisioning.services import orders
from service_mgmt.services import services as inventory
from service_mgmt.services.models import Service

State, Action = ServiceOrder.State, ServiceOrderItem.Action
LIVE = {Service.State.ACTIVE, Service.State.SUSPENDED}
# State that a `modify` asks for → (states it may come from, workflow).
MODIFY = {
    str(Service.State.INACTIVE): (Service.State.ACTIVE, "suspend"),
    str(Service.State.SUSPENDED): (Service.State.ACTIVE, "suspend"),
    str(Service.State.ACTIVE): (Service.State.SUSPENDED, "resume"),
}


@dataclass(frozen=True)
class Wish:
    """One item: an existing service, or for `add` the specification of a new one with its site and characteristics."""

    action: str
    service: Service | None = None
    specification: ServiceSpecification | None = None
    site: CustomerSite | None = None
    characteristics: Mapping[str, Any] = field(default_factory=dict)
    state: str = ""


def place_order(
    *,
    wishes: Sequence[Wish],
    customer: Customer | None = None,
    description: str = "",
    external_id: str = "",
    at: datetime | None = None,
) -> ServiceOrder:
    """Take a service order and start its runs. Services of products change through product orders alone.

    Raises Invalid, naming the item, for a wish that makes no sense or services of several customers.
    """
    moment = at or clock.now()
    if not wishes:
        raise Invalid(_("A service order has items"), code="order.empty")
    owners = {wish.service.customer_id for wish in wishes if wish.service is not None}
    if customer is not None:
        owners.add(customer.pk)
    if len(owners) != 1:
        raise Invalid(
            _("All items of a service order belong to one customer: name it"), code="order.customer"
        )
    with transaction.atomic():
        owner = customer or Customer.objects.get(pk=owners.pop())
        order = lifecycle.create(
            ServiceOrder(customer=owner, ordered=moment, description=description, external_id=external_id)
        )
        for position, wish in enumerate(wishes, start=1):
            service, workflow_name = _wanted(position, wish, owner)
            lifecycle.create(
                ServiceOrderItem(
                    order=order,
                    position=position,
                    action=wish.action,
                    service=service,
                    workflow=workflow_name,
                )
            )
        orders.begin(order=order, at=moment)
    return order


def _wanted(position: int, wish: Wish, owner: Customer) -> tuple[Service, str]:
    """The service of an item and the workflow that does the work."""
    if wish.action == Action.ADD:
        return _new(position, wish, owner)
    if wish.service is None:
        raise _refused(position, _("Name the service"))
    if wish.action == Action.NO_CHANGE:
        return wish.service, ""
    if wish.service.state not in LIVE:
        raise _refused(position, _("The service is not in use"))
    ask = _end if wish.action == Action.DELETE else _modified
    return wish.service, ask(position, wish.service, wish.state)


def _new(position: int, wish: Wish, owner: Customer) -> tuple[Service, str]:
    if wish.specification is None:
        raise _refused(position, _("Name the specification of the new service"))
    made = inventory.design_service(
        specification=wish.specification, customer=owner, site=wish.site, characteristics=wish.characteristics
    )
    return made, wish.specification.workflow or "new_service"


def _end(position: int, service: Service, _state: str) -> str:
    if service.product_id is not None:
        raise _refused(position, _("The service belongs to a product: order its end there"))
    return "disconnect"


def _modified(position: int, service: Service, state: str) -> str:
    before, workflow_name = MODIFY.get(state, (None, ""))
    if before is None:
        raise _refused(position, _("Ask for the state active or inactive; speeds change with the product"))
    if service.state != before:
        raise _refused(position, _("The service is in that state already"))
    return workflow_name


def _refused(position: int, message: str) -> Invalid:
    return Invalid(message, code="order.item", fields={f"serviceOrderItem[{position - 1}]": message})


def change_order(
    *, order: ServiceOrder, description: str | None = None, external_id: str | None = None
) -> ServiceOrder:
    """Change what people call an order."""
    values: dict[str, Any] = {"description": description, "external_id": external_id}
    return lifecycle.change(order, **{name: value for name, value in values.items() if value is not None})
