"""How states of orders and products look."""

from bss.orders.models import Product, ProductOrder, Qualification, Quote
from kernel import pages

ORDER_STATE = pages.badges(
    "bss_orders.order",
    ProductOrder.State,
    acknowledged="grey inbox",
    pending="amber hourglass",
    held="amber player-pause",
    in_progress="blue truck-delivery",
    assessing_cancellation="amber help",
    pending_cancellation="amber arrow-back-up",
    completed="green check end",
    partial="amber check end",
    failed="red x end",
    cancelled="grey ban end",
    rejected="red x end",
)
PRODUCT_STATUS = pages.badges(
    "bss_orders.product",
    Product.Status,
    created="grey package",
    pending_active="blue truck-delivery",
    active="green check",
    suspended="red player-pause",
    pending_terminate="amber hourglass",
    terminated="grey flag end",
    cancelled="grey ban end",
    aborted="red x end",
)
QUOTE_STATUS = pages.badges(
    "bss_orders.quote",
    Quote.Status,
    in_progress="blue edit",
    pending="amber hourglass",
    approved="blue send",
    accepted="green check end",
    rejected="red x end",
    cancelled="grey ban end",
)
RESULT = pages.badges(
    "bss_orders.qualification", Qualification.Result, qualified="green check", unqualified="red x"
)
