"""The badges of provisioning's states."""

from bss.orders.models import ProductOrderItem
from kernel import pages
from service_mgmt.provisioning.models import Fallout, ServiceOrder, WorkflowRun, WorkflowStep

ORDER_STATE = pages.badges(
    "service_mgmt_provisioning.order",
    ServiceOrder.State,
    acknowledged="grey inbox",
    rejected="red circle-x end",
    pending="amber hourglass",
    held="amber player-pause",
    inProgress="blue refresh",
    assessingCancellation="amber help",
    pendingCancellation="amber arrow-back-up",
    cancelled="grey x end",
    completed="green check end",
    failed="red alert-triangle end",
    partial="amber alert-circle end",
)
RUN_STATUS = pages.badges(
    "service_mgmt_provisioning.run",
    WorkflowRun.Status,
    pending="grey clock",
    running="blue refresh",
    failed="red alert-triangle",
    compensating="amber arrow-back-up",
    completed="green check end",
    cancelled="grey x end",
)
STEP_STATUS = pages.badges(
    "service_mgmt_provisioning.step",
    WorkflowStep.Status,
    pending="grey clock",
    ready="blue player-play",
    running="blue refresh",
    failed="red alert-triangle",
    done="green check",
    skipped="amber arrow-right",
    undoing="amber arrow-back-up",
    undone="grey arrow-back-up end",
)
FALLOUT_STATUS = pages.badges(
    "service_mgmt_provisioning.fallout", Fallout.Status, open="red alert-triangle", resolved="green check end"
)
PRODUCT_ITEM = pages.badges(
    "service_mgmt_provisioning.product_item",
    ProductOrderItem.State,
    acknowledged="grey inbox",
    pending="amber hourglass",
    held="amber player-pause",
    in_progress="blue refresh",
    assessing_cancellation="amber help",
    pending_cancellation="amber arrow-back-up",
    completed="green check end",
    partial="amber alert-circle end",
    failed="red alert-triangle end",
    cancelled="grey x end",
    rejected="red circle-x end",
)
