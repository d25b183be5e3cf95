"""Pages of the network beyond what the registry walks: the picture, the import, doors behind actions and forms."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from kernel import jobs
from kernel.models import Job, User
from kernel.pages import registry, url_of
from kernel.slots import slot
from oss.inventory import services
from oss.inventory.models import Link, Location, NetworkElement, Port
from oss.inventory.services.elements import PortSpec
from tests.factories.oss_inventory import make_device_type, make_element, make_link, make_location

pytestmark = pytest.mark.django_db
HEAD = "name,role,manufacturer,model,location\n"


@pytest.fixture
def engineer(make_user: Any) -> Client:
    registry.load()
    client = Client()
    client.force_login(make_user("engineer"))
    return client


@pytest.fixture
def network() -> dict[str, NetworkElement]:
    kind, place = make_device_type(ports=[]), make_location(code="PAM", name="Port-Armel")
    roles = {"cr1": "core", "ag1": "aggregation", "as1": "access", "as2": "access"}
    made = {n: make_element(name=n, role=r, device_type=kind, location=place) for n, r in roles.items()}
    for a, b in (("cr1", "ag1"), ("ag1", "as1"), ("ag1", "as2")):
        make_link(made[a], made[b], name=f"{a}-{b}")
    return made


def test_the_picture_shows_every_element_and_link_and_says_the_same_in_tables(
    engineer: Client, network: Any
) -> None:
    html = engineer.get(reverse("oss_inventory:topology")).content.decode()
    assert html.count('class="nd ') == 4
    assert html.count('class="ed ') == 3
    for element in network.values():
        assert html.count(url_of(element) or "?") >= 2
    assert "cr1-ag1 (unknown)" in html
    assert " style=" not in html


def test_a_link_that_is_down_is_drawn_so(engineer: Client, network: Any, now: Any) -> None:
    link = Link.objects.get(name="ag1-as1")
    services.set_oper_state(port=link.port_a, state="down", at=now)
    html = engineer.get(reverse("oss_inventory:topology")).content.decode()
    assert html.count('class="ed down') == 1
    assert "ag1-as1 (down)" in html


def test_the_picture_around_an_element_has_what_lies_near(engineer: Client, network: Any) -> None:
    url = reverse("oss_inventory:topology")
    assert engineer.get(f"{url}?root=as1&depth=1").content.decode().count('class="nd ') == 2
    unknown = engineer.get(f"{url}?root=nobody").content.decode()
    assert "nobody" in unknown
    assert unknown.count('class="nd ') == 4
    elsewhere = make_location()
    assert "No devices to show" in engineer.get(f"{url}?site={elsewhere.code}").content.decode()


def test_sites_stand_for_their_elements(engineer: Client, network: Any) -> None:
    cabinet = make_location(kind=Location.Kind.BUILDING, parent=Location.objects.get(code="PAM"))
    other = make_element(role="access", location=cabinet)
    far = make_element(location=make_location(name="Kervalan"), role="access")
    make_link(other, network["ag1"])
    make_link(far, network["ag1"], name="far")
    html = engineer.get(reverse("oss_inventory:topology") + "?by=site").content.decode()
    assert html.count('class="nd ') == 2
    assert html.count('class="ed ') == 1
    assert "5 devices" in html


def test_alarms_reach_the_picture_through_the_slot(
    engineer: Client, network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = slot("oss_inventory.element_severity")
    monkeypatch.setattr(place, "_fillers", {})
    place.fill(lambda ids: {network["as1"].pk: "critical", network["as2"].pk: "minor"})
    html = engineer.get(reverse("oss_inventory:topology")).content.decode()
    assert 'class="sev critical"' in html
    assert ">C</text>" in html
    assert 'class="sev minor"' in html
    together = engineer.get(reverse("oss_inventory:topology") + "?by=site").content.decode()
    assert 'class="sev critical"' in together
    assert 'class="sev minor"' not in together


def test_a_network_too_large_for_one_picture_is_shown_by_site(
    engineer: Client, network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oss.inventory.views.picture.NODES_MAX", 3)
    html = engineer.get(reverse("oss_inventory:topology")).content.decode()
    assert html.count('class="nd ') == 1
    monkeypatch.setattr("oss.inventory.views.picture.NODES_MAX", 1)
    make_element(location=make_location())
    assert "too large for one picture" in engineer.get(reverse("oss_inventory:topology")).content.decode()


def test_the_picture_is_a_file_too_and_a_fragment(engineer: Client, network: Any) -> None:
    url = reverse("oss_inventory:topology")
    svg = engineer.get(f"{url}?format=svg")
    assert svg["Content-Type"] == "image/svg+xml"
    assert svg.content.startswith(b"<svg")
    part = engineer.get(url, headers={"HX-Request": "true"}).content
    assert b"<html" not in part
    assert b"<svg" in part


def test_queries_of_the_picture_do_not_grow(
    engineer: Client, network: Any, django_assert_max_num_queries: Any
) -> None:
    url = reverse("oss_inventory:topology")
    engineer.get(url)
    with django_assert_max_num_queries(12):
        engineer.get(url)
    for number in range(20):
        make_link(make_element(name=f"new{number}"), network["ag1"])
    with django_assert_max_num_queries(12):
        assert engineer.get(url).content.decode().count('class="nd ') == 24


def test_who_may_not_see_devices_sees_no_picture(make_user: Any) -> None:
    client = Client()
    client.force_login(make_user("care"))
    assert client.get(reverse("oss_inventory:topology")).status_code == 403
    assert client.get(reverse("oss_inventory:element-import")).status_code == 403


@pytest.fixture
def sheet() -> str:
    make_device_type(model="KX-48", ports=[PortSpec("ge-[1-2]", 1000, kind="customer")])
    make_location(code="PAM")
    return HEAD + "olt1,access,Kestrel,KX-48,PAM\n"


def test_a_sheet_is_tried_then_applied_as_a_job(engineer: Client, sheet: str) -> None:
    url = reverse("oss_inventory:element-import")
    assert engineer.get(url).status_code == 200
    trial = engineer.post(url, {"text": sheet}).content.decode()
    assert "is added" in trial
    assert not NetworkElement.objects.exists()
    answer = engineer.post(url, {"apply": "1"})
    assert answer.status_code == 303
    job = Job.objects.get()
    jobs.execute(job.pk)
    jobs.execute(job.pk)
    job.refresh_from_db()
    assert (job.status, job.result) == ("succeeded", {"created": 1, "updated": 0, "kept": 0})
    assert NetworkElement.objects.get().ports.count() == 2
    assert engineer.post(url, {"apply": "1"})["Location"] == url


def test_a_sheet_with_faults_shows_them_all_and_offers_nothing(engineer: Client, sheet: str) -> None:
    url = reverse("oss_inventory:element-import")
    html = engineer.post(url, {"text": sheet + "olt2,toaster,Kestrel,KX-48,MARS\n"}).content.decode()
    assert "<code>role</code>" in html
    assert "<code>location</code>" in html
    assert 'name="apply"' not in html
    unreadable = engineer.post(url, {"text": "name,colour\n"})
    assert unreadable.status_code == 422
    assert "colour" in unreadable.content.decode()
    assert engineer.post(url, {"text": ""}).status_code == 422


def test_a_job_whose_sheet_went_stale_reports_each_fault(sheet: str, admin: User) -> None:
    job = jobs.start(
        "oss_inventory.import_elements", "Import", owner=admin, text=sheet + "olt1,access,Kestrel,KX-48,PAM\n"
    )
    jobs.execute(job.pk)
    job.refresh_from_db()
    assert job.status == "failed"
    assert list(job.lines.values_list("label", "code")) == [("3:name", "twice")]
    assert not NetworkElement.objects.exists()


def test_actions_of_a_device_go_through_its_doors(engineer: Client, network: Any) -> None:
    element = network["ag1"]
    page = url_of(element)
    asked = engineer.get(f"{page}do/maintenance/").content.decode()
    assert "2 further elements" in asked
    engineer.post(f"{page}do/maintenance/", {"reason": "fan"})
    element.refresh_from_db()
    assert element.status == "maintenance"
    engineer.post(f"{page}do/in-service/")
    element.refresh_from_db()
    assert element.status == "in_service"


def test_a_link_is_made_by_naming_two_ports(engineer: Client, network: Any) -> None:
    services.add_ports(element=network["cr1"], ports=[PortSpec("xe-1", 10_000)])
    services.add_ports(element=network["as2"], ports=[PortSpec("xe-1", 10_000)])
    url = reverse("oss_inventory:link-create")
    values = {
        "element_a": network["cr1"].number,
        "name_a": "xe-1",
        "element_b": network["as2"].number,
        "name_b": "xe-9",
        "medium": "fibre",
        "status": "in_service",
        "name": "cr1-as2",
        "_go": "save",
    }
    assert engineer.post(url, values).status_code == 422
    assert engineer.post(url, {**values, "name_b": "xe-1"}).status_code == 303
    assert Link.objects.get(name="cr1-as2").is_up


def test_a_site_lists_what_stands_anywhere_below_it(engineer: Client, network: Any) -> None:
    site = Location.objects.get(code="PAM")
    cabinet = make_location(kind=Location.Kind.BUILDING, parent=site)
    inside = make_element(name="inside", location=cabinet)
    outside = make_element(name="outside")
    html = engineer.get(f"{url_of(site)}devices/").content.decode()
    assert inside.name in html
    assert outside.name not in html
    assert Port.objects.at(site).filter(element=inside).exists()


def test_search_by_address_takes_any_text(engineer: Client) -> None:
    make_element(name="found-me", management_address="10.1.1.1")
    url = reverse("oss_inventory:element-list")
    assert "found-me" in engineer.get(f"{url}?address=10.1.1.1").content.decode()
    assert "found-me" not in engineer.get(f"{url}?address={quote('nonsense')}").content.decode()
