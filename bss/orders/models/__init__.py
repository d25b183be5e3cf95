"""From "can we deliver there?" to the product a customer has: qualifications, quotes, orders, products."""

from bss.orders.models.order import ProductOrder, ProductOrderItem
from bss.orders.models.product import Product, ProductPrice
from bss.orders.models.qualification import Qualification
from bss.orders.models.quote import Quote, QuoteItem

__all__ = [
    "Product",
    "ProductOrder",
    "ProductOrderItem",
    "ProductPrice",
    "Qualification",
    "Quote",
    "QuoteItem",
]
