"""Pages of orders, quotes, products and qualifications."""

from bss.orders.views.baskets import ORDER_CREATE, QUOTE_CREATE, simulate
from bss.orders.views.orders import ORDER, ORDERS
from bss.orders.views.products import PRODUCT, PRODUCTS, QUALIFICATIONS
from bss.orders.views.quotes import QUOTE, QUOTES

__all__ = [
    "ORDER",
    "ORDERS",
    "ORDER_CREATE",
    "PRODUCT",
    "PRODUCTS",
    "QUALIFICATIONS",
    "QUOTE",
    "QUOTES",
    "QUOTE_CREATE",
    "simulate",
]
