"""Makers of products, orders and quotes, straight through the models (`services` has the doors)."""

from __future__ import annotations

from itertools import count
from typing import Any

from bss.catalog.models import ProductOffering
from bss.orders.models import (
    Product,
    ProductOrder,
    ProductOrderItem,
    ProductPrice,
    Qualification,
    Quote,
    QuoteItem,
)
from kernel import clock
from kernel.ids import uuid7
from kernel.models import ApiTask, User
from kernel.periods import add_months
from tests.factories.bss_catalog import launch_offering, make_offering, make_price
from tests.factories.bss_customers import make_account, make_customer, make_site
from tests.factories.rest import sample

_serial = count(1)


def make_sellable(**overrides: Any) -> Any:
    """An offer on sale at 50 € a month in advance and 90 € once."""
    offering = make_offering(launch=False, **overrides)
    make_price(offering=offering)
    make_price(offering=offering, kind="one_off", name_en="Installation", name_fr="Installation")
    return launch_offering(offering)


def make_product(**overrides: Any) -> Product:
    """An active product with the prices of its offering, on an account of its customer."""
    account = overrides.pop("account", None) or make_account(customer=overrides.get("customer"))
    offering = overrides.pop("offering", None) or make_sellable()
    now = clock.now()
    values = {
        "customer": account.customer,
        "status": Product.Status.ACTIVE,
        "ordered": now,
        "characteristics": offering.characteristics,
        **overrides,
    }
    delivered = {"active", "suspended", "pending_terminate", "terminated"}
    values.setdefault("active_from", now if str(values["status"]) in delivered else None)
    product = Product.objects.create(account=account, offering=offering, **values)
    ProductPrice.objects.bulk_create(
        ProductPrice(product=product, price=price) for price in offering.prices.filter(valid_to=None)
    )
    return product


def make_order(*, items: int = 1, **overrides: Any) -> ProductOrder:
    """An accepted order that adds `items` products, all still acknowledged."""
    account = overrides.pop("account", None) or make_account(customer=overrides.get("customer"))
    now = clock.now()
    values = {"customer": account.customer, "ordered": now, "accepted": now, **overrides}
    order = ProductOrder.objects.create(account=account, **values)
    for _index in range(items):
        make_item(order=order)
    return order


def make_item(**overrides: Any) -> ProductOrderItem:
    """An item that adds a product at a site."""
    order = overrides.pop("order", None) or make_order(items=0)
    site = overrides.pop("site", None) or make_site(customer=order.customer)
    offering = overrides.pop("offering", None) or make_sellable()
    product = overrides.pop("product", None) or make_product(
        account=order.account, offering=offering, site=site, status=Product.Status.CREATED
    )
    position = str(order.items.count() + 1)
    item = ProductOrderItem.objects.create(
        order=order,
        **{
            "position": position,
            "offering": offering,
            "product": product,
            "site": site,
            "characteristics": offering.characteristics,
            **overrides,
        },
    )
    item.prices.set(offering.prices.all())
    return item


def make_qualification(**overrides: Any) -> Qualification:
    """A positive answer that holds for 30 days."""
    site = overrides.pop("site", None) or make_site()
    now = clock.now()
    values = {
        "customer": site.customer,
        "result": Qualification.Result.QUALIFIED,
        "technology": "fibre",
        "lead_days": 10,
        "at": now,
        "valid_until": now.replace(year=now.year + 1),
        **overrides,
    }
    if "offering" not in values:
        values["offering"] = make_sellable()
    return Qualification.objects.create(site=site, **values)


def make_quote(*, items: int = 1, **overrides: Any) -> Quote:
    """A quote in preparation, valid for a month."""
    customer = overrides.pop("customer", None) or make_customer()
    now = clock.now()
    values = {"family": uuid7(), "quoted": now, "valid_until": add_months(now.date(), 1), **overrides}
    quote = Quote.objects.create(customer=customer, **values)
    for index in range(items):
        offering = make_sellable()
        item = QuoteItem.objects.create(
            quote=quote, position=str(index + 1), offering=offering, characteristics=offering.characteristics
        )
        item.prices.set(offering.prices.all())
    return quote


# Samples of the REST resources


def _add(offering: ProductOffering, **more: Any) -> dict[str, Any]:
    return {"id": "1", "action": "add", "productOffering": {"id": str(offering.pk)}, **more}


@sample(
    "622/productOrder",
    body=lambda: {
        "billingAccount": {"id": str(make_account().pk)},
        "productOrderItem": [_add(make_sellable(), quantity=2)],
        "requestedCompletionDate": "2026-03-01T00:00:00Z",
    },
    patch=lambda row: {"description": "Ring twice"},
)
def product_orders(count: int) -> list[ProductOrder]:
    made = [make_order(items=2, external_id=f"PO-{next(_serial)}") for _index in range(count)]
    for order in made:
        make_item(order=order, parent=order.items.get(position="1"))
    return made


@sample("622/cancelProductOrder", body=lambda: {"productOrder": {"id": str(make_order().pk)}})
def cancellations(count: int) -> list[ApiTask]:
    return [make_task("622", "cancelProductOrder", productOrder=make_order()) for _index in range(count)]


@sample("637/product")
def products(count: int) -> list[Product]:
    made = [make_product(site=make_site()) for _index in range(count)]
    for product in made:
        make_product(account=product.account, parent=product)
    return made


@sample(
    "648/quote",
    body=lambda: {
        "relatedParty": [{"id": str(make_customer().pk), "role": "customer"}],
        "quoteItem": [_add(make_sellable())],
    },
    patch=lambda row: {"state": "approved"},
)
def quotes(count: int) -> list[Quote]:
    return [make_quote(note=f"Quote {index}") for index in range(count)]


def make_task(api: str, path: str, **refs: Any) -> ApiTask:
    """A task of somebody, done."""
    owner = User.objects.create_user(f"robot-{next(_serial)}")
    body = {name: {"id": str(row.pk)} for name, row in refs.items()}
    return ApiTask.objects.create(api=api, path=path, owner=owner, state="done", body=body)


@sample(
    "679/productOfferingQualification",
    body=lambda: {
        "place": [{"id": str(make_site().pk), "role": "installation"}],
        "productOfferingQualificationItem": [{"id": "1", "productOffering": {"id": str(make_sellable().pk)}}],
    },
)
def qualifications(count: int) -> list[ApiTask]:
    made = []
    for _index in range(count):
        task = make_task("679", "productOfferingQualification")
        task.body = {"productOfferingQualificationItem": [{"id": "1"}]}
        task.result = {"relatedParty": []}
        task.save()
        made.append(task)
    return made


def make_whole_product() -> Product:
    """A product with a member and an order that changes it."""
    product = make_product(site=make_site())
    make_product(account=product.account, parent=product)
    make_item(product=product, action="modify", order=make_order(items=0, account=product.account))
    return product


SAMPLES = {
    "bss_orders.ProductOrder": lambda: make_order(items=2),
    "bss_orders.Product": make_whole_product,
    "bss_orders.Quote": make_quote,
    "bss_orders.Qualification": make_qualification,
}
