"""Made-up network: places, elements, ports and links, through the doors."""

from __future__ import annotations

from itertools import count
from typing import Any

from oss.inventory import services
from oss.inventory.models import DeviceType, Link, Location, NetworkElement, Port, PortKind
from oss.inventory.services.elements import PortSpec
from tests.factories.rest import sample

_serial = count(1)


def make_location(**overrides: Any) -> Location:
    number = next(_serial)
    return services.create_location(
        **{"kind": Location.Kind.SITE, "code": f"SITE-{number}", "name": f"Site {number}", **overrides}
    )


def make_device_type(**overrides: Any) -> DeviceType:
    """A type with four customer ports of 1 Gbit/s and two network ports of 10 Gbit/s unless `ports` says otherwise."""
    values = {
        "model": f"KX-{next(_serial)}",
        "ports": [
            PortSpec("ge-0/1/[1-4]", 1000, kind=PortKind.CUSTOMER),
            PortSpec("xe-0/0/[0-1]", 10_000),
        ],
        **overrides,
    }
    values.setdefault("manufacturer", services.create_manufacturer(name="Kestrel"))
    return services.create_device_type(**values)


def make_element(**overrides: Any) -> NetworkElement:
    """An access element in service; its ports are those of its type."""
    values = {
        "name": f"ne{next(_serial)}",
        "role": NetworkElement.Role.ACCESS,
        "status": NetworkElement.Status.IN_SERVICE,
        **overrides,
    }
    values.setdefault("device_type", None)
    values["device_type"] = values["device_type"] or make_device_type()
    values.setdefault("location", None)
    values["location"] = values["location"] or make_location()
    return services.create_element(**values)


def make_port(**overrides: Any) -> Port:
    """One customer port on an element of its own, unless `element` is given."""
    element = overrides.pop("element", None) or make_element(device_type=make_device_type(ports=[]))
    name = overrides.pop("name", f"ge-9/9/{next(_serial)}")
    values = {"speed_mbps": 1000, "kind": PortKind.CUSTOMER, **overrides}
    return services.add_ports(element=element, ports=[PortSpec(name, **values)])[0]


def make_link(a: NetworkElement | None = None, b: NetworkElement | None = None, **overrides: Any) -> Link:
    """A link between new network ports of two elements."""
    ends = [
        make_port(element=end or make_element(), kind=PortKind.NETWORK, speed_mbps=10_000) for end in (a, b)
    ]
    return services.connect(port_a=ends[0], port_b=ends[1], **{"name": f"link-{next(_serial)}", **overrides})


@sample(
    "674/geographicSite",
    body=lambda: {
        "code": f"NEW-{next(_serial)}",
        "name": "Saint-Malo",
        "geographicAddress": {"city": "Saint-Malo", "country": "FR"},
        "geographicLocation": {"latitude": 48.65, "longitude": -2.02},
    },
    patch=lambda row: {"name": "Renamed"},
)
def sites(count: int) -> list[Location]:
    region = make_location(kind=Location.Kind.REGION)
    return [
        make_location(parent=region, city=f"Town {number}", latitude=str(40 + number), longitude=str(number))
        for number in range(count)
    ]


SAMPLES = {
    "oss_inventory.NetworkElement": make_element,
    "oss_inventory.Port": make_port,
    "oss_inventory.Link": make_link,
    "oss_inventory.Location": make_location,
}
