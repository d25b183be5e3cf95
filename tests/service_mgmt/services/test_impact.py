"""What a fault touches: redundancy, risk, customers, revenue, and a constant number of queries."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bss.billing.models import Subscription
from kernel import clock
from kernel.models import User
from oss.inventory.models import NetworkElement
from service_mgmt.services import services
from service_mgmt.services.models import Service
from service_mgmt.services.services.impact import Effect, Impact
from tests.factories.bss_catalog import launch_offering, make_offering, make_price
from tests.factories.bss_orders import make_product
from tests.factories.oss_inventory import make_element, make_link, make_port
from tests.factories.service_mgmt_services import hold, make_service, rest_on
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db
Role = NetworkElement.Role


def on(element: NetworkElement, *, parent: Service | None = None, redundancy: str = "all") -> Service:
    """A customer-facing service whose resource-facing one holds a port of the element."""
    parent = parent or make_service()
    access = make_service(kind="rfs", customer=parent.customer)
    rest_on(parent, access, redundancy)
    hold(access, "port", port=make_port(element=element))
    return parent


def effects(found: Impact) -> dict[Any, Effect]:
    return {row.service_id: row.effect for row in found.services}


def test_a_lost_element_takes_what_rests_on_it() -> None:
    element = make_element()
    service = on(element)
    bystander = on(make_element())

    found = services.impact_of(elements=[element.pk])

    assert effects(found)[service.pk] is Effect.LOST
    assert bystander.pk not in effects(found)
    assert found.customers == {service.customer_id}
    assert found.services[0].because.endswith(element.name)


def test_a_service_with_any_of_two_supports_lives_on_one_and_dies_with_both() -> None:
    first, second = make_element(), make_element()
    service = on(first, redundancy="any")
    on(second, parent=service, redundancy="any")

    assert effects(services.impact_of(elements=[first.pk]))[service.pk] is Effect.DEGRADED
    assert effects(services.impact_of(elements=[first.pk, second.pk]))[service.pk] is Effect.LOST


def test_a_service_that_needs_all_dies_with_one() -> None:
    first, second = make_element(), make_element()
    service = on(first)
    on(second, parent=service)

    assert effects(services.impact_of(elements=[first.pk]))[service.pk] is Effect.LOST


def test_effects_climb_any_number_of_levels() -> None:
    element = make_element()
    service = on(element)
    above = make_service(customer=service.customer)
    top = make_service(customer=service.customer)
    rest_on(above, service)
    rest_on(top, above)

    assert effects(services.impact_of(elements=[element.pk]))[top.pk] is Effect.LOST


def test_a_lost_redundant_link_puts_at_risk_and_the_second_one_loses() -> None:
    core, access = make_element(role=Role.CORE), make_element()
    first, second = make_link(core, access), make_link(core, access)
    service = on(access)

    assert effects(services.impact_of(links=[first.pk]))[service.pk] is Effect.AT_RISK
    assert effects(services.impact_of(links=[first.pk, second.pk]))[service.pk] is Effect.LOST
    assert services.impact_of(links=[first.pk]).customers == set()


def test_the_way_to_the_core_counts() -> None:
    core, middle, access = make_element(role=Role.CORE), make_element(role=Role.AGGREGATION), make_element()
    make_link(core, middle)
    make_link(middle, access)
    service = on(access)

    found = services.impact_of(elements=[middle.pk])

    assert access.pk in found.cut_off
    assert effects(found)[service.pk] is Effect.LOST


@pytest.mark.parametrize("state", ["designed", "terminated"])
def test_services_nobody_uses_are_not_hit(state: str) -> None:
    element = make_element()
    service = make_service(kind="rfs", state=state)
    hold(service, "port", port=make_port(element=element))

    assert services.impact_of(elements=[element.pk]).services == ()


def test_resources_given_back_do_not_count() -> None:
    element = make_element()
    service = make_service(kind="rfs")
    hold(service, "port", port=make_port(element=element), released=clock.now())

    assert services.impact_of(elements=[element.pk]).services == ()


def test_the_number_of_queries_does_not_grow_with_the_services() -> None:
    element = make_element()

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            services.impact_of(elements=[element.pk])
        return len(queries)

    on(element)
    asked()  # what is read once a process
    few = asked()
    for _index in range(6):
        on(element)

    assert asked() == few


def subscribe(service: Service, amount: str, **overrides: Any) -> None:
    product = service.product
    assert product is not None
    price = product.offering.prices.filter(kind="recurring").first()
    values = {
        "kind": "recurring",
        "quantity": 1,
        "currency": "EUR",
        "start": clock.today() - timedelta(days=40),
        **overrides,
    }
    Subscription.objects.create(
        product=product, price=price, account=product.account, amount=Decimal(amount), **values
    )


def test_revenue_is_the_monthly_price_of_what_is_lost() -> None:
    element = make_element()
    first, second, ended = (make_service(product=True) for _index in range(3))
    for service in (first, second, ended):
        on(element, parent=service)
    subscribe(first, "50.00", quantity=2)
    subscribe(second, "30.00")
    subscribe(ended, "99.00", end=clock.today())
    safe = make_service(product=True)
    on(make_element(), parent=safe)
    subscribe(safe, "70.00")

    assert services.impact_of(elements=[element.pk]).revenue == Decimal("130.00")


def test_a_yearly_price_counts_a_twelfth() -> None:
    element = make_element()
    offering = make_offering(launch=False)
    make_price(offering=offering, period_months=12)
    service = on(element, parent=make_service(product=make_product(offering=launch_offering(offering))))
    subscribe(service, "120.00")

    assert services.impact_of(elements=[element.pk]).revenue == Decimal("10.00")


def test_the_page_finds_an_element_by_number_and_says_what_is_lost(admin: User) -> None:
    element = make_element()
    service = on(element)
    browser, url = browser_of(admin), reverse("service_mgmt_services:impact")

    for name in (element.number, element.name, element.number.lower()):
        assert service.number in browser.get(url, {"object": name}).content.decode()
    assert "no-such-thing" in browser.get(url, {"object": "no-such-thing"}).content.decode()
