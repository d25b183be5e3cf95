"""Addresses of the pages of orders."""

from django.urls import path, register_converter

from bss.orders import views


class OrderNumber:
    """ORD-000123, in any case: leaves the other words below /orders/ to whoever has pages there."""

    regex = r"[Oo][Rr][Dd]-[0-9]+"

    def to_python(self, value: str) -> str:
        """The number as people typed it."""
        return value

    def to_url(self, value: str) -> str:
        """The number."""
        return value


register_converter(OrderNumber, "order_number")

app_name = "bss_orders"
urlpatterns = [
    path("catalog/simulate/", views.simulate, name="simulate"),
    *views.ORDER_CREATE.urls("orders/new/"),
    *views.QUOTE_CREATE.urls("orders/quotes/new/"),
    *views.QUOTES.urls("orders/quotes/"),
    *views.QUOTE.urls("orders/quotes/<key>/"),
    *views.PRODUCTS.urls("orders/products/"),
    *views.PRODUCT.urls("orders/products/<key>/"),
    *views.QUALIFICATIONS.urls("orders/qualifications/"),
    *views.ORDERS.urls("orders/"),
    *views.ORDER.urls("orders/<order_number:key>/"),
]
