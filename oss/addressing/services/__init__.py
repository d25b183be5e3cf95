"""Doors to logical resources."""

from oss.addressing.services.books import audit_books
from oss.addressing.services.holding import (
    Holding,
    Utilisation,
    assign,
    expire_reservations,
    held_by,
    release,
    utilisation,
)
from oss.addressing.services.pools import (
    change_pool,
    create_number_range,
    create_prefix,
    create_vlan_group,
    create_vrf,
)
from oss.addressing.services.reserving import reserve_address, reserve_number, reserve_vlan, shortlist

__all__ = [
    "Holding",
    "Utilisation",
    "assign",
    "audit_books",
    "change_pool",
    "create_number_range",
    "create_prefix",
    "create_vlan_group",
    "create_vrf",
    "expire_reservations",
    "held_by",
    "release",
    "reserve_address",
    "reserve_number",
    "reserve_vlan",
    "shortlist",
    "utilisation",
]
