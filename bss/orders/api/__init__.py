"""TMF622 orders, TMF637 products, TMF648 quotes and TMF679 qualifications, over the doors of this app."""

from bss.orders.api.inventory import INVENTORY
from bss.orders.api.ordering import ORDERING
from bss.orders.api.qualifying import QUALIFYING
from bss.orders.api.quoting import QUOTING

__all__ = ["INVENTORY", "ORDERING", "QUALIFYING", "QUOTING"]
