"""What provisioning does when orders are accepted or cancelled and when dunning decides."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bss.billing import services as billing
from bss.billing.events import ReconnectionRequested, SuspensionRequested
from bss.billing.models import DunningCase
from bss.orders.events import OrderCancelled, ProductOrderAccepted
from bss.orders.models import Product
from kernel.errors import Invalid
from service_mgmt.provisioning import services
from service_mgmt.provisioning.events import ServiceBlocked, ServiceRestored
from service_mgmt.provisioning.models import ServiceOrder


def plan_order(event: ProductOrderAccepted) -> None:
    """An accepted product order becomes a service order with its runs."""
    try:
        services.plan_order(order_id=event.order_id, at=event.at)
    except Invalid as error:
        services.report_failure(order_id=event.order_id, error=error)


def suspend_products(event: SuspensionRequested) -> None:
    """Dunning decided: block the products' services on their elements."""
    order = services.order_for_products(
        products=Product.objects.filter(pk__in=event.product_ids),
        workflow_name="suspend",
        origin_kind="dunning.suspend",
        origin_id=event.case_id,
        reason="unpaid bill",
    )
    if order is None:
        _confirm_suspension(event.case_id, event.at)


def reconnect_products(event: ReconnectionRequested) -> None:
    """The bill is paid: lift the block."""
    order = services.order_for_products(
        products=Product.objects.filter(pk__in=event.product_ids),
        workflow_name="resume",
        origin_kind="dunning.resume",
        origin_id=event.case_id,
        reason="bill paid",
    )
    if order is None:
        billing.reconnection_confirmed(case=DunningCase.objects.get(pk=event.case_id), at=event.at)


def cancel_order(event: OrderCancelled) -> None:
    """A cancelled product order undoes what its service order has done."""
    order = ServiceOrder.objects.filter(product_order_id=event.order_id).first()
    if order is None:
        return
    going = ["pending_cancellation", "cancelled"]
    for item in order.items.filter(product_order_item__state__in=going):
        if not ServiceOrder.lifecycle.terminal(item.state):
            services.cancel_item(item=item, reason="order cancelled")


def confirm_suspension(event: ServiceBlocked) -> None:
    """Tell dunning once every service of its case is blocked."""
    if event.origin_id is not None and _all_done("dunning.suspend", event.origin_id):
        _confirm_suspension(event.origin_id, event.at)


def confirm_reconnection(event: ServiceRestored) -> None:
    """Tell dunning once every service of its case works again."""
    if event.origin_id is not None and _all_done("dunning.resume", event.origin_id):
        billing.reconnection_confirmed(case=DunningCase.objects.get(pk=event.origin_id), at=event.at)


def _all_done(kind: str, origin_id: UUID) -> bool:
    order = ServiceOrder.objects.filter(origin_kind=kind, origin_id=origin_id).first()
    states = {"suspended"} if kind == "dunning.suspend" else {"active"}
    return order is not None and not order.items.exclude(service__state__in=states).exists()


def _confirm_suspension(case_id: UUID, at: datetime) -> None:
    billing.suspension_confirmed(case=DunningCase.objects.get(pk=case_id), at=at)


SUBSCRIBERS = {
    ProductOrderAccepted: [plan_order],
    OrderCancelled: [cancel_order],
    SuspensionRequested: [suspend_products],
    ReconnectionRequested: [reconnect_products],
    ServiceBlocked: [confirm_suspension],
    ServiceRestored: [confirm_reconnection],
}
