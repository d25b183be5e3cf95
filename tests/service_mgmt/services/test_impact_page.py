"""The impact page: from what fails to the customers, back to what it needs, and out as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kernel import clock
from kernel.models import User
from oss.inventory.models import NetworkElement
from oss.inventory.services.graph import Graph
from service_mgmt.services import services
from service_mgmt.services.models import Service
from service_mgmt.services.services.chains import Branch
from service_mgmt.services.services.impact import Effect
from service_mgmt.services.views.faults import Target
from tests.factories.oss_alarms import make_network
from tests.factories.oss_inventory import make_element, make_port
from tests.factories.service_mgmt_levels import make_agreement, make_definition, make_fee, product_of
from tests.factories.service_mgmt_services import hold, make_service, rest_on
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db


def on(
    element: NetworkElement,
    *,
    parent: Service | None = None,
    redundancy: str = "all",
    specification: Any = None,
) -> Service:
    """A customer-facing service whose resource-facing one holds a port of the element."""
    parent = parent or make_service(product=True)
    more = {"specification": specification} if specification else {}
    access = make_service(kind="rfs", customer=parent.customer, **more)
    rest_on(parent, access, redundancy)
    hold(access, "port", port=make_port(element=element))
    return parent


def chain(thing: Any, kind: str = "element") -> list[Branch]:
    found = Target(thing, kind).impact(Graph.load())
    lines = services.lines_of(found, found.services, visible=Service.objects.all())
    return services.chain_of(found, lines)


def page(user: User, thing: Any, **more: str) -> str:
    answer = browser_of(user).get(
        reverse("service_mgmt_services:impact"),
        {"object": getattr(thing, "number", "") or str(thing), **more},
    )
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_chain_leads_from_the_resource_over_services_to_what_was_bought() -> None:
    element = make_element()
    service = on(element)

    (root,) = chain(element)

    assert (root.thing, root.effect) == (element, Effect.LOST)
    (access,) = root.children
    (bought,) = access.children
    assert (access.thing.kind, bought.thing, bought.children) == ("rfs", service, [])


def test_more_than_five_alike_stand_under_one_label() -> None:
    element = make_element()
    first = on(element)
    access = first.supports_needed.get().supporting
    for _index in range(4):
        on(element, specification=access.specification)
    assert len(chain(element)[0].children) == 5
    on(element, specification=access.specification)
    other = on(element)

    grouped, alone = sorted(chain(element)[0].children, key=lambda branch: branch.thing is not None)

    assert (grouped.thing, len(grouped.children), grouped.label) == (None, 6, access.specification.name)
    assert alone.children[0].thing == other


def test_what_each_service_is_worth_and_what_it_was_promised_stands_beside_it(admin: User) -> None:
    first, second = make_element(), make_element()
    service = on(first, redundancy="any")
    on(second, parent=service, redundancy="any")
    make_fee(product_of(service), "75.50")
    make_agreement(
        service=service, definition=make_definition(code="gold"), at=clock.now() - timedelta(days=9)
    )

    text = page(admin, first)

    for words in ("gold", "€75.50", "1 of 2 left", "Degraded", product_of(service).number):
        assert words in text, words
    assert str(service.customer.party) in text


def test_a_failing_port_takes_its_own_services_and_its_link(admin: User) -> None:
    network = make_network()
    here, behind = make_service(product=True), on(network.leaf)
    port = make_port(element=network.agg)
    hold(here, "port", port=port)

    on_port, on_uplink = page(admin, port), page(admin, network.tail.port_a)

    assert here.number in on_port
    assert behind.number not in on_port
    assert behind.number in on_uplink
    assert here.number not in on_uplink


def test_a_failing_link_takes_what_holds_its_ends(admin: User) -> None:
    network = make_network()
    service = make_service(product=True)
    hold(service, "port", port=network.ring_a.port_b)

    assert service.number in page(admin, network.ring_a)


def test_what_an_element_needs_itself_says_where_there_is_no_other_way() -> None:
    network = make_network()
    graph = Graph.load()

    leaf = {need.thing: need.alone for need in services.needs_of(network.leaf.pk, graph)}
    ring = {need.thing: need.alone for need in services.needs_of(network.agg2.pk, graph)}

    assert leaf == {network.tail: True, network.agg: True, network.spur: True, network.core2: True}
    assert len(ring) == 2
    assert set(ring.values()) == {False}
    assert services.needs_of(network.core1.pk, graph) == []
    assert services.needs_of(make_element(status="planned").pk, graph) == []


def test_the_page_shows_the_way_up(admin: User) -> None:
    network = make_network()

    text = page(admin, network.leaf)

    assert "What it needs itself" in text
    assert "no other way" in text
    assert "It reaches no core device." in page(admin, make_element())
    assert "What it needs itself" not in page(admin, network.core1)


def test_every_service_goes_into_the_file_and_no_cell_is_a_formula(admin: User) -> None:
    element = make_element()
    service = on(element)
    make_fee(product_of(service), "75.50")
    Service.objects.filter(pk=service.pk).update(name="=HYPERLINK(1)")

    answer = browser_of(admin).get(
        reverse("service_mgmt_services:impact"), {"object": element.number, "_export": "csv"}
    )
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))

    assert answer["Content-Type"].startswith("text/csv")
    assert "attachment" in answer["Content-Disposition"]
    (bought,) = [row for row in rows if row["Service"] == service.number]
    assert (bought["Effect"], bought["Name"]) == ("Lost", "'=HYPERLINK(1)")
    assert (bought["Customer"], Decimal(bought["Revenue a month"])) == (
        service.customer.number,
        Decimal("75.50"),
    )
    assert len(rows) == 2


def test_the_page_costs_the_same_for_any_number_of_services(admin: User) -> None:
    element = make_element()
    for _index in range(2):
        on(element)
    browser, url = browser_of(admin), reverse("service_mgmt_services:impact")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(url, {"object": element.number}).status_code == 200
        return len(queries)

    asked()  # what is read once a process
    few = asked()
    for _index in range(8):
        on(element)

    assert asked() == few


@pytest.mark.parametrize("language", ["en", "fr"])
def test_nothing_asked_nothing_found_and_nothing_hit_are_told_apart(language: str, admin: User) -> None:
    User.objects.filter(pk=admin.pk).update(language=language)
    browser, url = browser_of(admin), reverse("service_mgmt_services:impact")
    words = {
        "en": ("Name a device, a port or a link", "is called nothing-like-this", "No service depends on it."),
        "fr": ("Nommez un équipement, un port ou un lien", "nothing-like-this", "Aucun service n’en dépend."),
    }[language]

    for asked, expected in zip(("", "nothing-like-this", make_element().number), words, strict=True):
        assert expected in browser.get(url, {"object": asked}).content.decode(), asked


def test_who_may_not_see_services_or_the_device_learns_nothing(make_user: Callable[..., Any]) -> None:
    element = make_element()
    service = on(element)
    url = reverse("service_mgmt_services:impact")

    nobody = browser_of(make_user()).get(url, {"object": element.number})
    customer = browser_of(make_user("customer", customer=service.customer_id)).get(
        url, {"object": element.number, "_export": "csv"}
    )

    assert nobody.status_code == 403
    assert service.number not in customer.content.decode()
    assert "text/html" in customer["Content-Type"]


def test_devices_ports_and_links_lead_to_what_fails_with_them(admin: User) -> None:
    network = make_network()
    browser = browser_of(admin)
    port = network.tail.port_b
    for name, key in (
        ("element", network.leaf.number), ("link", network.tail.number), ("port", port.pk)
    ):  # fmt: skip
        text = browser.get(reverse(f"oss_inventory:{name}-detail", args=[key])).content.decode()
        assert "What if this fails?" in text, name
    assert f"?object={port.element.name}%20{port.name}" in text
