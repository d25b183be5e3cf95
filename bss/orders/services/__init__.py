"""Doors of qualifications, quotes, orders and products."""

from bss.orders.services.basket import Line, held_codes
from bss.orders.services.books import audit_books
from bss.orders.services.cancelling import POINT_OF_NO_RETURN, cancel_item, cancel_order
from bss.orders.services.placing import ItemChange, accept_order, amend_order, place_order, reject_order
from bss.orders.services.products import resume_product, suspend_product, terminate_product
from bss.orders.services.progress import (
    activate_item,
    fail_item,
    flag_jeopardy,
    item_in_progress,
    pause_item,
    promise,
)
from bss.orders.services.qualification import QUALIFIER, Feasibility, latest, qualify
from bss.orders.services.quotes import (
    accept_quote,
    cancel_quote,
    decline_quote,
    lines_of,
    open_quote,
    revise_quote,
    send_quote,
)
from bss.orders.services.states import derive

__all__ = [
    "POINT_OF_NO_RETURN",
    "QUALIFIER",
    "Feasibility",
    "ItemChange",
    "Line",
    "accept_order",
    "accept_quote",
    "activate_item",
    "amend_order",
    "audit_books",
    "cancel_item",
    "cancel_order",
    "cancel_quote",
    "decline_quote",
    "derive",
    "fail_item",
    "flag_jeopardy",
    "held_codes",
    "item_in_progress",
    "latest",
    "lines_of",
    "open_quote",
    "pause_item",
    "place_order",
    "promise",
    "qualify",
    "reject_order",
    "resume_product",
    "revise_quote",
    "send_quote",
    "suspend_product",
    "terminate_product",
]
