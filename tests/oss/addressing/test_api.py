"""TMF639 and TMF674 where the conformance walk does not look: types, relations, and which door a change goes through."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from kernel import events
from kernel.models import ApiToken
from kernel.tmf import hub
from oss.addressing import services
from oss.addressing.models import Resource
from oss.inventory import services as inventory
from oss.inventory.models import Location, NetworkElement, Port
from tests.factories.oss_addressing import make_number_range, make_prefix, make_vlan_group
from tests.factories.oss_inventory import make_device_type, make_element, make_link, make_location

pytestmark = pytest.mark.django_db

BASE = "/tmf-api/resourceInventoryManagement/v4/resource"
UNTIL = datetime(2030, 1, 1, tzinfo=UTC)
Call = Callable[..., Any]


@pytest.fixture
def call(make_user: Any) -> Call:
    """An engineer's token at work."""
    _token, secret = ApiToken.issue(make_user("engineer"), "test", expires=UNTIL)
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    def ask(method: str, path: str = "", body: Any = None) -> Any:
        where = path if path.startswith("/tmf-api") else f"{BASE}{path}"
        return client.generic(method, where, json.dumps(body or {}), content_type="application/json")

    return ask


def one(call: Call, pk: Any) -> dict[str, Any]:
    found: dict[str, Any] = call("GET", f"/{pk}").json()
    return found


def test_every_kind_of_resource_is_shown_as_what_it_is(call: Call) -> None:
    link = make_link()
    group = make_vlan_group(element=link.port_a.element)
    address = services.reserve_address(prefix=make_prefix(), holder=UUID(int=1), until=UNTIL)
    number = services.reserve_number(
        range=make_number_range(quarantine_days=30), holder=UUID(int=1), until=UNTIL
    )
    services.assign(holder=UUID(int=1))
    services.release(holder=UUID(int=1), at=UNTIL)

    port = one(call, link.port_a_id)
    assert (port["@type"], port["@baseType"], port["usageState"], port["resourceStatus"]) == (
        "Port",
        "Resource",
        "busy",
        "reserved",
    )
    relation = port["resourceRelationship"][0]
    assert (relation["relationshipType"], relation["resource"]["id"]) == (
        "partOf",
        str(link.port_a.element_id),
    )
    assert relation["resource"]["href"].endswith(f"{BASE}/{link.port_a.element_id}")
    ends = {
        row["relationshipType"]: row["resource"]["id"] for row in one(call, link.pk)["resourceRelationship"]
    }
    assert ends == {"endA": str(link.port_a_id), "endB": str(link.port_b_id)}
    assert one(call, address.pk)["name"] == "100.72.0.1"
    assert one(call, number.pk)["resourceStatus"] == "suspended"
    vlan = one(call, group.vlans.get(vid=100).pk)
    assert (vlan["@type"], vlan["resourceStatus"]) == ("Vlan", "available")
    element = one(call, link.port_a.element_id)
    assert {row["name"] for row in element["resourceCharacteristic"]} >= {"role", "criticality", "lifecycle"}


def test_a_type_filter_counts_that_type_alone(call: Call) -> None:
    make_link()
    make_number_range()
    response = call("GET", "?@type=TelephoneNumber&limit=3")
    assert response["X-Total-Count"] == "10"
    assert {row["@type"] for row in response.json()} == {"TelephoneNumber"}
    assert call("GET", "?@type=Link&operationalState=enable")["X-Total-Count"] == "1"


def test_states_follow_the_network(call: Call, now: datetime) -> None:
    link = make_link()
    inventory.set_oper_state(port=link.port_b, state="down", at=now)
    assert one(call, link.pk)["operationalState"] == "disable"
    assert one(call, link.port_b_id)["operationalState"] == "disable"
    assert "operationalState" not in one(call, link.port_a_id)
    faulty = Port.objects.get(pk=link.port_a_id)
    inventory.mark_faulty(port=faulty, reason="burnt")
    assert one(call, faulty.pk)["resourceStatus"] == "alarm"


