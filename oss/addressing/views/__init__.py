"""Pages of addresses, VLANs and numbers."""

from oss.addressing.views.numbers import NUMBER, NUMBERS, RANGE, RANGE_CREATE, RANGE_EDIT, RANGES
from oss.addressing.views.prefixes import (
    ADDRESS,
    ADDRESSES,
    PREFIX,
    PREFIX_CREATE,
    PREFIX_EDIT,
    PREFIXES,
    VRF_CREATE,
)
from oss.addressing.views.vlans import GROUP, GROUP_CREATE, GROUP_EDIT, GROUPS, VLAN, VLANS

__all__ = [
    "ADDRESS",
    "ADDRESSES",
    "GROUP",
    "GROUPS",
    "GROUP_CREATE",
    "GROUP_EDIT",
    "NUMBER",
    "NUMBERS",
    "PREFIX",
    "PREFIXES",
    "PREFIX_CREATE",
    "PREFIX_EDIT",
    "RANGE",
    "RANGES",
    "RANGE_CREATE",
    "RANGE_EDIT",
    "VLAN",
    "VLANS",
    "VRF_CREATE",
]
