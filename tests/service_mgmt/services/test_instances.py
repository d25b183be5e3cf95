"""Doors of services: families are switched together, and twice is once."""

from __future__ import annotations

import pytest

from kernel.errors import IllegalMove, Invalid
from kernel.models import User
from kernel.pages import url_of
from service_mgmt.services import services
from service_mgmt.services.models import Service
from service_mgmt.services.views.instances import SERVICES
from tests.factories.bss_customers import make_customer
from tests.factories.oss_inventory import make_element, make_port
from tests.factories.service_mgmt_design import FAST, make_internet
from tests.factories.service_mgmt_services import hold, make_service, rest_on
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db


def family(state: str = "reserved") -> tuple[Service, Service]:
    service = make_service(state=state)
    support = make_service(kind="rfs", state=state, customer=service.customer)
    rest_on(service, support)
    return service, support


def test_activation_switches_the_whole_family_on_and_twice_is_once() -> None:
    service, support = family()
    services.activate(service=service)
    support.refresh_from_db()
    started = service.started

    services.activate(service=service)

    assert (service.state, support.state) == ("active", "active")
    assert service.started == started


def test_suspension_and_resumption_are_a_way_and_its_way_back() -> None:
    service, support = family("active")
    services.suspend(service=service)
    support.refresh_from_db()
    assert (service.state, support.state) == ("suspended", "suspended")

    services.resume(service=service)

    support.refresh_from_db()
    assert (service.state, support.state) == ("active", "active")


def test_termination_ends_all_and_gives_back() -> None:
    service, support = family("active")
    port = make_port(element=make_element())
    hold(support, "port", port=port)

    for _twice in range(2):
        services.terminate(service=service)

    support.refresh_from_db()
    assert (service.state, support.state) == ("terminated", "terminated")
    assert not support.resources.filter(released=None).exists()


def test_a_service_in_use_is_not_withdrawn() -> None:
    with pytest.raises(IllegalMove):
        services.withdraw(service=make_service())


def test_a_service_without_a_product_is_designed_with_what_it_rests_on() -> None:
    cfs, rfs = make_internet()

    service = services.design_service(specification=cfs, customer=make_customer(), characteristics=FAST)

    assert service.state == "designed"
    assert service.supports_needed.get().supporting.specification == rfs
    with pytest.raises(Invalid):
        services.design_service(specification=cfs, customer=make_customer())


def test_an_element_lists_the_services_on_it_and_those_behind(admin: User) -> None:
    element = make_element()
    service, support = family("active")
    hold(support, "port", port=make_port(element=element))
    other = make_service()

    shown = SERVICES.matching(_state(admin, element.name), admin)

    assert set(shown) == {service, support}
    assert other not in shown


def _state(user: User, element: str) -> object:
    return SERVICES.state(_query(""), user, lock={"element": element})


def _query(text: str) -> object:
    from django.http import QueryDict

    return QueryDict(text)


def test_a_narrowed_customer_sees_their_own_services_alone(make_user) -> None:  # type: ignore[no-untyped-def]
    mine, theirs = make_service(), make_service()
    user = make_user("customer", customer=mine.customer_id)

    assert list(Service.objects.visible_to(user)) == [mine]
    assert browser_of(user).get(f"/service/services/{theirs.number}/").status_code == 404


def test_a_port_and_a_product_show_their_services(admin: User) -> None:
    service, other = make_service(product=True), make_service(product=True)
    port, spare = make_port(element=make_element()), make_port(element=make_element())
    hold(service, "port", port=port)
    browser = browser_of(admin)

    for thing in (port, service.product):
        shown = browser.get(f"{url_of(thing)}services/").content.decode()
        assert f'href="{url_of(service)}"' in shown
        assert f'href="{url_of(other)}"' not in shown
    assert f'href="{url_of(service)}"' not in browser.get(f"{url_of(spare)}services/").content.decode()
