"""Attributes that orders, quotes and products share, and how their items are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from bss.catalog.models import ProductOffering
from bss.orders.models import Product
from bss.orders.models.order import State
from bss.orders.services import Line
from kernel import tmf
from kernel.errors import Invalid
from kernel.tmf import registry

STATES = {
    State.ACKNOWLEDGED: "acknowledged",
    State.PENDING: "pending",
    State.HELD: "held",
    State.IN_PROGRESS: "inProgress",
    State.ASSESSING_CANCELLATION: "assessingCancellation",
    State.PENDING_CANCELLATION: "pendingCancellation",
    State.COMPLETED: "completed",
    State.PARTIAL: "partial",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.REJECTED: "rejected",
}
ACTIONS = {"add": "add", "modify": "modify", "delete": "delete", "no_change": "noChange"}
PRODUCT_WORDS = {
    "created": "created",
    "pending_active": "pendingActive",
    "active": "active",
    "suspended": "suspended",
    "pending_terminate": "pendingTerminate",
    "terminated": "terminated",
    "cancelled": "cancelled",
    "aborted": "aborted ",  # the standard's own blank
}
PRICE_WORDS = {"one_off": "oneTime", "recurring": "recurring", "usage": "usage"}

CUSTOMER = tmf.Ref(
    "customer", "customer", type="Customer", to="629/customer", label="customer__party__name", role="customer"
)
OFFERING = tmf.Ref(
    "productOffering", "offering", type="ProductOffering", to="620/productOffering", label="offering__name_en"
)
PLACE = tmf.Refs(
    "place",
    tmf.Ref("site", "site", type="GeographicSite", label="site__name", role="installation"),
    filter=False,
)


def prices(path: str = "") -> tuple[tmf.Field, ...]:
    """A price of the catalogue as an order, quote or product shows it; `path` leads to it."""
    head = f"{path}__" if path else ""
    return (
        tmf.Text("name", f"{head}name_en", read_only=True),
        tmf.Choice("priceType", f"{head}kind", words=PRICE_WORDS, read_only=True),
        tmf.Object(
            "price",
            (
                tmf.Money(
                    "dutyFreeAmount",
                    f"{head}amount",
                    f"{head}currency",
                    read_only=True,
                    filter=False,
                    sort=False,
                ),
            ),
            read_only=True,
        ),
    )


def product(*more: tmf.Field) -> tmf.Object:
    return tmf.Object(
        "product",
        (
            tmf.Text("id", "product_id", max_length=40),
            tmf.Characteristics("productCharacteristic", "characteristics"),
            PLACE,
            *more,
        ),
    )


def line(item: Mapping[str, Any], user: tmf.User) -> Line:
    """An item of the standard as a line: the members of a bundle become its options."""
    about = item.get("product") or {}
    product = None
    if item["action"] != "add" or about.get("product_id"):
        product = product_row(about.get("product_id", ""), user)
    members = item.get("members", [])
    return Line(
        offering=item.get("offering"),
        action=item["action"],
        product=product,
        site=about.get("site"),
        quantity=item.get("quantity"),
        characteristics=about.get("characteristics") or {},
        options={code(member): member.get("quantity", 1) for member in members},
        member_characteristics={
            code(member): (member.get("product") or {}).get("characteristics") or {} for member in members
        },
    )


def code(member: Mapping[str, Any]) -> str:
    offering: ProductOffering | None = member.get("offering")
    if offering is None:
        raise refused("productOrderItem.productOrderItem.productOffering", _("Name the offer of each member"))
    return offering.code


def product_row(key: str, user: tmf.User) -> Product:
    resource = registry.find("637/product")
    address = resource.address(key) if key and resource is not None else None
    row = Product.objects.visible_to(user).filter(address).first() if address is not None else None
    if row is None:
        raise refused("productOrderItem.product.id", _("Name a product that exists"))
    return row


def refused(attribute: str, message: str) -> Invalid:
    return Invalid(message, code="order.reference", fields={attribute: message})
