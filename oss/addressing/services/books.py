"""What must hold of addresses, VLANs and numbers whatever has crashed (`kernel.audit`)."""

from __future__ import annotations

from datetime import timedelta

from kernel import audit
from kernel.audit import PATIENCE, Check, Finding

# Each kind of thing: how people name it, its rows, its pool, and when it lies outside of that.
_KINDS = (
    (
        "address",
        "host(t.address)",
        "oss_addressing_address t JOIN oss_addressing_prefix p ON p.id = t.prefix_id",
        "NOT t.address << p.cidr AND t.address <> p.cidr",
        "t.prefix_id, t.address",
    ),
    (
        "VLAN",
        "g.name || ' ' || t.vid",
        "oss_addressing_vlan t JOIN oss_addressing_vlangroup g ON g.id = t.group_id",
        "t.vid NOT BETWEEN g.first_vid AND g.last_vid",
        "t.group_id, t.vid",
    ),
    (
        "number",
        "t.e164",
        "oss_addressing_telephonenumber t JOIN oss_addressing_numberrange r ON r.id = t.range_id",
        "substr(t.e164, 2)::bigint NOT BETWEEN substr(r.first, 2)::bigint AND substr(r.last, 2)::bigint",
        "t.e164",
    ),
)


def _of(kind: str, name: str, rows: str, outside: str, key: str) -> tuple[Check, ...]:
    return (
        Check(
            f"reservation of a {kind} has outlived its end",
            f"SELECT {name}, 'until ' || t.reserved_until FROM {rows} "
            "WHERE t.status = 'reserved' AND t.reserved_until < %(overdue)s",
        ),
        Check(
            f"{kind} is taken and nobody has it, or free and somebody has it",
            f"SELECT {name}, t.status FROM {rows} WHERE (t.status IN ('reserved', 'assigned')) <> (t.holder IS NOT NULL)",
        ),
        Check(
            f"{kind} is handed out that its pool does not have",
            f"SELECT {name}, t.status FROM {rows} WHERE t.status <> 'free' AND {outside}",
        ),
        Check(f"{kind} is there twice", f"SELECT min({name}) FROM {rows} GROUP BY {key} HAVING count(*) > 1"),
    )


CHECKS = tuple(check for kind in _KINDS for check in _of(*kind))


def audit_books(older_than: timedelta = PATIENCE) -> list[Finding]:
    """What is wrong with pools; an empty list means that nothing is handed out twice, beyond its pool or its time."""
    return audit.run("addressing", CHECKS, older_than)
