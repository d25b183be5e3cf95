"""What must hold of orders under way whatever has crashed: each ends, or somebody works on it (`kernel.audit`)."""

from __future__ import annotations

from datetime import timedelta

from bss.orders.models.order import OPEN as PRODUCT_OPEN
from kernel import audit
from kernel.audit import PATIENCE, Check, Finding
from service_mgmt.provisioning.models import ServiceOrder, WorkflowRun


def _states(states: object) -> str:
    return "(" + ", ".join(f"'{state}'" for state in sorted(map(str, states))) + ")"  # type: ignore[call-overload]


_OPEN, _OPEN_RUN = _states(ServiceOrder.lifecycle.open_states), _states(WorkflowRun.lifecycle.open_states)
_ITEM = """FROM service_mgmt_provisioning_serviceorderitem i
        JOIN service_mgmt_provisioning_serviceorder o ON o.id = i.order_id"""
_STEP = """FROM service_mgmt_provisioning_workflowstep s JOIN service_mgmt_provisioning_workflowrun r ON r.id = s.run_id"""

CHECKS = (
    Check(
        "accepted item that nobody works on",
        f"""
        SELECT o.number || ' ' || i.position, i.state FROM bss_orders_productorderitem i
        JOIN bss_orders_productorder o ON o.id = i.order_id
        WHERE o.accepted IS NOT NULL AND i.updated < %(waiting)s AND i.action <> 'no_change'
          AND i.state IN {_states(state.value for state in PRODUCT_OPEN)}
          AND NOT EXISTS (SELECT 1 FROM bss_orders_productorderitem m WHERE m.parent_id = i.id)
          AND NOT EXISTS (SELECT 1 FROM service_mgmt_provisioning_serviceorderitem s WHERE s.product_order_item_id = i.id)""",
    ),
    Check(
        "open item has no run under way",
        f"""
        SELECT o.number || '/' || i.position, i.state {_ITEM} WHERE i.state IN {_OPEN} AND i.updated < %(waiting)s
          AND NOT EXISTS (SELECT 1 FROM service_mgmt_provisioning_workflowrun r
                          WHERE r.item_id = i.id AND r.status IN {_OPEN_RUN})
          AND NOT EXISTS (SELECT 1 FROM service_mgmt_provisioning_serviceorderitem_needs n
                          JOIN service_mgmt_provisioning_serviceorderitem w ON w.id = n.to_serviceorderitem_id
                          WHERE n.from_serviceorderitem_id = i.id AND w.state <> 'completed')""",
    ),
    Check(
        "run goes on and no step of it can",
        """
        SELECT r.number, r.status FROM service_mgmt_provisioning_workflowrun r
        WHERE r.status IN ('pending', 'running') AND r.updated < %(waiting)s AND NOT EXISTS (
            SELECT 1 FROM service_mgmt_provisioning_workflowstep s
            WHERE s.run_id = r.id AND s.status IN ('ready', 'running'))""",
    ),
    Check(
        "step has lost its worker",
        f"""
        SELECT r.number || '/' || s.name, 'lease until ' || s.lease_until {_STEP}
        WHERE s.status IN ('running', 'undoing') AND r.status <> 'failed' AND s.lease_until < %(waiting)s""",
    ),
    Check(
        "step is due and nobody takes it",
        f"""
        SELECT r.number || '/' || s.name, 'since ' || coalesce(s.not_before, s.updated) {_STEP}
        WHERE s.status = 'ready' AND r.status IN ('pending', 'running')
          AND coalesce(s.not_before, s.updated) < %(waiting)s""",
    ),
    Check(
        "run has failed and nobody is asked to look at it",
        """
        SELECT r.number FROM service_mgmt_provisioning_workflowrun r WHERE r.status = 'failed' AND NOT EXISTS (
            SELECT 1 FROM service_mgmt_provisioning_fallout f JOIN service_mgmt_provisioning_workflowstep s ON s.id = f.step_id
            WHERE s.run_id = r.id AND f.status = 'open')""",
    ),
    Check(
        "run is over and its item is not",
        f"""
        SELECT r.number, r.status || ', ' || o.number || '/' || i.position || ' ' || i.state {_ITEM}
        JOIN service_mgmt_provisioning_workflowrun r ON r.item_id = i.id
        WHERE r.status = 'completed' AND i.state <> 'completed'""",
    ),
    Check(
        "service order's state does not follow from its items",
        f"""
        SELECT o.number, o.state FROM service_mgmt_provisioning_serviceorder o
        JOIN service_mgmt_provisioning_serviceorderitem i ON i.order_id = o.id
        GROUP BY o.id HAVING (o.state IN {_OPEN}) <> bool_or(i.state IN {_OPEN})
            OR o.state = 'completed' AND NOT bool_and(i.state = 'completed')
            OR o.state NOT IN {_OPEN} AND o.state <> 'completed' AND bool_and(i.state = 'completed')""",
    ),
    Check(
        "item of the service order and item of the product order disagree",
        f"""
        SELECT o.number || '/' || i.position, i.state || ', ' || po.number || ' ' || p.position || ' ' || p.state
        {_ITEM} JOIN bss_orders_productorderitem p ON p.id = i.product_order_item_id
        JOIN bss_orders_productorder po ON po.id = p.order_id
        WHERE i.updated < %(waiting)s AND p.updated < %(waiting)s AND NOT CASE
            WHEN i.state = 'completed' THEN p.state = 'completed'
            WHEN i.state NOT IN {_OPEN} THEN p.state IN ('cancelled', 'failed', 'rejected')
            WHEN p.state IN ('cancelled', 'failed', 'rejected') THEN false
            ELSE true END""",
    ),
    Check(
        "who pays for a telephone number's usage is not known",
        """
        SELECT s.number, t.e164 FROM service_mgmt_services_service s
        JOIN service_mgmt_services_serviceresource r ON r.service_id = s.id AND r.released IS NULL
        JOIN oss_addressing_telephonenumber t ON t.id = r.number_id
        WHERE s.state = 'active' AND s.product_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM bss_usage_usageidentifier u WHERE u.kind = 'e164' AND u.value = t.e164
            AND u.product_id = s.product_id AND u."end" IS NULL)""",
    ),
)


def audit_books(older_than: timedelta = PATIENCE) -> list[Finding]:
    """What is wrong with orders under way; an empty list means that every accepted item has ended or is worked on."""
    return audit.run("provisioning", CHECKS, older_than)
