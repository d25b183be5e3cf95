"""The REST surface of customers, catalogue and orders where it does more than the kit."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from bss.catalog.models import PriceTier
from bss.customers.models import Customer
from bss.orders import services
from bss.orders.models import Product, ProductOrder, Qualification, Quote
from bss.orders.services import Feasibility
from kernel import clock
from kernel.models import ApiToken, User
from tests.bss.orders.conftest import make_bundle
from tests.factories.bss_catalog import launch_offering, make_offering, make_price
from tests.factories.bss_customers import make_account, make_contact, make_customer, make_party, make_site
from tests.factories.bss_orders import make_item, make_order, make_product, make_quote, make_sellable

pytestmark = pytest.mark.django_db

ORDERS = "/tmf-api/productOrderingManagement/v4/productOrder"
CANCELS = "/tmf-api/productOrderingManagement/v4/cancelProductOrder"
PRODUCTS = "/tmf-api/productInventory/v4/product"
QUOTES = "/tmf-api/quoteManagement/v4/quote"
CUSTOMERS = "/tmf-api/customerManagement/v4/customer"
OFFERINGS = "/tmf-api/productCatalogManagement/v4/productOffering"
PRICES = "/tmf-api/productCatalogManagement/v4/productOfferingPrice"
POQ = "/tmf-api/productOfferingQualification/v4/productOfferingQualification"

Call = Callable[..., Any]


@pytest.fixture(autouse=True)
def rest_alone(settings: Any) -> None:
    """The REST surface without the pages."""
    settings.ROOT_URLCONF = "tests.kernel.tmf.urls"


@pytest.fixture
def caller(make_user: Callable[..., User]) -> Callable[..., Call]:
    """`caller("sales")("post", path, body)`: a call with a token of somebody in that role."""

    def for_role(*roles: str, **scopes: Any) -> Call:
        user = make_user(*roles, **scopes)
        _row, secret = ApiToken.issue(user, "test", expires=clock.system_now() + timedelta(days=1))

        def call(method: str, path: str, body: Any = None) -> Any:
            return Client().generic(
                method.upper(),
                path,
                json.dumps(body) if body is not None else "",
                content_type="application/json",
                headers={"Authorization": f"Bearer {secret}"},
            )

        return call

    return for_role


def item(offering: Any, **more: Any) -> dict[str, Any]:
    return {"id": "1", "action": "add", "productOffering": {"id": str(offering.pk)}, **more}


def test_a_bundle_is_ordered_with_its_options_and_values(caller: Any) -> None:
    account = make_account()
    site = make_site(customer=account.customer)
    bundle = make_bundle()
    voice = bundle.items.get(offering__code="voice").offering

    response = caller("sales")(
        "post",
        ORDERS,
        {
            "billingAccount": {"id": str(account.pk)},
            "productOrderItem": [
                item(
                    bundle,
                    product={"place": [{"id": str(site.pk), "role": "installation"}]},
                    productOrderItem=[item(voice, quantity=3)],
                )
            ],
        },
    )

    assert response.status_code == 201, response.content
    body = response.json()
    (top,) = body["productOrderItem"]
    assert [member["quantity"] for member in top["productOrderItem"]] == [1, 3]
    assert top["product"]["place"][0]["name"] == site.name
    assert body["orderTotalPrice"][0] == {
        "priceType": "oneTime", "price": {"dutyFreeAmount": {"unit": "EUR", "value": 360}},
    }  # fmt: skip
    order = ProductOrder.objects.get()
    assert (order.accepted is not None, order.channel, order.placed_by is not None) == (True, "api", True)


def test_who_may_not_accept_orders_leaves_them_to_others(caller: Any) -> None:
    response = caller("care")(
        "post",
        ORDERS,
        {"billingAccount": {"id": str(make_account().pk)}, "productOrderItem": [item(make_sellable())]},
    )

    assert response.status_code == 201
    assert ProductOrder.objects.get().accepted is None


def test_the_customers_only_account_is_meant_when_none_is_named(caller: Any) -> None:
    account = make_account()
    body = {
        "relatedParty": [{"id": str(account.customer_id), "role": "customer"}],
        "productOrderItem": [item(make_sellable())],
    }

    assert caller("sales")("post", ORDERS, body).status_code == 201
    make_account(customer=account.customer)
    refused = caller("sales")("post", ORDERS, body)
    assert (refused.status_code, refused.json()["code"]) == (400, "order.reference")
    del body["relatedParty"]
    assert caller("sales")("post", ORDERS, body).status_code == 400


def test_a_product_is_changed_and_removed_by_orders(caller: Any) -> None:
    product = make_product()
    call = caller("sales")

    def order(action: str, key: str) -> Any:
        return call(
            "post",
            ORDERS,
            {
                "billingAccount": {"id": str(product.account_id)},
                "productOrderItem": [{"id": "1", "action": action, "quantity": 4, "product": {"id": key}}],
            },
        )

    assert order("modify", "nonsense").status_code == 400
    assert order("modify", str(product.pk)).status_code == 201
    assert ProductOrder.objects.get().items.get().quantity == 4
    busy = order("delete", str(product.pk))
    assert (busy.status_code, busy.json()["code"]) == (400, "order.productBusy")


def test_cancelling_is_a_task_that_tells_when_it_came_too_late(
    caller: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order()
    services.item_in_progress(item=order.items.get())
    monkeypatch.setattr(services.POINT_OF_NO_RETURN, "_fillers", {"t": lambda item_id: "spliced"})
    body = {"productOrder": {"id": str(order.pk)}, "cancellationReason": "moved away"}

    late = caller("care")("post", CANCELS, body).json()
    monkeypatch.setattr(services.POINT_OF_NO_RETURN, "_fillers", {})
    done = caller("care")("post", CANCELS, body).json()

    assert (late["state"], late["errorMessage"]) == ("terminatedWithError", "1: spliced")
    assert done["state"] == "done"
    assert ProductOrder.objects.get().state == "pending_cancellation"


def test_a_patch_of_the_state_asks_the_door(caller: Any) -> None:
    order = make_order()
    call = caller("care")

    refused = call("patch", f"{ORDERS}/{order.pk}", {"state": "completed"})
    done = call("patch", f"{ORDERS}/{order.pk}", {"state": "cancelled"})

    assert refused.status_code == 409
    assert (done.status_code, done.json()["state"]) == (200, "cancelled")


def test_a_quote_becomes_an_order_over_rest(caller: Any) -> None:
    account = make_account()
    quote = make_quote(customer=account.customer, account=account)
    call = caller("sales")

    for state in ("approved", "accepted"):
        assert call("patch", f"{QUOTES}/{quote.pk}", {"state": state}).status_code == 200

    assert ProductOrder.objects.get().quote == Quote.objects.get()


def test_a_qualification_answers_item_by_item(caller: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    site, good, bad = make_site(), make_sellable(code="good"), make_sellable(code="bad")
    answers = {"good": Feasibility(True, "fibre", 10), "bad": Feasibility(False, explanation="no port free")}
    monkeypatch.setattr(services.QUALIFIER, "_fillers", {"t": lambda site, offering: answers[offering.code]})

    response = caller("sales")(
        "post",
        POQ,
        {
            "place": [{"id": str(site.pk)}],
            "productOfferingQualificationItem": [
                {"id": "1", "productOffering": {"id": str(good.pk)}},
                {"id": "2", "productOffering": {"id": str(bad.pk)}},
            ],
        },
    )

    body = response.json()
    assert (response.status_code, body["state"]) == (201, "done")
    first, second = body["productOfferingQualificationItem"]
    assert (first["qualificationItemResult"], second["qualificationItemResult"]) == (
        "qualified",
        "unqualified",
    )
    assert second["eligibilityUnavailabilityReason"][0]["label"] == "no port free"
    assert Qualification.objects.filter(site=site).count() == 2


def test_contacts_are_masked_for_who_may_not_see_them(caller: Any) -> None:
    contact = make_contact(value="jeanne@example.net")
    make_customer(party=contact.party)

    def seen(role: str) -> Any:
        (row,) = caller(role)("get", CUSTOMERS).json()
        return row["contactMedium"][0]["characteristic"]["emailAddress"]

    assert (seen("care"), seen("manager")) == ("jeanne@example.net", "j…@e…")


def test_a_self_care_user_sees_the_own_things_alone(caller: Any) -> None:
    mine, _other = make_product(), make_product()
    make_order()
    call = caller("customer", customer=mine.customer_id)

    assert [row["id"] for row in call("get", PRODUCTS).json()] == [str(mine.pk)]
    assert call("get", ORDERS).json() == []
    assert [row["id"] for row in call("get", CUSTOMERS).json()] == [str(mine.customer_id)]
    assert str(mine.offering_id) in {row["id"] for row in call("get", OFFERINGS).json()}
    assert Product.objects.count() == 3


def test_an_offer_is_launched_by_who_may_publish(caller: Any) -> None:
    offering = make_offering(launch=False)
    make_price(offering=offering)
    path = f"{OFFERINGS}/{offering.pk}"

    assert caller("sales")("patch", path, {"lifecycleStatus": "In test"}).status_code == 403
    assert caller("integrator")("patch", path, {"lifecycleStatus": "In test"}).status_code == 200
    assert caller("integrator")("patch", path, {"lifecycleStatus": "Active"}).status_code == 200
    assert caller("integrator")("patch", path, {"lifecycleStatus": "Launched"}).status_code == 403
    launched = caller("product")("patch", path, {"lifecycleStatus": "Launched"})
    assert (launched.status_code, launched.json()["lifecycleStatus"]) == (200, "Launched")
    assert caller("product")("delete", path).status_code == 409


def test_prices_made_first_are_taken_up_by_their_offer(caller: Any) -> None:
    call = caller("product")
    price = call("post", PRICES, {"name": "Installation", "price": {"unit": "EUR", "value": 90}}).json()

    offering = call("post", OFFERINGS, {"name": "Idea", "productOfferingPrice": [{"id": price["id"]}]})

    assert offering.status_code == 201, offering.content
    assert [one["id"] for one in offering.json()["productOfferingPrice"]] == [price["id"]]
    assert offering.json()["lifecycleStatus"] == "In study"
    assert call("post", OFFERINGS, {"name": "X", "productOfferingPrice": [{"id": "none"}]}).status_code == 400


def test_the_name_of_a_person_is_not_changed_through_the_customer(caller: Any) -> None:
    person = make_customer(party=make_party(kind="individual"))

    response = caller("care")("patch", f"{CUSTOMERS}/{person.pk}", {"name": "Somebody Else"})

    assert (response.status_code, response.json()["code"]) == (400, "customer.name")
    assert Customer.objects.get().party.name == person.party.name


def test_the_totals_of_an_order_follow_the_tiers_of_its_prices(caller: Any) -> None:
    offering = make_offering(launch=False)
    price = make_price(offering=offering, model="graduated", amount=0, period_months=3)
    PriceTier.objects.create(price=price, up_to=2, unit=10, flat=3)
    PriceTier.objects.create(price=price, unit=6)
    make_price(offering=offering, kind="one_off", code="removal", occasion="termination", amount=40)
    order = make_order(items=0)
    make_item(order=order, offering=launch_offering(offering), quantity=5)

    (row,) = caller("sales")("get", ORDERS).json()

    # 2 × 10 + 3 + 3 × 6 for a quarter; what falls due at the end is not part of the order.
    assert row["orderTotalPrice"] == [
        {
            "priceType": "recurring",
            "price": {"dutyFreeAmount": {"unit": "EUR", "value": pytest.approx(41 / 3)}},
            "recurringChargePeriod": "month",
        }
    ]
