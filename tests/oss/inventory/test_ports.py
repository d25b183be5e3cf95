"""Ports: handed out once, whoever asks at the same time; kept, given back, expired, broken and mended."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from kernel import lifecycle
from kernel.errors import Exhausted, IllegalMove, Invalid, StaleState
from kernel.models import JournalEntry, OutboxEvent
from oss.inventory import services, tasks
from oss.inventory.models import Location, NetworkElement, Port
from oss.inventory.services.elements import PortSpec
from tests.factories.oss_inventory import make_device_type, make_element, make_location, make_port

HOLDER, RIVAL = UUID(int=1), UUID(int=2)
USAGES = list(Port.Usage)
VALUES: dict[str, dict[str, Any]] = {
    "free": {"holder": None, "reserved_until": None},
    "reserved": {"holder": HOLDER, "reserved_until": "2026-02-01T00:00:00Z"},
    "in_use": {"holder": HOLDER, "reserved_until": None},
    "faulty": {"holder": HOLDER, "reserved_until": None},
}


@pytest.mark.django_db
@pytest.mark.parametrize("before", USAGES)
@pytest.mark.parametrize("after", USAGES)
def test_every_pair_of_usages_follows_the_table(before: str, after: str) -> None:
    port = make_port()
    Port.objects.filter(pk=port.pk).update(usage=before, **VALUES[before])
    port.refresh_from_db()
    if after in Port.MOVES[Port.Usage(before)]:
        lifecycle.move(port, after, **VALUES[after])
        assert Port.objects.get().usage == after
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(port, after, **VALUES[after])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("usage", "values"),
    [
        ("free", {"holder": HOLDER}),
        ("reserved", {"holder": HOLDER, "reserved_until": None}),
        ("reserved", {"holder": None, "reserved_until": "2026-02-01T00:00:00Z"}),
        ("in_use", {"holder": None}),
        ("borrowed", {}),
    ],
)
def test_database_refuses_a_usage_that_contradicts_its_holder(usage: str, values: dict[str, Any]) -> None:
    port = make_port()
    with pytest.raises(IntegrityError, match="oss_inventory_port_usage"), transaction.atomic():
        Port.objects.filter(pk=port.pk).update(usage=usage, **values)


@pytest.mark.django_db
def test_the_slowest_port_that_is_fast_enough_is_reserved_in_order_of_interface(now: datetime) -> None:
    element = make_element(
        device_type=make_device_type(
            ports=[
                PortSpec("te-[1-2]", 10_000, kind="customer"),
                PortSpec("ge-[1-12]", 1000, kind="customer"),
                PortSpec("xe-1", 1000),
            ]
        )
    )
    until = now + timedelta(days=1)
    names = [
        services.reserve_port(element=element, holder=uuid4(), until=until, min_speed_mbps=1000).name
        for _ in "123"
    ]
    assert names == ["ge-1", "ge-2", "ge-3"]
    fast = services.reserve_port(element=element, holder=HOLDER, until=until, min_speed_mbps=2000)
    assert (fast.name, fast.usage, fast.holder, fast.reserved_until) == ("te-1", "reserved", HOLDER, until)
    entry = JournalEntry.objects.get(object_id=fast.pk)
    assert entry.verb == "port.reserved"
    assert (entry.before["usage"], entry.after["holder"]) == ("free", str(HOLDER))
    assert (
        OutboxEvent.objects.filter(name="kernel.StateChanged", payload__object_id=str(fast.pk)).count() == 1
    )


@pytest.mark.django_db
def test_reserving_again_for_the_same_holder_gives_the_same_port(now: datetime) -> None:
    element = make_element()
    first = services.reserve_port(element=element, holder=HOLDER, until=now)
    again = services.reserve_port(element=element, holder=HOLDER, until=now)
    assert again == first
    assert Port.objects.held_by(HOLDER).count() == 1


@pytest.mark.django_db
def test_a_location_offers_the_ports_of_everything_below_it(now: datetime) -> None:
    region = make_location(kind=Location.Kind.REGION)
    site = make_location(parent=region)
    cabinet = make_location(kind=Location.Kind.BUILDING, parent=site)
    element = make_element(location=cabinet)
    make_element()
    assert services.free_ports(location=region).count() == 4
    assert services.reserve_port(location=site, holder=HOLDER, until=now).element == element


@pytest.mark.django_db
@pytest.mark.parametrize("spoil", ["network", "planned", "switched off", "elsewhere", "too slow"])
def test_what_cannot_serve_a_customer_is_never_handed_out(now: datetime, spoil: str) -> None:
    element = make_element(
        status=NetworkElement.Status.PLANNED if spoil == "planned" else NetworkElement.Status.IN_SERVICE,
        device_type=make_device_type(
            ports=[PortSpec("p1", 100, kind="network" if spoil == "network" else "customer")]
        ),
    )
    if spoil == "switched off":
        services.enable_port(port=element.ports.get(), enabled=False)
    where = make_location() if spoil == "elsewhere" else element.location
    with pytest.raises(Exhausted) as caught:
        services.reserve_port(
            location=where, holder=HOLDER, until=now, min_speed_mbps=1000 if spoil == "too slow" else 0
        )
    assert caught.value.code == "port.exhausted"


@pytest.mark.django_db
def test_a_reservation_names_either_a_location_or_an_element(now: datetime) -> None:
    element = make_element()
    with pytest.raises(Invalid):
        services.reserve_port(holder=HOLDER, until=now)
    with pytest.raises(Invalid):
        services.reserve_port(holder=HOLDER, until=now, element=element, location=element.location)


@pytest.mark.django_db(transaction=True)
def test_rivals_never_get_the_same_port(now: datetime) -> None:
    element = make_element(device_type=make_device_type(ports=[PortSpec("ge-[1-10]", 1000, kind="customer")]))
    got: list[Any] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        try:
            got.append(services.reserve_port(element=element, holder=uuid4(), until=now).pk)
            got.append(services.reserve_port(element=element, holder=uuid4(), until=now).pk)
        except Exhausted as error:
            got.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    ports = [pk for pk in got if isinstance(pk, UUID)]
    assert len(ports) == len(set(ports)) == 10
    assert got.count("port.exhausted") >= 3
    assert Port.objects.filter(usage="reserved").count() == 10


@pytest.mark.django_db
def test_a_port_is_occupied_by_its_holder_and_given_back(now: datetime) -> None:
    port = services.reserve_port(element=make_element(), holder=HOLDER, until=now)
    for _ in "twice":
        used = services.occupy_port(port=port, holder=HOLDER)
        assert (used.usage, used.holder, used.reserved_until) == ("in_use", HOLDER, None)
    for _ in "twice":
        freed = services.release_port(port=port, holder=HOLDER)
        assert (freed.usage, freed.holder) == ("free", None)


@pytest.mark.django_db
def test_a_free_port_is_occupied_without_a_reservation() -> None:
    port = services.occupy_port(port=make_port(), holder=HOLDER)
    assert (port.usage, port.holder) == ("in_use", HOLDER)


@pytest.mark.django_db
@pytest.mark.parametrize("door", [services.occupy_port, services.release_port])
def test_a_rival_who_got_the_port_meanwhile_keeps_it(now: datetime, door: Any) -> None:
    port = services.reserve_port(element=make_element(), holder=HOLDER, until=now)
    # The reservation ends and a rival gets the port, while we still hold the old row in our hands.
    Port.objects.filter(pk=port.pk).update(holder=RIVAL)
    with pytest.raises(StaleState) as caught:
        door(port=port, holder=HOLDER)
    assert caught.value.code == "port.notYours"
    assert Port.objects.get(pk=port.pk).holder == RIVAL


@pytest.mark.django_db
def test_expired_reservations_are_freed_and_a_second_run_is_harmless(now: datetime) -> None:
    element = make_element()
    late = services.reserve_port(element=element, holder=HOLDER, until=now)
    services.reserve_port(element=element, holder=RIVAL, until=now + timedelta(seconds=1))
    tasks.expire_reservations()
    tasks.expire_reservations()
    late.refresh_from_db()
    assert (late.usage, late.holder, late.reserved_until) == ("free", None, None)
    assert list(Port.objects.filter(usage="reserved").values_list("holder", flat=True)) == [RIVAL]


@pytest.mark.django_db
def test_a_port_in_use_that_breaks_goes_back_to_its_holder_when_mended() -> None:
    port = services.occupy_port(port=make_port(), holder=HOLDER)
    services.mark_faulty(port=port, reason="no light")
    assert port.holder == HOLDER
    assert services.mend_port(port=port).usage == "in_use"


@pytest.mark.django_db
def test_a_reserved_port_that_breaks_loses_its_reservation(now: datetime) -> None:
    port = services.reserve_port(element=make_element(), holder=HOLDER, until=now)
    services.mark_faulty(port=port, reason="bent pin")
    assert (port.usage, port.holder) == ("faulty", None)
    assert services.mend_port(port=port).usage == "free"


@pytest.mark.django_db
def test_a_holder_can_let_go_of_a_faulty_port() -> None:
    port = services.occupy_port(port=make_port(), holder=HOLDER)
    services.mark_faulty(port=port, reason="no light")
    freed = services.release_port(port=port, holder=HOLDER)
    assert (freed.usage, freed.holder) == ("faulty", None)


@pytest.mark.django_db
def test_operational_state_takes_news_and_never_older_news(now: datetime) -> None:
    port = make_port()
    assert services.set_oper_state(port=port, state="up", at=now) is True
    assert services.set_oper_state(port=port, state="up", at=now + timedelta(seconds=5)) is False
    assert services.set_oper_state(port=port, state="down", at=now - timedelta(seconds=1)) is False
    assert services.set_oper_state(port=port, state="down", at=now + timedelta(seconds=9)) is True
    port.refresh_from_db()
    assert (port.oper_state, port.oper_changed) == ("down", now + timedelta(seconds=9))


@pytest.mark.django_db
def test_many_operational_states_are_one_statement(now: datetime, django_assert_num_queries: Any) -> None:
    element = make_element()
    ports = list(element.ports.all())
    with django_assert_num_queries(1):
        changed = services.set_oper_states(
            [(port.pk, "up", now) for port in ports] + [(ports[0].pk, "down", now)]
        )
    assert set(changed) == {port.pk for port in ports}
    with pytest.raises(Invalid):
        services.set_oper_states([(ports[0].pk, "flying", now)])
