"""Places, types, elements and links through their doors, and what the database refuses."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from kernel import lifecycle
from kernel.errors import IllegalMove, Invalid, NotAllowed, StaleState, StaleVersion
from kernel.models import JournalEntry
from oss.inventory import services
from oss.inventory.models import Link, Location, NetworkElement, Port, PortTemplate
from oss.inventory.services.elements import PortSpec
from tests.factories.oss_inventory import make_device_type, make_element, make_link, make_location, make_port

STATUSES = list(NetworkElement.Status)
LINK_STATUSES = list(Link.Status)


@pytest.mark.django_db
@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("after", STATUSES)
def test_every_pair_of_element_statuses_follows_the_table(before: str, after: str) -> None:
    element = make_element(status=before)
    if after in NetworkElement.MOVES[NetworkElement.Status(before)]:
        assert services.set_status(element=element, to=after).status == after
    else:
        with pytest.raises(IllegalMove):
            services.set_status(element=element, to=after)


@pytest.mark.django_db
@pytest.mark.parametrize("before", LINK_STATUSES)
@pytest.mark.parametrize("after", LINK_STATUSES)
def test_every_pair_of_link_statuses_follows_the_table(before: str, after: str) -> None:
    link = make_link(status=before)
    if after in Link.MOVES[Link.Status(before)]:
        assert lifecycle.move(link, after).status == after
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(link, after)


@pytest.mark.django_db
def test_an_element_gets_the_ports_of_its_type_with_interface_indexes_from_one() -> None:
    kind = make_device_type(
        ports=[PortSpec("xe-0/[0-1]/[0-1]", 10_000), PortSpec("ge-[1-2]", 1000, kind="customer")]
    )
    element = make_element(device_type=kind)
    assert list(element.ports.order_by("if_index").values_list("if_index", "name", "kind")) == [
        (1, "xe-0/0/0", "network"),
        (2, "xe-0/0/1", "network"),
        (3, "xe-0/1/0", "network"),
        (4, "xe-0/1/1", "network"),
        (5, "ge-1", "customer"),
        (6, "ge-2", "customer"),
    ]
    assert element.number.startswith("NE-")
    more = services.add_ports(element=element, ports=[PortSpec("mgmt0", 1000)])
    assert more[0].if_index == 7


@pytest.mark.django_db
def test_names_are_unique_and_the_refusal_names_the_field() -> None:
    element = make_element(name="cr1")
    with pytest.raises(Invalid) as caught:
        make_element(name="cr1")
    assert (caught.value.code, list(caught.value.fields)) == ("element.nameTaken", ["name"])
    other = make_element()
    with pytest.raises(Invalid):
        services.change_element(element=other, name=element.name)
    with pytest.raises(Invalid):
        services.add_ports(element=element, ports=[PortSpec("ge-0/1/1", 1000)])
    with pytest.raises(Invalid):
        make_location(code=element.location.code)
    with pytest.raises(Invalid):
        make_device_type(manufacturer=element.device_type.manufacturer, model=element.device_type.model)
    with pytest.raises(Invalid):
        make_device_type(ports=[PortSpec("ge-[1-2]", 1000), PortSpec("ge-2", 1000)])


@pytest.mark.django_db
def test_two_elements_cannot_share_a_management_address() -> None:
    make_element(management_address="10.255.0.1")
    other = make_element()
    with pytest.raises(Invalid) as caught:
        services.change_element(element=other, management_address="10.255.0.1")
    assert caught.value.code == "element.addressTaken"


@pytest.mark.django_db
def test_a_change_based_on_an_old_version_is_refused() -> None:
    element = make_element()
    services.change_element(element=NetworkElement.objects.get(), software_version="24.2R2")
    with pytest.raises(StaleVersion):
        services.change_element(element=element, version=1, software_version="24.2R3")


@pytest.mark.django_db
@pytest.mark.parametrize("criticality", [0, 6])
def test_database_refuses_a_criticality_outside_one_to_five(criticality: int) -> None:
    element = make_element()
    with pytest.raises(IntegrityError, match="criticality"), transaction.atomic():
        NetworkElement.objects.filter(pk=element.pk).update(criticality=criticality)


@pytest.mark.django_db
def test_a_place_lies_inside_a_larger_kind_of_place() -> None:
    site = make_location(kind=Location.Kind.SITE)
    with pytest.raises(Invalid) as caught:
        make_location(kind=Location.Kind.REGION, parent=site)
    assert caught.value.code == "location.nesting"
    with pytest.raises(Invalid):
        make_location(kind="galaxy")
    room = make_location(kind=Location.Kind.ROOM, parent=site)
    assert room.ancestry() == [room.pk, site.pk]


@pytest.mark.django_db
def test_an_element_that_carries_something_is_not_retired() -> None:
    element = make_element()
    link = make_link(element)
    with pytest.raises(NotAllowed) as caught:
        services.set_status(element=element, to="retired")
    assert caught.value.code == "element.hasLinks"
    services.retire_link(link=link)
    port = element.ports.first()
    assert port is not None
    holder = uuid4()
    services.occupy_port(port=port, holder=holder)
    with pytest.raises(NotAllowed) as caught:
        services.set_status(element=element, to="retired")
    assert caught.value.code == "element.inUse"
    services.release_port(port=port, holder=holder)
    assert services.set_status(element=element, to="retired").status == "retired"


@pytest.mark.django_db
def test_a_link_takes_its_ports_and_gives_them_back() -> None:
    a, b = make_port(speed_mbps=10_000), make_port(speed_mbps=1000)
    link = services.connect(port_a=a, port_b=b, name="a-b")
    assert (link.capacity_mbps, link.status) == (1000, "in_service")
    assert set(Port.objects.filter(holder=link.pk).values_list("usage", flat=True)) == {"in_use"}
    services.mark_faulty(port=Port.objects.get(pk=a.pk), reason="burnt")
    services.retire_link(link=link)
    assert dict(Port.objects.values_list("pk", "usage")) == {a.pk: "faulty", b.pk: "free"}
    assert not Port.objects.filter(holder=link.pk).exists()


@pytest.mark.django_db
def test_a_link_needs_two_free_ports_of_two_elements() -> None:
    link = make_link()
    with pytest.raises(StaleState):
        services.connect(port_a=Port.objects.get(pk=link.port_a_id), port_b=make_port())
    element = make_element()
    one, two = element.ports.all()[:2]
    with pytest.raises(Invalid):
        services.connect(port_a=one, port_b=two)
    with pytest.raises(Invalid) as caught:
        services.connect(port_a=make_port(), port_b=make_port(), name=link.name)
    assert caught.value.code == "link.nameTaken"


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["port_a", "port_b"])
@pytest.mark.parametrize("taken", ["port_a", "port_b"])
def test_database_refuses_a_port_in_two_links_whichever_end(end: str, taken: str) -> None:
    link = make_link()
    other = {"port_a": "port_b", "port_b": "port_a"}[end]
    with pytest.raises(IntegrityError, match="already is an end"), transaction.atomic():
        Link.objects.create(name="second", capacity_mbps=1, **{end: getattr(link, taken), other: make_port()})
    services.retire_link(link=link)
    Link.objects.create(name="second", capacity_mbps=1, **{end: getattr(link, taken), other: make_port()})


@pytest.mark.django_db(transaction=True)
def test_of_two_rival_links_for_one_port_the_database_lets_one_through() -> None:
    shared, left, right = make_port(), make_port(), make_port()
    outcomes: list[Any] = []
    start = threading.Barrier(2)

    def insert(name: str, **ends: Port) -> None:
        start.wait()
        try:
            outcomes.append(Link.objects.create(name=name, capacity_mbps=1, **ends))
        except IntegrityError:
            outcomes.append(None)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=insert, args=["one"], kwargs={"port_a": shared, "port_b": left}),
        threading.Thread(target=insert, args=["two"], kwargs={"port_a": right, "port_b": shared}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Link.objects.count() == 1
    assert outcomes.count(None) == 1


@pytest.mark.django_db
def test_a_planned_link_is_put_in_service() -> None:
    link = make_link(status=Link.Status.PLANNED)
    assert services.put_in_service(link=link).is_up


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("eth0", ["eth0"]),
        ("ge-[9-11]", ["ge-9", "ge-10", "ge-11"]),
        ("a[0-1]b[1-2]", ["a0b1", "a0b2", "a1b1", "a1b2"]),
    ],
)
def test_a_pattern_names_its_ports_in_order(pattern: str, names: list[str]) -> None:
    assert list(PortTemplate(pattern=pattern).names()) == names


@pytest.mark.django_db
def test_several_elements_are_added_with_their_ports_or_none_is() -> None:
    kind = make_device_type(ports=[PortSpec("ge-[1-3]", 1000)])
    bare = make_device_type(ports=[])
    rows = [
        {"name": name, "role": "access", "device_type": type_, "location": make_location()}
        for name, type_ in (("one", kind), ("two", kind), ("three", bare))
    ]
    made = services.create_elements(rows)
    assert [element.name for element in made] == ["one", "two", "three"]
    assert [list(element.ports.values_list("name", "if_index").order_by("if_index")) for element in made] == [
        [("ge-1", 1), ("ge-2", 2), ("ge-3", 3)],
        [("ge-1", 1), ("ge-2", 2), ("ge-3", 3)],
        [],
    ]
    assert JournalEntry.objects.filter(object_id__in=[element.pk for element in made]).count() == 3
    for names in (["four", "two"], ["five", "five"]):
        with pytest.raises(Invalid) as refused:
            services.create_elements([{**rows[0], "name": name} for name in names])
        assert refused.value.code == "element.nameTaken"
    assert not NetworkElement.objects.filter(name__in=["four", "five"]).exists()
