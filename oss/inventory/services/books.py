"""What must hold of ports whatever has crashed (`kernel.audit`)."""

from __future__ import annotations

from datetime import timedelta

from kernel import audit
from kernel.audit import PATIENCE, Check, Finding

CHECKS = (
    Check(
        "reservation of a port has outlived its end",
        """
        SELECT e.name || ' ' || p.name, 'until ' || p.reserved_until FROM oss_inventory_port p
        JOIN oss_inventory_networkelement e ON e.id = p.element_id
        WHERE p.usage = 'reserved' AND p.reserved_until < %(overdue)s""",
    ),
    Check(
        "port is taken and nobody has it, or free and somebody has it",
        """
        SELECT e.name || ' ' || p.name, p.usage FROM oss_inventory_port p
        JOIN oss_inventory_networkelement e ON e.id = p.element_id
        WHERE (p.usage IN ('reserved', 'in_use')) <> (p.holder IS NOT NULL) AND p.usage <> 'faulty'""",
    ),
    Check(
        "port ends more than one link",
        """
        SELECT e.name || ' ' || p.name, string_agg(ends.name, ', ') FROM (
            SELECT name, port_a_id AS port_id FROM oss_inventory_link WHERE status <> 'retired'
            UNION ALL SELECT name, port_b_id FROM oss_inventory_link WHERE status <> 'retired') ends
        JOIN oss_inventory_port p ON p.id = ends.port_id JOIN oss_inventory_networkelement e ON e.id = p.element_id
        GROUP BY e.name, p.name HAVING count(*) > 1""",
    ),
)


def audit_books(older_than: timedelta = PATIENCE) -> list[Finding]:
    """What is wrong with ports; an empty list means that each has at most one holder, and for no longer than agreed."""
    return audit.run("inventory", CHECKS, older_than)
