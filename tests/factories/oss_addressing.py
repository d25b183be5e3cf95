"""Made-up pools: prefixes, VLAN groups and number ranges, through the doors."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

from oss.addressing import services
from oss.addressing.models import VRF, Address, NumberRange, Prefix, VlanGroup
from tests.factories.oss_inventory import make_device_type, make_element, make_location, make_port
from tests.factories.rest import sample

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


def _new_element() -> dict[str, Any]:
    return {
        "@type": "NetworkElement",
        "name": f"new-{next(_serial)}",
        "resourceSpecification": {"id": str(make_device_type().pk)},
        "place": {"id": str(make_location().pk), "role": "installedAt"},
        "resourceCharacteristic": [
            {"name": "role", "value": "access"},
            {"name": "softwareVersion", "value": "24.2R1"},
        ],
    }


@sample("639/resource", body=_new_element, patch=lambda row: {"name": f"renamed-{next(_serial)}"})
def resources(count: int) -> list[Any]:
    """Elements, and after the first of them a port and a telephone number too."""
    rows: list[Any] = [make_element(device_type=make_device_type(ports=[]), serial=f"S{next(_serial)}")]
    if count > 1:
        rows.append(make_port(element=rows[0]))
    if count > 2:
        number = 33_298_000_000 + next(_serial)
        span = make_number_range(first=f"+{number}", last=f"+{number}")
        rows.append(span.numbers.get())
    return rows


def make_address(**overrides: Any) -> Address:
    """A reserved address."""
    values = {"holder": uuid4(), "until": datetime(2030, 1, 1, tzinfo=UTC), **overrides}
    if "prefix" not in values:
        values["prefix"] = make_prefix()
    return services.reserve_address(**values)


SAMPLES = {
    "oss_addressing.Prefix": make_prefix,
    "oss_addressing.Address": make_address,
    "oss_addressing.VlanGroup": make_vlan_group,
    "oss_addressing.Vlan": lambda: make_vlan_group().vlans.get(vid=100),
    "oss_addressing.NumberRange": make_number_range,
    "oss_addressing.TelephoneNumber": lambda: make_number_range().numbers.order_by("e164")[0],
}
