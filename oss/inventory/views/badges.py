"""The badges of the network's states."""

from kernel import pages
from oss.inventory.models import Link, NetworkElement, Port

ELEMENT_STATUS = pages.badges(
    "oss_inventory.element",
    NetworkElement.Status,
    planned="grey clock",
    staged="blue package",
    in_service="green check",
    maintenance="amber tool",
    retired="grey x end",
)
PORT_USAGE = pages.badges(
    "oss_inventory.port",
    Port.Usage,
    free="green circle-dot",
    reserved="blue clock",
    in_use="grey plug",
    faulty="red alert-triangle",
)
OPER_STATE = pages.badges(
    "oss_inventory.oper", Port.OperState, up="green arrow-up", down="red arrow-down", unknown="grey help"
)
LINK_STATUS = pages.badges(
    "oss_inventory.link", Link.Status, planned="grey clock", in_service="green check", retired="grey x end"
)
