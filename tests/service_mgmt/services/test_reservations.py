"""Reservations: all or nothing, once, from pools that say their name when they are empty."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bss.customers.models import CustomerSite
from kernel import clock
from kernel.errors import Exhausted
from oss.inventory import services as inventory
from oss.inventory.models import NetworkElement
from service_mgmt.services import services
from service_mgmt.services.models import Service, ServiceResource
from tests.factories.bss_customers import make_customer, make_site
from tests.factories.oss_addressing import make_number_range, make_prefix, make_vlan_group
from tests.factories.oss_inventory import make_device_type, make_element, make_link, make_location
from tests.factories.service_mgmt_design import (
    FAST,
    SPEED,
    make_internet,
    make_internet_offering,
    make_profile,
    make_role,
    make_spec,
)
from tests.factories.service_mgmt_services import make_service

pytestmark = pytest.mark.django_db
UNTIL = timedelta(days=14)


def served_site(*, links: int = 1) -> tuple[CustomerSite, NetworkElement]:
    """A customer's site at a place with an access element that reaches a core."""
    place = make_location()
    access = make_element(location=place)
    core = make_element(role=NetworkElement.Role.CORE)
    for _index in range(links):
        make_link(core, access)
    make_vlan_group(name=access.name)
    return make_site(location_code=place.code), access


def designed(site: CustomerSite, *, pool: str = "gateways") -> Service:
    """An access service that needs a port, a VLAN of its element and an address."""
    rfs = make_spec(kind="rfs", characteristics=SPEED)
    make_role(rfs, "port", "port")
    make_role(rfs, "vlan", "vlan", group="{element}")
    make_role(rfs, "gateway", "address", prefix=pool)
    return make_service(
        specification=rfs, customer=site.customer, site=site, state="designed", characteristics=dict(FAST)
    )


def reserve(service: Service) -> list[ServiceResource]:
    return services.reserve(service=service, until=clock.now() + UNTIL)


def test_what_the_specification_names_is_reserved() -> None:
    site, access = served_site()
    make_prefix(name="gateways")
    service = designed(site)

    rows = reserve(service)

    assert [row.role for row in rows] == ["port", "vlan", "gateway"]
    assert rows[0].port is not None
    assert rows[0].port.element == access
    assert service.state == "reserved"


def test_reserving_twice_adds_nothing() -> None:
    site, _access = served_site()
    make_prefix(name="gateways")
    service = designed(site)
    first = reserve(service)

    assert reserve(service) == first
    assert service.resources.count() == 3


def test_an_exhausted_pool_is_named_and_leaves_nothing_reserved() -> None:
    site, access = served_site()
    service = designed(site, pool="nowhere")
    free = inventory.free_ports(location=access.location).count()

    with pytest.raises(Exhausted) as refusal:
        reserve(service)

    assert "nowhere" in str(refusal.value.message)
    assert not service.resources.exists()
    assert inventory.free_ports(location=access.location).count() == free
    service.refresh_from_db()
    assert service.state == "designed"


def test_a_range_with_nothing_left_refuses_the_second_line() -> None:
    make_number_range(name="one", first="+33299000900", last="+33299000900")
    line = make_spec(kind="rfs")
    make_role(line, "number", "number", range="one")
    first, second = (
        make_service(specification=line, state="designed", customer=make_customer()) for _n in range(2)
    )
    reserve(first)

    with pytest.raises(Exhausted):
        reserve(second)

    assert not second.resources.exists()


def test_giving_back_frees_the_port_and_returns_to_designed() -> None:
    site, access = served_site()
    make_prefix(name="gateways")
    service = designed(site)
    free = inventory.free_ports(location=access.location).count()
    reserve(service)
    assert inventory.free_ports(location=access.location).count() == free - 1

    for _twice in range(2):
        services.give_back_all(service=service)

    assert inventory.free_ports(location=access.location).count() == free
    assert service.state == "designed"


# -- feasibility


def offer(*, profile: bool = True) -> Any:
    cfs, rfs = make_internet()
    make_role(rfs, "port", "port")
    if profile:
        make_profile(rfs)
    return make_internet_offering(cfs)


def test_a_served_site_can_have_the_offer() -> None:
    site, _access = served_site()

    answer = services.feasibility(site=site, offering=offer())

    assert (answer.ok, answer.technology, answer.lead_days) == (True, "ethernet", 2)
    assert answer.resources["port"]["free"] == 4


def test_a_site_without_a_location_cannot() -> None:
    answer = services.feasibility(site=make_site(), offering=offer())

    assert not answer.ok
    assert answer.explanation == "no location of the network serves this address"


def test_a_place_without_a_way_to_the_core_cannot() -> None:
    site, _access = served_site(links=0)

    answer = services.feasibility(site=site, offering=offer())

    assert not answer.ok
    assert "no free port of 100 Mbit/s" in answer.explanation


def test_a_place_without_a_port_cannot() -> None:
    place = make_location()
    make_link(
        make_element(role=NetworkElement.Role.CORE),
        make_element(location=place, device_type=make_device_type(ports=[])),
    )

    answer = services.feasibility(site=make_site(location_code=place.code), offering=offer())

    assert not answer.ok


def test_a_speed_without_a_profile_cannot() -> None:
    site, _access = served_site()

    answer = services.feasibility(site=site, offering=offer(profile=False))

    assert not answer.ok
    assert answer.explanation == "no network profile of 100000/20000 kbit/s"


def test_feasibility_reserves_nothing() -> None:
    site, access = served_site()
    free = inventory.free_ports(location=access.location).count()

    services.feasibility(site=site, offering=offer())

    assert inventory.free_ports(location=access.location).count() == free
