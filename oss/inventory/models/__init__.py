"""The network as it stands: places, device types, elements, ports and links."""

from oss.inventory.models.elements import NetworkElement, Port
from oss.inventory.models.links import Link
from oss.inventory.models.places import Location
from oss.inventory.models.types import DeviceType, Manufacturer, Media, PortKind, PortTemplate

__all__ = [
    "DeviceType",
    "Link",
    "Location",
    "Manufacturer",
    "Media",
    "NetworkElement",
    "Port",
    "PortKind",
    "PortTemplate",
]
