"""TMF622: product orders and their cancellation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F, Q
from django.utils.translation import gettext as _

from bss.catalog.models import OfferingPrice
from bss.catalog.services import pricing
from bss.customers.models import BillingAccount, Customer
from bss.orders import services
from bss.orders.api.shapes import (
    ACTIONS,
    CUSTOMER,
    OFFERING,
    PRICE_WORDS,
    PRODUCT_WORDS,
    STATES,
    line,
    product,
    refused,
)
from bss.orders.models import ProductOrder, ProductOrderItem
from kernel import clock, tmf
from kernel.money import Money, Point, round_at

ORDERING = tmf.Api("622", "Product Ordering", "/tmf-api/productOrderingManagement/v4", document="4.0.0")


MEMBER = (
    tmf.Text("id", "position", required=True),
    tmf.Choice("action", words=ACTIONS, required=True),
    tmf.Choice("state", words={k: v for k, v in STATES.items() if v != "partial"}, read_only=True),
    tmf.Number("quantity", integer=True, minimum=0, maximum=100_000),
    OFFERING,
    product(tmf.Choice("status", "product__status", words=PRODUCT_WORDS, read_only=True)),
)
ITEM = (
    *MEMBER,
    tmf.Many("productOrderItem", "members", MEMBER, order=("id",)),
)


COLUMNS = ("kind", "model", "amount", "currency", "period_months", "package_size", "free_units", "occasion")


def totals(order_ids: Iterable[Any], user: Any) -> dict[Any, list[dict[str, Any]]]:
    """`orderTotalPrice`: what the new items of each order cost once and per month, net, in one query a page."""
    head = "offeringprice"
    tiers = {
        name: ArrayAgg(f"{head}__tiers__{name}", order_by=F(f"{head}__tiers__up_to").asc(nulls_last=True))
        for name in ("pk", "up_to", "unit", "flat")
    }
    rows = (
        ProductOrderItem.prices.through.objects.filter(
            productorderitem__order__in=set(order_ids), productorderitem__action="add"
        )
        .exclude(offeringprice__kind=OfferingPrice.Kind.USAGE)
        .exclude(offeringprice__occasion=OfferingPrice.Occasion.TERMINATION)
        .values(
            "pk",
            "productorderitem__order_id",
            "productorderitem__quantity",
            *(f"{head}__{c}" for c in COLUMNS),
        )
        .annotate(**{f"tier_{name}": tier for name, tier in tiers.items()})
    )
    sums: dict[Any, dict[tuple[str, str], Decimal]] = {}
    for row in rows:
        price = OfferingPrice(**{name: row[f"{head}__{name}"] for name in COLUMNS})
        known = zip(row["tier_pk"], row["tier_up_to"], row["tier_unit"], row["tier_flat"], strict=True)
        ladder = [pricing.Tier(up_to, unit, flat) for key, up_to, unit, flat in known if key is not None]
        exact = pricing.charge(price, row["productorderitem__quantity"], tiers=ladder).amount
        amount = round_at(Point.LINE, exact, price.currency)
        bucket = sums.setdefault(row["productorderitem__order_id"], {})
        key = (PRICE_WORDS[price.kind], price.currency)
        bucket[key] = bucket.get(key, Decimal(0)) + amount / (price.period_months or 1)
    return {
        order: [_total(*key, amount) for key, amount in sorted(found.items())]
        for order, found in sums.items()
    }


def _total(kind: str, currency: str, amount: Decimal) -> dict[str, Any]:
    period = {"recurringChargePeriod": "month"} if kind == "recurring" else {}
    return {"priceType": kind, "price": {"dutyFreeAmount": Money(amount, currency).tmf()}, **period}


@ORDERING.resource
class ProductOrderResource(tmf.Resource[ProductOrder]):
    """What a customer orders. A POST takes the order on at once for callers who may accept orders."""

    path, model = "productOrder", ProductOrder
    events = ("Create", "AttributeValueChange", "StateChange", "Delete", "InformationRequired")
    fields = (
        tmf.Text("externalId", create_only=True),
        tmf.Text("number", read_only=True, extension=True),
        tmf.Text("description"),
        tmf.State("state", words=STATES, mandatory=True),
        tmf.DateTime("orderDate", "ordered", read_only=True, mandatory=True),
        tmf.DateTime("completionDate", "completed", read_only=True),
        tmf.Date("requestedCompletionDate", "requested_date"),
        tmf.Date("expectedCompletionDate", "promised_date", read_only=True),
        tmf.Text("cancellationReason", read_only=True),
        tmf.Ref(
            "billingAccount", "account", type="BillingAccount", to="666/billingAccount", create_only=True
        ),
        tmf.Refs(
            "quote", tmf.Ref("quote", type="Quote", to="648/quote", label="quote__number"), create_only=True
        ),
        tmf.Refs("relatedParty", CUSTOMER, mandatory=True, create_only=True),
        tmf.Batch("orderTotalPrice", totals, schema={"type": "array", "items": {"type": "object"}}),
        tmf.Many(
            "productOrderItem",
            "items",
            ITEM,
            order=("id",),
            where=Q(parent=None),
            required=True,
            mandatory=True,
            create_only=True,
        ),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> ProductOrder:
        """Place the order on the billing account named, or on the customer's only one."""
        account = _account(data)
        return services.place_order(
            customer=account.customer,
            account=account,
            items=[line(item, user) for item in data["items"]],
            requested_date=data.get("requested_date"),
            external_id=data.get("external_id", ""),
            description=data.get("description", ""),
            channel="api",
            accept=user.has_perm("bss_orders.accept_productorder"),
            by=user,
        )

    def update(self, obj: ProductOrder, data: tmf.Data, user: tmf.User) -> None:
        """Change the description or the wished date of an order that is open."""
        services.amend_order(order=obj, **data)

    moves: dict[str, Callable[..., Any]] = {
        "cancelled": lambda obj, data, user: services.cancel_order(order=obj, reason="REST"),
        "pending_cancellation": lambda obj, data, user: services.cancel_order(order=obj, reason="REST"),
        "rejected": lambda obj, data, user: services.reject_order(order=obj, reason="REST"),
    }


@ORDERING.task
class CancelProductOrder(tmf.Task):
    """Cancel what is still open of an order, up to the point of no return of each item."""

    path, permission_name = "cancelProductOrder", "bss_orders.change_productorder"
    fields = (
        tmf.Ref("productOrder", type="ProductOrder", to="622/productOrder", required=True, mandatory=True),
        tmf.Text("cancellationReason", max_length=200),
        tmf.DateTime("requestedCancellationDate"),
    )

    def run(self, data: tmf.Data, user: tmf.User) -> Mapping[str, Any]:
        """Cancel the order."""
        services.cancel_order(
            order=data["product_order"], reason=data.get("cancellation_reason", "") or "REST"
        )
        return {"effectiveCancellationDate": clock.now()}


def _account(data: Mapping[str, Any]) -> BillingAccount:
    """The account of an order: the one named, or the customer's only active one. Raises Invalid."""
    account: BillingAccount | None = data.get("account")
    customer: Customer | None = data.get("customer")
    if account is not None:
        if customer is not None and account.customer_id != customer.pk:
            raise refused("billingAccount", _("This account belongs to another customer"))
        return account
    if customer is None:
        raise refused(
            "billingAccount", _("Name a billing account, or the customer among the related parties")
        )
    active = list(customer.accounts.filter(status="active")[:2])
    if len(active) != 1:
        raise refused("billingAccount", _("Name one of the customer's billing accounts"))
    return active[0]
