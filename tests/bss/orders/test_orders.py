"""An order from its lines to the products that come of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bss.catalog import services as catalog
from bss.catalog.models import ProductOffering
from bss.customers.models import Customer
from bss.orders import services
from bss.orders.events import (
    OrderAmended,
    OrderCancelled,
    OrderPromised,
    ProductActivated,
    ProductChanged,
    ProductOrderAccepted,
    ProductTerminated,
)
from bss.orders.models import Product, ProductOrder, ProductOrderItem
from bss.orders.models.order import OPEN, State
from bss.orders.services import Line
from kernel.errors import IllegalMove, Invalid, StaleVersion
from kernel.models import OutboxEvent
from tests.factories.bss_catalog import (
    launch_offering,
    make_bundle_item,
    make_offering,
    make_price,
    make_specification,
)
from tests.factories.bss_customers import make_account, make_customer, make_site
from tests.factories.bss_orders import make_item, make_order, make_product, make_sellable

pytestmark = pytest.mark.django_db


def make_bundle() -> ProductOffering:
    """Internet always, voice channels as an add-on, a fee on the bundle itself."""
    access, voice = make_sellable(code="access"), make_sellable(code="voice")
    bundle = make_offering(launch=False, is_bundle=True, code="business")
    make_price(offering=bundle, code="bundle", amount=Decimal(5))
    make_bundle_item(bundle=bundle, offering=access)
    make_bundle_item(bundle=bundle, offering=voice, minimum=0, default=0, maximum=30, position=2)
    return launch_offering(bundle)


def place(*lines: Line, **overrides: Any) -> ProductOrder:
    """An accepted order of these lines."""
    account = overrides.pop("account", None) or make_account()
    return services.place_order(
        customer=account.customer, account=account, items=list(lines), **{"accept": True, **overrides}
    )


def deliver(item: ProductOrderItem, at: datetime | None = None) -> ProductOrderItem:
    services.item_in_progress(item=item, at=at)
    return services.activate_item(item=item, at=at)


def heard(event: Any) -> list[dict[str, Any]]:
    return list(OutboxEvent.objects.filter(name=event.name).order_by("seq").values_list("payload", flat=True))


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


# -------------------------------------------------------------------------------------------------- delivering


def test_a_bundle_is_active_when_all_its_members_are(now: datetime) -> None:
    order = place(Line(make_bundle(), options={"voice": 1}))
    access, voice = order.items.get(position="1.1"), order.items.get(position="1.2")
    at = now + timedelta(days=3)

    deliver(access, at)
    root = order.items.select_related("product").get(position="1")
    assert (root.state, root.product.status) == ("in_progress", "pending_active")

    deliver(voice, at + timedelta(hours=1))
    root.refresh_from_db()
    root.product.refresh_from_db()
    order.refresh_from_db()
    assert (root.state, root.product.status, root.product.active_from) == (
        "completed", "active", at + timedelta(hours=1),
    )  # fmt: skip
    assert (order.state, order.completed) == ("completed", at + timedelta(hours=1))
    assert len(heard(ProductActivated)) == 3


def test_reporting_twice_changes_nothing() -> None:
    item = place(Line(make_sellable())).items.get()

    deliver(item)
    services.activate_item(item=ProductOrderItem.objects.get(pk=item.pk))

    assert len(heard(ProductActivated)) == 1


def test_what_fails_is_aborted_and_the_rest_is_delivered() -> None:
    order = place(Line(make_bundle(), options={"voice": 1}), Line(make_sellable()))
    access, voice, other = (order.items.get(position=position) for position in ("1.1", "1.2", "2"))
    deliver(access)
    services.item_in_progress(item=voice)
    services.fail_item(item=voice, reason="no gateway")
    deliver(other)

    order.refresh_from_db()
    states = dict(order.items.values_list("position", "product__status"))
    assert (order.state, order.items.get(position="1").state) == ("partial", "failed")
    assert states == {"1": "active", "1.1": "active", "1.2": "aborted", "2": "active"}
    assert ProductOrderItem.objects.get(pk=voice.pk).explanation == "no gateway"


def test_an_item_in_fallout_is_held_and_goes_on() -> None:
    item = place(Line(make_sellable())).items.get()
    services.item_in_progress(item=item)
    begun = item.begun

    services.pause_item(item=item, state="held", reason="element refused a line")
    assert (item.state, item.explanation) == ("held", "element refused a line")
    assert ProductOrder.objects.get().state == "held"
    services.item_in_progress(item=item)

    assert (ProductOrder.objects.get().state, item.begun) == ("in_progress", begun)
    with pytest.raises(Invalid):
        services.pause_item(item=item, state="completed", reason="x")


def test_changing_a_product_keeps_its_prices_unless_the_offer_changes(now: datetime) -> None:
    small = make_sellable(specification=make_specification(), characteristics={})
    large = make_sellable(specification=small.specification, characteristics={"downstream_mbps": 500})
    product = make_product(offering=small, characteristics={"downstream_mbps": 100})

    change = place(
        Line(action="modify", product=product, characteristics={"downstream_mbps": 200}),
        account=product.account,
    )
    deliver(change.items.get())
    product.refresh_from_db()
    assert product.characteristics == {"downstream_mbps": 200}
    assert {row.price.offering_id for row in product.prices.all()} == {small.pk}

    move = place(Line(large, action="modify", product=product), account=product.account)
    deliver(move.items.get())
    product.refresh_from_db()
    assert (product.offering, product.characteristics) == (large, {"downstream_mbps": 500})
    assert {row.price.offering_id for row in product.prices.all()} == {large.pk}
    assert len(heard(ProductChanged)) == 2


def test_removing_a_bundle_removes_its_members(now: datetime) -> None:
    order = place(Line(make_bundle(), options={"voice": 1}))
    for item in order.items.leaves():
        deliver(item, now)
    bundle = order.items.get(position="1").product

    end = place(Line(action="delete", product=bundle), account=bundle.account)
    members = list(end.items.leaves())
    assert len(members) == 2
    for item in members:
        deliver(item, now + timedelta(days=30))

    assert set(Product.objects.values_list("status", "terminated_at")) == {
        ("terminated", now + timedelta(days=30))
    }
    assert len(heard(ProductTerminated)) == 3


def test_a_product_is_worked_on_by_one_open_order() -> None:
    product = make_product()
    place(Line(action="modify", product=product, quantity=2), account=product.account)

    with pytest.raises(Invalid, match="open order"):
        place(Line(action="delete", product=product), account=product.account)


def test_keeping_a_product_completes_at_acceptance() -> None:
    product = make_product()

    order = place(Line(action="no_change", product=product), account=product.account)

    assert order.state == "completed"


def test_the_item_of_a_bundle_is_not_worked_on_itself() -> None:
    order = place(Line(make_bundle()))

    with pytest.raises(Invalid, match="follows its members"):
        services.item_in_progress(item=order.items.get(position="1"))


DOORS = {
    "in_progress": lambda item: services.item_in_progress(item=item),
    "pending": lambda item: services.pause_item(item=item, state="pending", reason="customer"),
    "held": lambda item: services.pause_item(item=item, state="held", reason="fallout"),
    "completed": lambda item: services.activate_item(item=item),
    "failed": lambda item: services.fail_item(item=item, reason="no"),
    "cancelled": lambda item: services.cancel_item(item=item),
}
# Reporting a state that is there already is harmless.
TWICE = {("in_progress",) * 2, ("pending",) * 2, ("held",) * 2, ("completed",) * 2, ("cancelled",) * 2}


@pytest.mark.parametrize("before", [state for state in State if state != State.PARTIAL])
@pytest.mark.parametrize("after", DOORS)
def test_item_states_pair_by_pair(before: str, after: str) -> None:
    item = make_item()
    ProductOrderItem.objects.filter(pk=item.pk).update(state=before)
    ProductOrder.objects.filter(pk=item.order_id).update(state=before)
    item.refresh_from_db()

    direct = after in ProductOrderItem.MOVES[State(before)] and (before, after) != (
        "assessing_cancellation",
        "cancelled",
    )
    if direct or (str(before), after) in TWICE:
        assert DOORS[after](item).state == after
        order = ProductOrder.objects.get(pk=item.order_id)
        assert order.state == after
        assert (order.completed is not None) == (direct and after not in OPEN)
    else:
        with pytest.raises(IllegalMove):
            DOORS[after](item)


# -------------------------------------------------------------------------------------------------- promising


def test_a_promise_is_told_once(now: datetime) -> None:
    order = make_order(requested_date=date(2026, 1, 20))

    for _index in range(2):
        services.promise(order=order, date=date(2026, 1, 25))
    services.flag_jeopardy(order=order, reason="no free port")

    assert [event["promised"] for event in heard(OrderPromised)] == ["2026-01-25"]
    assert list(ProductOrder.objects.in_jeopardy(now.date())) == [order]
    assert not ProductOrder.objects.in_jeopardy(now.date()).filter(pk=make_order().pk).exists()


def test_an_order_that_is_over_promises_nothing() -> None:
    order = make_order(state="completed")

    with pytest.raises(Invalid, match="over"):
        services.promise(order=order, date=date(2026, 2, 1))


# ------------------------------------------------------------------------------------------------- cancelling


def test_what_nobody_has_begun_is_cancelled_at_once() -> None:
    order = place(Line(make_bundle(), options={"voice": 1}))

    services.cancel_order(order=order, reason="changed my mind")

    assert (order.state, order.cancellation_reason) == ("cancelled", "changed my mind")
    assert set(order.items.values_list("state", "product__status")) == {("cancelled", "cancelled")}
    assert len(heard(OrderCancelled)) == 1
    with pytest.raises(IllegalMove):
        services.cancel_order(order=order, reason="again")


def test_what_is_being_worked_on_is_undone_first() -> None:
    order = place(Line(make_sellable()), Line(make_sellable()))
    first, second = order.items.order_by("position")
    services.item_in_progress(item=first)

    services.cancel_order(order=order, reason="moved away")

    assert [item.state for item in order.items.order_by("position")] == ["pending_cancellation", "cancelled"]
    assert order.state == "pending_cancellation"
    services.cancel_order(order=order, reason="again")
    services.cancel_item(item=first)
    services.cancel_item(item=first)
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert len(heard(OrderCancelled)) == 1
    assert {second.product_id, first.product_id} == set(
        Product.objects.filter(status="cancelled").values_list("pk", flat=True)
    )


def test_past_the_point_of_no_return_nothing_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    order = place(Line(make_sellable()), Line(make_sellable()))
    first = order.items.get(position="1")
    services.item_in_progress(item=first)
    monkeypatch.setattr(
        services.POINT_OF_NO_RETURN,
        "_fillers",
        {"t": lambda item_id: "the fibre is spliced" if item_id == first.pk else None},
    )

    with pytest.raises(IllegalMove, match="1: the fibre is spliced") as refusal:
        services.cancel_order(order=order, reason="moved away")

    assert refusal.value.code == "order.cancel.pointOfNoReturn"
    assert list(order.items.order_by("position").values_list("state", flat=True)) == [
        "in_progress",
        "acknowledged",
    ]
    assert not heard(OrderCancelled)


def test_a_cancellation_that_came_too_late_goes_on() -> None:
    item = place(Line(make_sellable())).items.get()
    services.item_in_progress(item=item)
    services.cancel_order(order=item.order, reason="late")

    services.item_in_progress(item=item)

    assert (item.state, ProductOrder.objects.get().state) == ("in_progress", "in_progress")


def test_cancelling_a_removal_leaves_the_product_as_it_was() -> None:
    product = make_product()
    order = place(Line(action="delete", product=product), account=product.account)
    item = order.items.get()
    services.item_in_progress(item=item)
    assert Product.objects.get(pk=product.pk).status == "pending_terminate"

    services.cancel_order(order=order, reason="stays")
    services.cancel_item(item=item)

    assert Product.objects.get(pk=product.pk).status == "active"


# -------------------------------------------------------------------------------------------------- amending


def test_an_order_is_amended_before_work_begins() -> None:
    account = make_account()
    site = make_site(customer=account.customer)
    order = place(Line(make_sellable(), site=site), Line(make_sellable()), account=account)
    first, second = order.items.order_by("position")

    services.amend_order(
        order=order,
        version=order.version,
        requested_date=date(2026, 3, 1),
        change=[services.ItemChange(first, quantity=3)],
        remove=[second],
        add=[Line(make_sellable(code="extra"))],
    )

    assert order.requested_date == date(2026, 3, 1)
    assert list(order.items.order_by("position").values_list("position", "quantity", "state")) == [
        ("1", 3, "acknowledged"), ("2", 1, "cancelled"), ("3", 1, "acknowledged"),
    ]  # fmt: skip
    assert Product.objects.get(pk=first.product_id).quantity == 3
    (event,) = heard(OrderAmended)
    assert len(event["item_ids"]) == 3
    with pytest.raises(StaleVersion):
        services.amend_order(order=order, version=1, requested_date=date(2026, 4, 1))


def test_what_has_begun_is_not_amended() -> None:
    order = place(Line(make_sellable()))
    item = order.items.get()
    services.item_in_progress(item=item)

    with pytest.raises(Invalid, match="has begun"):
        services.amend_order(order=order, change=[services.ItemChange(item, quantity=2)])
    deliver(item)
    with pytest.raises(Invalid, match="no longer"):
        services.amend_order(order=order, requested_date=date(2026, 4, 1))


def test_what_others_depend_on_goes_with_them() -> None:
    order = place(Line(make_bundle(), options={"voice": 1}))
    access, voice = order.items.get(position="1.1"), order.items.get(position="1.2")

    with pytest.raises(Invalid, match=r"1\.2 depend"):
        services.amend_order(order=order, remove=[access])
    services.amend_order(order=order, remove=[voice])

    assert ProductOrderItem.objects.get(pk=voice.pk).state == "cancelled"
    assert ProductOrderItem.objects.get(pk=access.pk).state == "acknowledged"
