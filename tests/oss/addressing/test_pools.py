"""Pools: what may be made, and what the database refuses."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from kernel.errors import Invalid, StaleVersion
from oss.addressing import services
from oss.addressing.models import NumberRange, Prefix, TelephoneNumber, Vlan
from oss.inventory.models import Location
from tests.factories.oss_addressing import make_number_range, make_prefix, make_vlan_group, make_vrf
from tests.factories.oss_inventory import make_element, make_location

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("cidr", "gateway", "hosts"),
    [
        ("10.0.0.0/24", None, 254),
        ("10.0.0.0/24", "10.0.0.1", 253),
        ("10.0.0.0/30", None, 2),
        ("10.0.0.0/31", None, 2),
        ("10.0.0.1/32", None, 1),
        ("2001:db8::/64", None, 2**64 - 1),
        ("2001:db8::/127", None, 2),
    ],
)
def test_a_prefix_counts_the_addresses_it_can_hand_out(cidr: str, gateway: str | None, hosts: int) -> None:
    prefix = make_prefix(cidr=cidr, gateway=gateway)
    prefix.refresh_from_db()
    assert (prefix.cidr, prefix.network) == (cidr, ipaddress.ip_network(cidr))
    assert services.utilisation(prefix).installed == hosts


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"cidr": "10.0.0.1/24"}, "prefix.invalid"),
        ({"cidr": "ten"}, "prefix.invalid"),
        ({"cidr": "10.0.0.0/24", "gateway": "10.0.1.1"}, "prefix.gateway"),
    ],
)
def test_what_is_no_prefix_is_refused(values: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as caught:
        make_prefix(**values)
    assert caught.value.code == code
    assert caught.value.fields


def test_leaves_of_one_vrf_never_overlap_but_containers_hold_them() -> None:
    vrf = make_vrf()
    make_prefix(vrf=vrf, cidr="10.0.0.0/8", role=Prefix.Role.CONTAINER)
    make_prefix(vrf=vrf, cidr="10.1.0.0/16")
    for cidr in ("10.1.2.0/24", "10.0.0.0/9"):
        with pytest.raises(Invalid) as caught:
            make_prefix(vrf=vrf, cidr=cidr, role=Prefix.Role.INFRASTRUCTURE)
        assert caught.value.code == "prefix.overlaps"
    with pytest.raises(Invalid) as caught:
        make_prefix(vrf=vrf, cidr="10.0.0.0/8", role=Prefix.Role.CONTAINER)
    assert caught.value.code == "prefix.exists"
    make_prefix(cidr="10.1.0.0/16")
    make_prefix(vrf=vrf, cidr="2001:db8::/32")


def test_prefixes_are_found_by_what_they_contain() -> None:
    vrf = make_vrf()
    outer = make_prefix(vrf=vrf, cidr="10.0.0.0/8", role=Prefix.Role.CONTAINER)
    inner = make_prefix(vrf=vrf, cidr="10.1.0.0/16")
    assert list(Prefix.objects.filter(cidr__contains="10.1.2.3").order_by("cidr")) == [outer, inner]
    assert list(Prefix.objects.filter(cidr__within="10.0.0.0/9")) == [inner]
    assert list(Prefix.objects.filter(cidr__overlaps="10.200.0.0/16")) == [outer]
    assert list(Prefix.objects.leaves()) == [inner]
    assert Prefix.objects.get(cidr="10.1.0.0/16") == inner


def test_database_keeps_a_gateway_inside_its_prefix() -> None:
    prefix = make_prefix()
    with pytest.raises(IntegrityError, match="prefix_gateway"), transaction.atomic():
        Prefix.objects.filter(pk=prefix.pk).update(gateway="192.0.2.1")


def test_a_vlan_group_has_all_its_vlans_and_an_element_has_one_group() -> None:
    element = make_element()
    group = make_vlan_group(first_vid=4090, last_vid=4094, element=element)
    assert list(group.vlans.values_list("vid", "status")) == [(vid, "free") for vid in range(4090, 4095)]
    with pytest.raises(Invalid) as caught:
        make_vlan_group(element=element)
    assert caught.value.code == "vlanGroup.elementTaken"
    with pytest.raises(Invalid) as caught:
        make_vlan_group(name=group.name)
    assert caught.value.code == "pool.nameTaken"


@pytest.mark.parametrize("span", [(0, 10), (10, 9), (4000, 4095)])
def test_vlans_outside_the_standard_are_refused(span: tuple[int, int]) -> None:
    with pytest.raises(Invalid):
        make_vlan_group(first_vid=span[0], last_vid=span[1])
    group = make_vlan_group()
    with pytest.raises(IntegrityError), transaction.atomic():
        Vlan.objects.filter(group=group, vid=100).update(vid=4095)


def test_a_number_range_has_all_its_numbers() -> None:
    made = make_number_range(first="+33299000100", last="+33299000102")
    assert list(made.numbers.values_list("e164", flat=True)) == [
        "+33299000100",
        "+33299000101",
        "+33299000102",
    ]


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("0299000100", "0299000199", "numberRange.format"),
        ("+33299000200", "+33299000100", "numberRange.span"),
        ("+33299000100", "+332990001000", "numberRange.span"),
        ("+33299000000", "+33299100000", "numberRange.span"),
        ("+33299000105", "+33299000110", "numberRange.overlaps"),
    ],
)
def test_ranges_that_make_no_sense_or_overlap_are_refused(first: str, last: str, code: str) -> None:
    make_number_range(first="+33299000100", last="+33299000109")
    with pytest.raises(Invalid) as caught:
        make_number_range(first=first, last=last)
    assert caught.value.code == code
    assert TelephoneNumber.objects.count() == 10


def test_what_a_pool_holds_is_never_changed_but_its_name_and_place_are() -> None:
    prefix = make_prefix()
    place = make_location()
    services.change_pool(pool=prefix, version=1, name="Port-Armel", location=place)
    assert Prefix.objects.get().location == place
    with pytest.raises(Invalid) as caught:
        services.change_pool(pool=prefix, cidr="10.0.0.0/8")
    assert caught.value.code == "pool.fixed"
    with pytest.raises(StaleVersion):
        services.change_pool(pool=prefix, version=1, name="late")


def test_pools_that_serve_a_place_come_nearest_first() -> None:
    region = make_location(kind=Location.Kind.REGION)
    site = make_location(parent=region)
    everywhere = make_number_range()
    regional = make_number_range(location=region)
    local = make_number_range(location=site)
    make_number_range(location=make_location())
    assert list(NumberRange.objects.serving(site)) == [local, regional, everywhere]
    assert list(NumberRange.objects.serving(region)) == [regional, everywhere]