def test_an_element_is_created_with_its_ports_and_changed(call: Call) -> None:
    kind, place = make_device_type(), make_location()
    body = {
        "@type": "NetworkElement",
        "name": "olt9",
        "resourceSpecification": {"id": str(kind.pk)},
        "place": {"id": str(place.pk), "role": "installedAt"},
        "resourceCharacteristic": [{"name": "role", "value": "access"}, {"name": "criticality", "value": 4}],
    }
    made = call("POST", "", body)
    assert made.status_code == 201, made.content
    element = NetworkElement.objects.get(name="olt9")
    again = call("GET", f"/{element.pk}")
    assert (made.json(), made["ETag"]) == (again.json(), again["ETag"])
    assert (element.status, element.criticality, element.ports.count()) == ("planned", 4, 6)
    assert call("POST", "", body).json()["code"] == "element.nameTaken"

    for status in ("staged", "in_service"):
        inventory.set_status(element=element, to=status)
    changed = call(
        "PATCH",
        f"/{element.pk}",
        {
            "administrativeState": "shutdown",
            "resourceCharacteristic": [
                {"name": "criticality", "value": 5},
                {"name": "managementAddress", "value": "10.9.9.9"},
            ],
        },
    )
    assert changed.status_code == 200, changed.content
    element.refresh_from_db()
    assert (element.status, element.criticality, element.management_address) == ("maintenance", 5, "10.9.9.9")
    assert call("PATCH", f"/{element.pk}", {"administrativeState": "locked"}).status_code == 403


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"@type": "Port"}, "resource.type"),
        ({"place": None}, "attribute.required"),
        ({"resourceCharacteristic": [{"name": "role", "value": "toaster"}]}, "attribute.value"),
        (
            {
                "resourceCharacteristic": [
                    {"name": "role", "value": "access"},
                    {"name": "criticality", "value": 9},
                ]
            },
            "attribute.value",
        ),
        (
            {
                "resourceCharacteristic": [
                    {"name": "role", "value": "access"},
                    {"name": "colour", "value": "red"},
                ]
            },
            "attribute.value",
        ),
    ],
)
def test_what_makes_no_element_is_refused(call: Call, values: dict[str, Any], code: str) -> None:
    body = {
        "@type": "NetworkElement",
        "name": "x",
        "resourceSpecification": {"id": str(make_device_type().pk)},
        "place": {"id": str(make_location().pk), "role": "installedAt"},
        "resourceCharacteristic": [{"name": "role", "value": "access"}],
        **values,
    }
    response = call("POST", "", body)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert not NetworkElement.objects.exists()


def test_a_port_is_locked_and_nothing_else_of_it_changes(call: Call) -> None:
    port = make_element().ports.first()
    assert port is not None
    assert call("PATCH", f"/{port.pk}", {"administrativeState": "locked"}).status_code == 200
    port.refresh_from_db()
    assert port.admin_enabled is False
    assert call("PATCH", f"/{port.pk}", {"name": "other"}).status_code == 403
    number = make_number_range().numbers.first()
    assert number is not None
    assert call("PATCH", f"/{number.pk}", {"administrativeState": "locked"}).status_code == 403


def test_the_hub_tells_of_the_real_models_as_resources() -> None:
    element = make_element()
    told = {
        one.event_type
        for event in (
            events.ObjectCreated("oss_inventory.NetworkElement", element.pk),
            events.StateChanged("oss_inventory.Port", element.pk, "usage", "free", "reserved"),
            events.ObjectChanged("oss_inventory.NetworkElement", element.pk, ("name",)),
        )
        for one in hub.announcements(event)
    }
    assert told == {"ResourceCreateEvent", "ResourceStateChangeEvent", "ResourceAttributeValueChangeEvent"}


def test_care_does_not_see_the_network_by_this_door(make_user: Any) -> None:
    _token, secret = ApiToken.issue(make_user("care"), "test", expires=UNTIL)
    response = Client(headers={"Authorization": f"Bearer {secret}"}).get(BASE)
    assert response.status_code == 403


def test_rows_of_the_view_are_not_locked_but_read() -> None:
    element = make_element()
    assert Resource.objects.select_for_update().get(pk=element.pk).name == element.name


def test_a_site_keeps_its_coordinates_whole(call: Call) -> None:
    sites = "/tmf-api/geographicSiteManagement/v4/geographicSite"
    half = {"code": "X", "name": "X", "geographicLocation": {"latitude": 1}}
    assert call("POST", sites, half).json()["code"] == "location.coordinates"
    assert call("POST", sites, {"name": "X"}).json()["code"] == "attribute.required"
    region = make_location(kind=Location.Kind.REGION)
    made = call("POST", sites, {"code": "X", "name": "X", "partOf": {"id": str(region.pk)}})
    assert made.status_code == 201
    assert made.json()["siteRelationship"] == [{"id": str(region.pk), "relationshipType": "partOf"}]
    moved = call(
        "PATCH", f"{sites}/{made.json()['id']}", {"geographicLocation": {"latitude": 48.1, "longitude": -2}}
    )
    assert moved.status_code == 200
    assert str(Location.objects.get(code="X").longitude) == "-2.000000"
    assert call("PATCH", f"{sites}/{made.json()['id']}", {"geographicLocation": None}).status_code == 200
    assert Location.objects.get(code="X").latitude is None
