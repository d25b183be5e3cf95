"""An order from its lines to its acceptance."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bss.catalog import services as catalog
from bss.customers.models import Customer
from bss.orders import services
from bss.orders.events import (
    ProductOrderAccepted,
)
from bss.orders.models import ProductOrder
from bss.orders.services import Line
from kernel.errors import IllegalMove, Invalid
from tests.bss.orders.conftest import heard, make_bundle, place
from tests.factories.bss_catalog import (
    launch_offering,
    make_offering,
    make_price,
)
from tests.factories.bss_customers import make_account, make_customer, make_site
from tests.factories.bss_orders import make_product, make_sellable

pytestmark = pytest.mark.django_db


# ----------------------------------------------------------------------------------------------------- placing


def test_an_order_of_a_bundle_is_unfolded_with_its_products(now: datetime) -> None:
    account = make_account()
    site = make_site(customer=account.customer)

    order = place(
        Line(make_bundle(), site=site, options={"voice": 4}), account=account, requested_date=date(2026, 2, 1)
    )

    items = {item.position: item for item in order.items.select_related("product", "offering", "parent")}
    assert {position: (item.offering.code, item.quantity) for position, item in items.items()} == {
        "1": ("business", 1), "1.1": ("access", 1), "1.2": ("voice", 4),
    }  # fmt: skip
    assert list(items["1.2"].depends_on.all()) == [items["1.1"]]
    assert items["1.1"].product.parent == items["1"].product
    assert {item.product.status for item in items.values()} == {"created"}
    assert {row.price.code for row in items["1.1"].product.prices.select_related("price")} == {
        "monthly",
        "setup",
    }
    assert items["1.1"].characteristics == {"downstream_mbps": 100}
    assert (order.state, order.accepted) == ("acknowledged", now)
    assert heard(ProductOrderAccepted) == [{"order_id": str(order.pk), "at": "2026-01-15T10:00:00Z"}]


def test_a_bundle_ordered_twice_stands_twice() -> None:
    order = place(Line(make_bundle(), quantity=2), Line(make_sellable(), quantity=7))

    assert list(order.items.values_list("position", "quantity").order_by("position")) == [
        ("1", 1), ("1.1", 1), ("2", 1), ("2.1", 1), ("3", 7),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (lambda account: [], "Nothing is ordered"),
        (lambda account: [Line()], "needs an offer"),
        (lambda account: [Line(make_sellable(), quantity=0)], "At least one"),
        (lambda account: [Line(make_sellable(), options={"x": 1})], "no options"),
        (lambda account: [Line(make_sellable(), site=make_site())], "another customer"),
        (lambda account: [Line(make_offering(launch=False))], "not on sale"),
        (lambda account: [Line(make_sellable(is_sellable=False))], "not sold on its own"),
        (lambda account: [Line(make_sellable(segments=["residential"]))], "Not for this segment"),
        (lambda account: [Line(make_sellable(valid_to=date(2025, 5, 1)))], "not on sale"),
        (
            lambda account: [Line(make_sellable(), characteristics={"colour": "red"})],
            "no such characteristic",
        ),
        (lambda account: [Line(action="delete", product=make_product())], "product of this customer"),
        (
            lambda account: [Line(action="modify", product=make_product(account=account, status="created"))],
            "not active",
        ),
        (lambda account: [Line(action="paint", product=make_product(account=account))], "Unknown action"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_whole(line: Any, words: str) -> None:
    account = make_account()

    with pytest.raises(Invalid, match=words):
        place(*line(account), account=account)

    assert not ProductOrder.objects.exists()


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (lambda: make_account(status="suspended"), "takes no orders"),
        (lambda: make_account(customer=make_customer(status="closed")), "closed"),
    ],
)
def test_an_account_takes_orders_while_it_is_active(account: Any, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        place(Line(make_sellable()), account=account())


def test_rules_between_offers_count_what_is_held_and_what_is_ordered() -> None:
    account = make_account()
    option = make_offering(launch=False, code="option")
    make_price(offering=option)
    catalog.set_relations(offering=option, requires=["base"], excludes=["rival"])
    launch_offering(option)
    base, rival = make_sellable(code="base"), make_sellable(code="rival")

    with pytest.raises(Invalid, match="Needs base"):
        place(Line(option), account=account)
    place(Line(option), Line(base), account=account)
    held = make_product(account=account, offering=rival)
    with pytest.raises(Invalid, match="Not together with rival"):
        place(Line(option), account=account)
    place(Line(option), Line(action="delete", product=held), account=account)


def test_an_external_number_is_used_once_a_customer() -> None:
    account = make_account()
    place(Line(make_sellable()), account=account, external_id="PO-1")

    with pytest.raises(Invalid, match="another order"):
        place(Line(make_sellable()), account=account, external_id="PO-1")
    place(Line(make_sellable()), external_id="PO-1")


def test_prices_agreed_with_the_order_outlive_the_catalogue(now: datetime) -> None:
    offering = make_sellable()
    order = place(Line(offering))
    price = offering.prices.get(code="monthly")

    catalog.supersede_price(price=price, day=now.date() + timedelta(days=1), amount=Decimal(99))

    agreed = order.items.get().product.prices.get(price__code="monthly")
    assert agreed.price.amount == 50


def test_placing_many_sites_writes_in_a_fixed_number_of_statements() -> None:
    account = make_account()
    offering = make_sellable()
    counts = []
    for size in (3, 6):
        lines = [Line(offering, site=make_site(customer=account.customer)) for _index in range(size)]
        with CaptureQueriesContext(connection) as captured:
            services.place_order(customer=account.customer, account=account, items=lines)
        counts.append(sum("INSERT" in query["sql"] for query in captured.captured_queries))

    assert counts[0] == counts[1]


# --------------------------------------------------------------------------------------------------- accepting


def test_accepting_twice_is_accepting_once() -> None:
    order = place(Line(make_sellable()), accept=False)

    services.accept_order(order=order)
    services.accept_order(order=ProductOrder.objects.get(pk=order.pk))

    assert len(heard(ProductOrderAccepted)) == 1


def test_the_first_order_makes_a_prospect_a_customer() -> None:
    account = make_account(customer=make_customer(status="prospect"))

    place(Line(make_sellable()), account=account)

    assert Customer.objects.get(pk=account.customer_id).status == "active"


def test_a_rejected_order_leaves_nothing_behind() -> None:
    order = place(Line(make_bundle()), accept=False)

    order = services.reject_order(order=order, reason="credit")

    assert (order.state, order.cancellation_reason) == ("rejected", "credit")
    assert set(order.items.values_list("state", "product__status")) == {("rejected", "cancelled")}
    with pytest.raises(IllegalMove):
        services.accept_order(order=order)
    with pytest.raises(IllegalMove):
        services.reject_order(order=place(Line(make_sellable())), reason="late")


def test_nothing_is_worked_on_before_acceptance() -> None:
    order = place(Line(make_sellable()), accept=False)

    with pytest.raises(Invalid, match="not accepted"):
        services.item_in_progress(item=order.items.get())
