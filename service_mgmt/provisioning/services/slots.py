"""What provisioning answers for the lower layers (called at start-up)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bss.customers.models import Customer
from bss.customers.services import MERGE
from bss.orders.services import POINT_OF_NO_RETURN
from kernel.slots import slot
from oss.incidents.services.remedies import push_configuration as push_configuration_slot
from service_mgmt.provisioning.models import ServiceOrder, ServiceOrderItem
from service_mgmt.provisioning.services.reapply import push_configuration
from service_mgmt.provisioning.services.recovery import point_of_no_return


def fill() -> None:
    """Fill the slots of customers, of orders and of incidents."""
    POINT_OF_NO_RETURN.fill(_no_return)
    MERGE.fill(merge)
    push_configuration_slot.fill(push_configuration)
    slot("bss_orders.plan").fill(plan_of)


def _no_return(item: Any) -> str | None:
    """Why a product order item can no longer be cancelled, or None."""
    item_id = getattr(item, "pk", item)
    found = ServiceOrderItem.objects.filter(product_order_item_id=item_id).first()
    return point_of_no_return(item=found) if found is not None else None


def merge(keep: Customer, drop: Customer) -> None:
    """Service orders of a customer who was taken over become those of the other, in one statement."""
    ServiceOrder.objects.filter(customer=drop).update(customer=keep)


def plan_of(order: Any) -> dict[str, Any] | None:
    """The plan of a product order for its page: every run with its steps, planned and real times."""
    order_id: UUID = getattr(order, "pk", order)
    service_order = ServiceOrder.objects.filter(product_order_id=order_id).first()
    if service_order is None:
        return None
    items = service_order.items.select_related("service").prefetch_related("runs__steps")
    return {"service_order": service_order, "items": list(items)}
