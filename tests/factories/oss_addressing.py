"""Made-up pools: prefixes, VLAN groups and number ranges, through the doors."""

from __future__ import annotations

from itertools import count
from typing import Any

from oss.addressing import services
from oss.addressing.models import VRF, NumberRange, Prefix, VlanGroup

_serial = count(1)


def make_vrf(**overrides: Any) -> VRF:
    return services.create_vrf(**{"name": f"vrf-{next(_serial)}", **overrides})


def make_prefix(**overrides: Any) -> Prefix:
    """A customer prefix of 14 addresses in a VRF of its own."""
    values = {"cidr": "100.72.0.0/28", **overrides}
    if "vrf" not in values:
        values["vrf"] = make_vrf()
    return services.create_prefix(**values)


def make_vlan_group(**overrides: Any) -> VlanGroup:
    """VLANs 100 to 109."""
    return services.create_vlan_group(
        **{"name": f"vlans-{next(_serial)}", "first_vid": 100, "last_vid": 109, **overrides}
    )


def make_number_range(**overrides: Any) -> NumberRange:
    """Ten geographic numbers."""
    number = next(_serial)
    start = 33_299_000_000 + 10 * number
    return services.create_number_range(
        **{"name": f"range-{number}", "first": f"+{start}", "last": f"+{start + 9}", **overrides}
    )
