"""What must hold of orders and products whatever has crashed (`kernel.audit`). Who works on them: provisioning's books."""

from __future__ import annotations

from datetime import timedelta

from bss.orders.models.order import OPEN
from kernel import audit
from kernel.audit import PATIENCE, Check, Finding

_OPEN = ", ".join(f"'{state.value}'" for state in OPEN)
_LEAF = "NOT EXISTS (SELECT 1 FROM bss_orders_productorderitem m WHERE m.parent_id = i.id)"

CHECKS = (
    Check(
        "order's state does not follow from its items",
        f"""
        WITH leaf AS (
            SELECT i.order_id, count(*) FILTER (WHERE i.state IN ({_OPEN})) AS open,
                   count(*) FILTER (WHERE i.state = 'completed') AS completed,
                   count(*) FILTER (WHERE i.state = 'failed') AS failed,
                   count(*) FILTER (WHERE i.state = 'cancelled') AS cancelled
            FROM bss_orders_productorderitem i WHERE {_LEAF} GROUP BY 1
        ), derived AS (
            SELECT order_id, CASE WHEN open > 0 THEN 'open' WHEN completed > 0 AND failed > 0 THEN 'partial'
                WHEN completed > 0 THEN 'completed' WHEN failed > 0 THEN 'failed' WHEN cancelled > 0 THEN 'cancelled'
                ELSE 'rejected' END AS state FROM leaf
        )
        SELECT o.number, o.state || ', items ' || d.state FROM bss_orders_productorder o JOIN derived d ON d.order_id = o.id
        WHERE d.state <> CASE WHEN o.state IN ({_OPEN}) THEN 'open' ELSE o.state END""",
    ),
    Check(
        "item failed without a reason",
        f"""
        SELECT o.number || ' ' || i.position FROM bss_orders_productorderitem i
        JOIN bss_orders_productorder o ON o.id = i.order_id WHERE i.state = 'failed' AND i.explanation = '' AND {_LEAF}""",
    ),
    Check(
        "item and product disagree",
        f"""
        SELECT o.number || ' ' || i.position, i.action || ' ' || i.state || ', ' || p.number || ' ' || p.status
        FROM bss_orders_productorderitem i JOIN bss_orders_productorder o ON o.id = i.order_id
        JOIN bss_orders_product p ON p.id = i.product_id
        WHERE {_LEAF} AND NOT CASE
            WHEN i.action = 'add' AND i.state = 'completed'
                THEN p.status IN ('active', 'suspended', 'pending_terminate', 'terminated')
            WHEN i.action = 'add' AND i.state = 'failed' THEN p.status = 'aborted'
            WHEN i.action = 'add' AND i.state IN ('cancelled', 'rejected') THEN p.status = 'cancelled'
            WHEN i.action = 'add' THEN p.status IN ('created', 'pending_active')
            WHEN i.action = 'delete' AND i.state = 'completed' THEN p.status = 'terminated'
            ELSE true END""",
    ),
)


def audit_books(older_than: timedelta = PATIENCE) -> list[Finding]:
    """What is wrong with orders; an empty list means that items, orders and products agree."""
    return audit.run("orders", CHECKS, older_than)
