"""Doors of provisioning."""

from service_mgmt.provisioning.services.books import audit_books
from service_mgmt.provisioning.services.engine import advance, sweep
from service_mgmt.provisioning.services.orders import order_for_products, plan_order, report_failure, settle
from service_mgmt.provisioning.services.placing import Wish, change_order, place_order
from service_mgmt.provisioning.services.recovery import (
    assign_fallout,
    bulk_retry,
    cancel_item,
    cancel_order,
    compensate,
    point_of_no_return,
    retry_step,
    skip_step,
)
from service_mgmt.provisioning.services.runs import start_run

__all__ = [
    "Wish",
    "advance",
    "assign_fallout",
    "audit_books",
    "bulk_retry",
    "cancel_item",
    "cancel_order",
    "change_order",
    "compensate",
    "order_for_products",
    "place_order",
    "plan_order",
    "point_of_no_return",
    "report_failure",
    "retry_step",
    "settle",
    "skip_step",
    "start_run",
    "sweep",
]
