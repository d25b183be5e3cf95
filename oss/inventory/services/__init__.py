"""Doors of the inventory. Graph questions are asked of `services.graph`."""

from oss.inventory.services import graph
from oss.inventory.services.books import audit_books
from oss.inventory.services.elements import (
    add_ports,
    change_element,
    change_location,
    create_device_type,
    create_element,
    create_elements,
    create_location,
    create_manufacturer,
    element_attributes,
    set_status,
)
from oss.inventory.services.links import connect, put_in_service, retire_link
from oss.inventory.services.ports import (
    enable_port,
    expire_reservations,
    free_ports,
    mark_faulty,
    mend_port,
    occupy_port,
    release_port,
    reserve_port,
    set_oper_state,
    set_oper_states,
)
from oss.inventory.services.sheets import ImportReport, import_elements
from oss.inventory.services.topology import Imported, import_topology

__all__ = [
    "ImportReport",
    "Imported",
    "add_ports",
    "audit_books",
    "change_element",
    "change_location",
    "connect",
    "create_device_type",
    "create_element",
    "create_elements",
    "create_location",
    "create_manufacturer",
    "element_attributes",
    "enable_port",
    "expire_reservations",
    "free_ports",
    "graph",
    "import_elements",
    "import_topology",
    "mark_faulty",
    "mend_port",
    "occupy_port",
    "put_in_service",
    "release_port",
    "reserve_port",
    "retire_link",
    "set_oper_state",
    "set_oper_states",
    "set_status",
]
