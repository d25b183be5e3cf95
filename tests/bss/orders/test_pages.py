"""Pages of orders where they do more than the kit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bss.orders import services
from bss.orders.models import ProductOrder, Quote
from bss.orders.services import Feasibility
from kernel.models import User
from tests.bss.orders.conftest import make_bundle
from tests.factories.bss_customers import make_account, make_customer, make_site
from tests.factories.bss_orders import make_order, make_quote, make_sellable
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales(make_user: Callable[..., User]) -> Client:
    return browser_of(make_user("sales"))


def basket(account: Any, offering: Any, **more: Any) -> dict[str, Any]:
    return {
        "customer": account.customer.number,
        "account": account.number,
        "offer": offering.code,
        "quantity": "1",
        "_step": "3",
        **more,
    }


def test_an_order_for_two_sites_is_checked_and_placed(sales: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    account = make_account()
    sites = [make_site(customer=account.customer) for _index in range(2)]
    bundle = make_bundle()
    monkeypatch.setattr(
        services.QUALIFIER, "_fillers", {"t": lambda site, offering: Feasibility(True, "fibre", 10)}
    )
    data = basket(account, bundle, sites=[str(site.pk) for site in sites], options="voice = 2", accept="on")

    check = sales.post("/orders/new/", {**data, "_go": "next"}).content.decode()
    placed = sales.post("/orders/new/", {**data, "_go": "save"})

    assert "deliverable by fibre in 10 days" in check
    assert "a month, net" in check
    order = ProductOrder.objects.get()
    assert placed["Location"] == f"/orders/{order.number}/"
    assert (order.items.count(), order.channel, order.accepted is not None) == (6, "portal", True)
    assert set(order.items.leaves().values_list("site__name", flat=True)) == {site.name for site in sites}


def test_further_lines_order_other_offers_elsewhere(sales: Client) -> None:
    account = make_account()
    site = make_site(customer=account.customer, name="Lyon")
    extra = make_sellable()
    data = basket(account, make_sellable())

    wrong = sales.post("/orders/new/", {**data, "more": f"Paris; {extra.code}; 1", "_go": "save"})
    right = sales.post("/orders/new/", {**data, "more": f"Lyon; {extra.code}; 3", "_go": "save"})

    assert wrong.status_code == 422
    assert "Line 1" in wrong.content.decode()
    assert right.status_code == 303
    assert ProductOrder.objects.get().items.get(site=site).quantity == 3


def test_offers_that_may_not_be_sold_are_not_offered_but_explained(sales: Client) -> None:
    account = make_account()
    barred = make_sellable(segments=["residential"], name_en="For homes")
    make_sellable()

    page = sales.post("/orders/new/", {"customer": account.customer.number, "_step": "1", "_go": "next"})
    forced = sales.post("/orders/new/", basket(account, barred, _go="save"))

    assert page.status_code in {200, 422}
    assert forced.status_code == 422
    assert "For homes: Not for this segment" in forced.content.decode()
    assert not ProductOrder.objects.exists()


def test_an_account_of_somebody_else_cannot_be_chosen(sales: Client) -> None:
    account, other = make_account(), make_account()

    answer = sales.post(
        "/orders/new/", {**basket(account, make_sellable()), "account": other.number, "_go": "save"}
    )

    assert answer.status_code == 422
    assert not ProductOrder.objects.exists()


def test_who_may_not_take_orders_on_leaves_them_acknowledged(make_user: Callable[..., User]) -> None:
    account = make_account()

    browser_of(make_user("care")).post(
        "/orders/new/", basket(account, make_sellable(), accept="on", _go="save")
    )

    assert ProductOrder.objects.get().accepted is None


def test_a_quote_is_made_released_and_accepted(sales: Client) -> None:
    account = make_account()
    sales.post("/orders/quotes/new/", basket(account, make_sellable(), _go="save"))
    quote = Quote.objects.get()
    page = f"/orders/quotes/{quote.number}/"

    sales.post(f"{page}do/send/", {})
    accepted = sales.post(f"{page}do/accept/", {"account": account.number})

    order = ProductOrder.objects.get()
    assert accepted["Location"] == f"/orders/{order.number}/"
    assert order.quote == quote


def test_the_page_of_an_order_shows_its_tree_and_sums(sales: Client) -> None:
    account = make_account()
    order = services.place_order(
        customer=account.customer,
        account=account,
        items=[services.Line(make_bundle(), options={"voice": 2})],
    )

    page = sales.get(f"/orders/{order.number}/").content.decode()

    assert "1.2" in page
    assert "€270.00" in page
    assert "€155.00" in page


def test_cancelling_says_first_what_will_happen(sales: Client) -> None:
    order = make_order(items=2)
    url = f"/orders/{order.number}/do/cancel/"

    asked = sales.get(url).content.decode()
    done = sales.post(url, {"reason": "moved away"})

    assert "2 items nobody has begun" in asked
    assert done.status_code == 303
    assert ProductOrder.objects.get().state == "cancelled"


def test_orders_at_risk_are_found(sales: Client) -> None:
    risky, calm = make_order(jeopardy="no free port"), make_order()

    page = sales.get("/orders/?risk=true&view=all").content.decode()

    assert risky.number in page
    assert calm.number not in page


def test_the_simulator_prices_a_basket_by_its_address(sales: Client) -> None:
    bundle = make_bundle()
    account = make_account(customer=make_customer(segment="residential"))
    query = {"offer": bundle.reference, "quantity": "1", "options": "voice = 2", "account": account.number}

    page = sales.get("/catalog/simulate/", query)
    wrong = sales.get("/catalog/simulate/", {**query, "options": "tv = 1"})

    assert page.status_code == 200
    assert "€155.00" in page.content.decode()
    assert "It can be sold to this customer." in page.content.decode()
    assert (wrong.status_code, "Not in this bundle" in wrong.content.decode()) == (422, True)


def test_other_words_below_orders_are_left_to_others(sales: Client) -> None:
    assert sales.get("/orders/nonsense/").status_code == 404
    quote = make_quote()
    assert sales.get(f"/orders/quotes/{quote.number}/").status_code == 200
