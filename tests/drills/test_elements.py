"""Elements that hang, refuse a line, lose the confirmation or have no session left."""

from __future__ import annotations

import pytest

from bss.orders.models import ProductOrder
from oss.inventory.models import NetworkElement
from oss.southbound import services as southbound
from oss.southbound.models import ElementSession
from service_mgmt.provisioning import services as provisioning
from service_mgmt.provisioning.models import Fallout
from service_mgmt.services import services as inventory
from service_mgmt.services.models import Service
from tests.drills import customers
from tests.drills.house import House

pytestmark = pytest.mark.drill

ACCESS = "asw1-kvl"
# Five attempts with pauses of up to half a minute between them.
TRIED_AGAIN = 180.0


def start(house: House, name: str) -> ProductOrder:
    return customers.accept(house, customers.place_order(house, name))


def attempts(order: ProductOrder, name: str) -> int:
    step = customers.step_of(order, name)
    return step.attempts if step is not None else 0


def configured(house: House, order: ProductOrder) -> int:
    """How often the access element's own configuration holds the service."""
    text = house.lab.ctl("config", ACCESS)["text"]
    numbers = Service.objects.filter(customer=order.customer, kind="rfs").values_list("number", flat=True)
    return sum(text.count(f"service {number} ") for number in numbers)


def test_a_hanging_element_is_tried_again_until_it_answers(house: House) -> None:
    house.lab.ctl("hang", ACCESS, "25")
    order = start(house, "Impasse")
    house.wait("a second attempt", lambda: attempts(order, "validate") > 1 or None)

    customers.wait_until_completed(house, order, seconds=TRIED_AGAIN)

    element = NetworkElement.objects.get(name=ACCESS)
    with southbound.session(element=element, purpose="look") as session:
        assert session.facts()["host_name"] == ACCESS
    assert configured(house, order) == 1
    house.check()


def test_a_refused_third_line_leaves_nothing_behind_and_is_mended_by_one_retry(house: House) -> None:
    # interface, service, then the description: the third line of every service on this element that has one.
    house.lab.ctl("refuse", ACCESS, "description ", "1")
    order = start(house, "Rue-du-Refus")
    fallout = house.wait(
        "a person to be asked",
        lambda: Fallout.objects.filter(step__run__item__order__product_order=order, status="open").first(),
    )
    assert "description" in fallout.detail
    assert configured(house, order) == 0
    order.refresh_from_db()
    assert order.jeopardy
    house.check()

    with house.story.as_("engineer") as engineer:
        assert provisioning.bulk_retry(cause=fallout.cause, by=engineer) == 1

    house.wait(f"{order} to be complete", lambda: customers.completed(order))
    assert configured(house, order) == 1
    house.check()


def test_a_lost_confirmation_is_given_again(house: House) -> None:
    house.lab.ctl("lose-confirm", ACCESS)
    order = start(house, "Rue-Perdue")

    customers.wait_until_completed(house, order, seconds=TRIED_AGAIN)

    assert house.lab.ctl("status", ACCESS)["faults"]["lose_confirm"] is False, "nothing was lost"
    assert attempts(order, "commit") > 1
    assert configured(house, order) == 1
    assert house.lab.ctl("status", ACCESS)["pending"] is None
    house.check()


def test_a_full_session_table_is_waited_for(house: House) -> None:
    house.lab.ctl("fill-sessions", ACCESS)
    order = start(house, "Rue-Pleine")
    house.wait("a second attempt", lambda: attempts(order, "validate") > 1 or None)
    assert configured(house, order) == 0

    house.lab.ctl("free-sessions", ACCESS)

    customers.wait_until_completed(house, order, seconds=TRIED_AGAIN)
    assert configured(house, order) == 1
    services = [service.pk for service in Service.objects.filter(customer=order.customer, kind="cfs")]
    assert ElementSession.objects.filter(holder__in=services, ok=False).exists()
    assert not [one for pk in services for one in unreleased(pk)]
    house.check()


def unreleased(service_id: object) -> list[str]:
    """Elements that somebody still keeps for a service."""
    service = Service.objects.get(pk=service_id)
    names = {
        element.name
        for one in inventory.family(service=service)
        for element in inventory.elements_of(service=one)
    }
    return list(
        NetworkElement.objects.filter(name__in=names, endpoint__lease_holder=service_id).values_list(
            "name", flat=True
        )
    )
