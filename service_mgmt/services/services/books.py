"""What must hold between products, services and the resources they rest on, whatever has crashed (`kernel.audit`)."""

from __future__ import annotations

from datetime import timedelta

from kernel import audit
from kernel.audit import PATIENCE, Check, Finding

# Resources that have one holder: column of ServiceResource, table, name of a row, column of its state.
_HELD = (
    ("port", "oss_inventory_port", "t.name", "usage", "('in_use', 'faulty')"),
    ("vlan", "oss_addressing_vlan", "t.vid::text", "status", "('assigned')"),
    ("address", "oss_addressing_address", "host(t.address)", "status", "('assigned')"),
    ("number", "oss_addressing_telephonenumber", "t.e164", "status", "('assigned')"),
)


def _of(kind: str, table: str, name: str, state: str, used: str) -> tuple[Check, ...]:
    held = f"""
        FROM service_mgmt_services_serviceresource r JOIN service_mgmt_services_service s ON s.id = r.service_id
        JOIN {table} t ON t.id = r.{kind}_id WHERE r.released IS NULL"""
    return (
        Check(
            f"service holds a {kind} that is not kept for it",
            f"SELECT s.number, {name} || ' ' || t.{state} {held} AND t.holder IS DISTINCT FROM s.id",
        ),
        Check(
            f"service in use rests on a {kind} that is not in use",
            f"SELECT s.number, {name} || ' ' || t.{state} {held} "
            f"AND s.state IN ('active', 'suspended') AND t.{state} NOT IN {used}",
        ),
        Check(
            f"{kind} is kept for a service that does not hold it",
            f"SELECT s.number, {name} FROM {table} t JOIN service_mgmt_services_service s ON s.id = t.holder "
            "WHERE NOT EXISTS (SELECT 1 FROM service_mgmt_services_serviceresource r "
            f"WHERE r.{kind}_id = t.id AND r.service_id = s.id AND r.released IS NULL)",
        ),
    )


CHECKS = (
    *(check for kind in _HELD for check in _of(*kind)),
    Check(
        "service that has ended still holds something",
        """
        SELECT s.number, r.role FROM service_mgmt_services_serviceresource r
        JOIN service_mgmt_services_service s ON s.id = r.service_id WHERE r.released IS NULL AND s.state = 'terminated'""",
    ),
    Check(
        "service in use rests on one that is not",
        """
        SELECT s.number, s.state || ', ' || b.number || ' ' || b.state FROM service_mgmt_services_servicelink l
        JOIN service_mgmt_services_service s ON s.id = l.service_id
        JOIN service_mgmt_services_service b ON b.id = l.supporting_id
        WHERE s.state = 'active' AND l.redundancy = 'all' AND b.state <> 'active'""",
    ),
    Check(
        "service and product disagree",
        """
        SELECT s.number, s.state || ', ' || p.number || ' ' || p.status FROM service_mgmt_services_service s
        JOIN bss_orders_product p ON p.id = s.product_id WHERE s.kind = 'cfs' AND NOT CASE
            WHEN s.state = 'terminated' THEN p.status IN ('terminated', 'cancelled', 'aborted') OR EXISTS (
                SELECT 1 FROM service_mgmt_services_service o
                WHERE o.product_id = p.id AND o.kind = 'cfs' AND o.state <> 'terminated')
            WHEN p.status = 'pending_terminate' THEN s.state IN ('active', 'suspended')
            WHEN p.status IN ('active', 'suspended') THEN s.state = p.status
            ELSE s.state NOT IN ('active', 'suspended') END""",
    ),
)


def audit_books(older_than: timedelta = PATIENCE) -> list[Finding]:
    """What is wrong with services; an empty list means that they, their products and their resources agree."""
    return audit.run("services", CHECKS, older_than)
