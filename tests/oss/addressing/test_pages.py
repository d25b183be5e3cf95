"""Pages of pools beyond what the registry walks: filters, utilisation, forms, who sees numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from kernel.pages import registry, url_of
from oss.addressing import services
from oss.addressing.models import VRF, NumberRange, Prefix, VlanGroup
from tests.factories.oss_addressing import make_number_range, make_prefix, make_vlan_group, make_vrf
from tests.factories.oss_inventory import make_element, make_location

pytestmark = pytest.mark.django_db
UNTIL = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def engineer(make_user: Any) -> Client:
    registry.load()
    client = Client()
    client.force_login(make_user("engineer"))
    return client


def shown(client: Client, name: str, query: str = "") -> str:
    return client.get(f"{reverse(name)}?{query}").content.decode()


def test_prefixes_are_found_by_an_address_they_contain(engineer: Client) -> None:
    vrf = make_vrf()
    make_prefix(vrf=vrf, cidr="10.1.0.0/16")
    make_prefix(vrf=vrf, cidr="10.2.0.0/16")
    for text in ("10.1.2.3", "10.1.8.0/24"):
        html = shown(engineer, "oss_addressing:prefix-list", f"contains={text}")
        assert "10.1.0.0/16" in html
        assert "10.2.0.0/16" not in html
    assert "10.1.0.0/16" not in shown(engineer, "oss_addressing:prefix-list", "contains=nonsense")


def test_lists_show_how_full_pools_are(engineer: Client) -> None:
    prefix = make_prefix(cidr="10.0.0.0/29")
    for _ in range(3):
        services.reserve_address(prefix=prefix, holder=uuid4(), until=UNTIL)
    assert "50 %" in shown(engineer, "oss_addressing:prefix-list")
    page = engineer.get(url_of(prefix)).content.decode()
    assert "Can be handed out" in page
    listed = engineer.get(f"{url_of(prefix)}addresses/").content.decode()
    assert "10.0.0.3" in listed


def test_pools_are_made_by_forms_and_refusals_stand_at_their_fields(engineer: Client) -> None:
    assert (
        engineer.post(reverse("oss_addressing:vrf-create"), {"name": "internet", "_go": "save"}).status_code
        == 303
    )
    vrf = VRF.objects.get()
    values = {
        "vrf": str(vrf.pk),
        "cidr": "100.72.0.0/22",
        "role": "customer",
        "gateway": "100.72.0.1",
        "_go": "save",
    }
    assert engineer.post(reverse("oss_addressing:prefix-create"), values).status_code == 303
    again = engineer.post(
        reverse("oss_addressing:prefix-create"), {**values, "cidr": "100.72.1.0/24", "gateway": ""}
    )
    assert again.status_code == 422
    assert "Overlaps another prefix" in again.content.decode()
    assert Prefix.objects.get().gateway == "100.72.0.1"

    element = make_element()
    group = {"name": "as1", "first_vid": 100, "last_vid": 110, "element": element.number, "_go": "save"}
    assert engineer.post(reverse("oss_addressing:vlan-group-create"), group).status_code == 303
    assert VlanGroup.objects.get().element == element
    assert "as1" in engineer.get(f"{url_of(element)}vlans/?view=all").content.decode()

    numbers = {"name": "Vannes", "first": "+33299000100", "last": "+33299000109", "kind": "geographic"}
    wrong = engineer.post(
        reverse("oss_addressing:range-create"),
        {**numbers, "last": "+1", "quarantine_days": 90, "_go": "save"},
    )
    assert wrong.status_code == 422
    made = engineer.post(
        reverse("oss_addressing:range-create"), {**numbers, "quarantine_days": 90, "_go": "save"}
    )
    assert made.status_code == 303
    assert NumberRange.objects.get().numbers.count() == 10


def test_a_pool_is_renamed_and_moved_but_only_at_the_version_seen(engineer: Client) -> None:
    group, site = make_vlan_group(), make_location()
    url = reverse("oss_addressing:vlan-group-edit", args=[group.pk])
    values = {"name": "renamed", "location": site.code, "_go": "save", "_version": "1", "_v": "1"}
    assert engineer.post(url, values).status_code == 303
    group.refresh_from_db()
    assert (group.name, group.location) == ("renamed", site)


def test_care_sees_numbers_and_nothing_else_of_the_network(make_user: Any) -> None:
    number = make_number_range(first="+33299000100", last="+33299000100").numbers.get()
    care = Client()
    care.force_login(make_user("care"))
    assert number.e164 in shown(care, "oss_addressing:number-list")
    assert care.get(url_of(number)).status_code == 200
    for name in ("prefix-list", "vlan-list", "vlan-group-list", "range-create"):
        assert care.get(reverse(f"oss_addressing:{name}")).status_code == 403
