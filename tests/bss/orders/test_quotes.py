"""Qualifications, quotes, products and what customers hand over."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bss.catalog import services as catalog
from bss.customers import services as customers
from bss.orders import services
from bss.orders.events import ProductResumed, ProductSuspended, ProductTerminated
from bss.orders.models import Product, ProductOrder, Qualification, Quote
from bss.orders.services import Feasibility, Line
from kernel.errors import DomainError, IllegalMove, Invalid
from kernel.models import OutboxEvent
from tests.bss.orders.conftest import make_bundle
from tests.factories.bss_customers import make_account, make_customer, make_site
from tests.factories.bss_orders import (
    make_order,
    make_product,
    make_qualification,
    make_quote,
    make_sellable,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> dict[str, Feasibility]:
    """What the network answers by offer code; yes, by fibre, in ten days unless told otherwise."""
    answers: dict[str, Feasibility] = {}

    def answer(*, site: Any, offering: Any) -> Feasibility:
        return answers.get(offering.code, Feasibility(True, "fibre", 10, resources={"port": "ge-0/0/1"}))

    monkeypatch.setattr(services.QUALIFIER, "_fillers", {"test": answer})
    return answers


# ---------------------------------------------------------------------------------------------- qualification


def test_the_networks_answer_is_kept_while_it_holds(network: dict[str, Feasibility], now: datetime) -> None:
    site, offering = make_site(), make_sellable()

    row = services.qualify(customer=site.customer, site=site, offering=offering)

    assert (row.result, row.technology, row.lead_days, row.resources) == (
        "qualified", "fibre", 10, {"port": "ge-0/0/1"},
    )  # fmt: skip
    assert services.latest(site=site, offering=offering) == row
    assert (row.holds(now + timedelta(days=29)), row.holds(now + timedelta(days=30))) == (True, False)
    assert services.latest(site=site, offering=offering, at=now + timedelta(days=30)) is None


def test_a_bundle_is_as_deliverable_as_its_worst_member(network: dict[str, Feasibility]) -> None:
    bundle, site = make_bundle(), make_site()
    network["access"] = Feasibility(False, "", 0, "no free port")

    row = services.qualify(customer=site.customer, site=site, offering=bundle)

    assert (row.result, row.explanation) == ("unqualified", "no free port")


def test_nobody_to_ask_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services.QUALIFIER, "_fillers", {})
    site = make_site()

    with pytest.raises(DomainError, match="Nobody can say"):
        services.qualify(customer=site.customer, site=site, offering=make_sellable())
    with pytest.raises(Invalid, match="another customer"):
        services.qualify(customer=make_customer(), site=site, offering=make_sellable())


def test_an_order_asks_the_network_once_per_site_and_offer(network: dict[str, Feasibility]) -> None:
    account = make_account()
    site, offering = make_site(customer=account.customer), make_sellable()
    known = make_qualification(site=site, offering=offering)

    order = services.place_order(
        customer=account.customer,
        account=account,
        items=[Line(offering, site=site), Line(make_sellable(), site=site)],
    )

    first, second = order.items.select_related("qualification").order_by("position")
    assert first.qualification == known
    assert second.qualification is not None
    assert Qualification.objects.count() == 2


def test_what_the_network_cannot_deliver_is_not_ordered(network: dict[str, Feasibility]) -> None:
    account = make_account()
    site, offering = make_site(customer=account.customer), make_sellable()
    network[offering.code] = Feasibility(False, explanation="no fibre in this street")

    with pytest.raises(Invalid, match="no fibre in this street"):
        services.place_order(customer=account.customer, account=account, items=[Line(offering, site=site)])

    assert not ProductOrder.objects.exists()


# ----------------------------------------------------------------------------------------------------- quotes


def test_a_quote_is_ordered_at_its_prices_whatever_the_catalogue_says(now: datetime) -> None:
    account = make_account()
    bundle = make_bundle()
    quote = services.open_quote(
        customer=account.customer, items=[Line(bundle, options={"voice": 2})], account=account
    )
    assert sum(line.amount for line in services.lines_of(quote)) == Decimal(5 + 90 + 50 + 180 + 100)
    services.send_quote(quote=quote)
    price = catalog.members(bundle)[0][0].offering.prices.get(code="monthly")
    catalog.supersede_price(price=price, day=now.date() + timedelta(days=1), amount=Decimal(99))

    order = services.accept_quote(quote=quote, at=now + timedelta(days=2))

    assert (quote.status, order.quote, order.accepted) == ("accepted", quote, None)
    access, voice = order.items.get(position="1.1"), order.items.get(position="1.2")
    assert access.product.prices.get(price__code="monthly").price == price
    assert (voice.quantity, list(voice.depends_on.all())) == (2, [access])


def test_a_quote_is_revised_and_only_the_last_one_lives() -> None:
    quote = services.open_quote(customer=make_customer(), items=[Line(make_sellable())])

    second = services.revise_quote(quote=quote, items=[Line(make_sellable(), quantity=2)])

    assert (quote.status, second.revision, second.family) == ("cancelled", 2, quote.family)
    with pytest.raises(IllegalMove):
        services.send_quote(quote=quote)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"at": timedelta(days=31)}, "valid until"),
        ({"account": lambda quote: None}, "Name an account"),
        ({"account": lambda quote: make_account(customer=quote.customer, currency="USD")}, "Name an account"),
    ],
)
def test_a_quote_is_accepted_in_time_and_on_an_account(
    change: dict[str, Any], words: str, now: datetime
) -> None:
    quote = services.open_quote(customer=make_customer(), items=[Line(make_sellable())])
    services.send_quote(quote=quote)
    account = change.get("account", lambda quote: make_account(customer=quote.customer))(quote)

    with pytest.raises(Invalid, match=words):
        services.accept_quote(quote=quote, account=account, at=now + change.get("at", timedelta()))


def test_a_quote_is_for_new_products_and_days_to_come(now: datetime) -> None:
    product = make_product()

    with pytest.raises(Invalid, match="new products"):
        services.open_quote(customer=product.customer, items=[Line(action="delete", product=product)])
    with pytest.raises(Invalid, match="valid today"):
        services.open_quote(
            customer=product.customer, items=[Line(make_sellable())], valid_until=date(2026, 1, 1)
        )


DOORS = {
    "approved": lambda quote: services.send_quote(quote=quote),
    "rejected": lambda quote: services.decline_quote(quote=quote, reason="too dear"),
    "cancelled": lambda quote: services.cancel_quote(quote=quote, reason="error"),
}


@pytest.mark.parametrize("before", Quote.Status)
@pytest.mark.parametrize("after", DOORS)
def test_quote_statuses_pair_by_pair(before: str, after: str) -> None:
    quote = make_quote(status=before)

    if after in Quote.MOVES[Quote.Status(before)]:
        assert DOORS[after](quote).status == after
    else:
        with pytest.raises(IllegalMove):
            DOORS[after](quote)


# --------------------------------------------------------------------------------------------------- products


def test_a_bundle_is_suspended_with_its_last_member_and_resumed_with_the_first(now: datetime) -> None:
    bundle = make_product()
    one, two = (make_product(account=bundle.account, parent=bundle) for _index in range(2))

    services.suspend_product(product=one, reason="dunning")
    assert Product.objects.get(pk=bundle.pk).status == "active"
    services.suspend_product(product=two, reason="dunning")
    whole = Product.objects.get(pk=bundle.pk)
    assert (whole.status, whole.suspended_at, whole.suspension_reason) == ("suspended", now, "dunning")

    services.resume_product(product=two, at=now + timedelta(days=1))
    whole.refresh_from_db()
    assert (whole.status, whole.suspended_at) == ("active", None)
    counted = OutboxEvent.objects.filter(name__in=[ProductSuspended.name, ProductResumed.name])
    assert (
        sorted(counted.values_list("name", flat=True))
        == ["bss_orders.ProductResumed"] * 2 + ["bss_orders.ProductSuspended"] * 3
    )


def test_a_bundle_ends_with_its_last_member(now: datetime) -> None:
    bundle = make_product()
    one, two = (make_product(account=bundle.account, parent=bundle) for _index in range(2))

    for product in (one, two):
        services.terminate_product(product=product, at=now + timedelta(days=1))

    assert Product.objects.get(pk=bundle.pk).terminated_at == now + timedelta(days=1)
    assert OutboxEvent.objects.filter(name=ProductTerminated.name).count() == 3


def test_a_bundle_is_not_acted_on_itself(now: datetime) -> None:
    bundle = make_product()
    make_product(account=bundle.account, parent=bundle)

    for door in (services.resume_product, services.terminate_product):
        with pytest.raises(Invalid, match="follows its members"):
            door(product=bundle)
    with pytest.raises(Invalid, match="before it starts"):
        services.terminate_product(product=make_product(), at=now - timedelta(days=1))


PRODUCT_DOORS = {
    "suspended": lambda product: services.suspend_product(product=product, reason="dunning"),
    "active": lambda product: services.resume_product(product=product),
    "terminated": lambda product: services.terminate_product(product=product),
}


# A product becomes active for the first time through its order item alone.
RESUMABLE = {
    ("active", "suspended"),
    ("suspended", "active"),
    ("pending_terminate", "suspended"),
    *((before, "terminated") for before in ("active", "suspended", "pending_terminate")),
}


@pytest.mark.parametrize("before", Product.Status)
@pytest.mark.parametrize("after", PRODUCT_DOORS)
def test_product_statuses_pair_by_pair(before: str, after: str, now: datetime) -> None:
    product = make_product(status=before, terminated_at=now if before == "terminated" else None)

    if (before, after) in RESUMABLE:
        assert PRODUCT_DOORS[after](product).status == after
    else:
        with pytest.raises(IllegalMove):
            PRODUCT_DOORS[after](product)


# ------------------------------------------------------------------------------------------ seen from customers


def test_an_account_with_products_or_orders_is_not_closed() -> None:
    product = make_product()

    with pytest.raises(Invalid, match="1 product"):
        customers.close_account(account=product.account, reason="over")
    order = make_order()
    with pytest.raises(Invalid, match="1 order"):
        customers.close_account(account=order.account, reason="over")


def test_a_merge_takes_products_orders_and_quotes_along() -> None:
    keep = make_customer()
    product = make_product()
    order = make_order(account=product.account)
    quote = make_quote(customer=product.customer)

    customers.merge_customers(keep=keep, drop=product.customer, reason="same")

    for row in (product, order, quote):
        row.refresh_from_db()
        assert row.customer == keep


def test_two_orders_of_one_external_number_stop_a_merge() -> None:
    first, second = make_order(external_id="PO-1"), make_order(external_id="PO-1")

    with pytest.raises(Invalid, match="PO-1"):
        customers.merge_customers(keep=first.customer, drop=second.customer, reason="same")

    assert ProductOrder.objects.filter(customer=second.customer).exists()
