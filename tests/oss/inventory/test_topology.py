"""Import of a topology file: the network of the lab, twice."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from kernel.errors import Invalid
from oss.inventory import services
from oss.inventory.models import Link, Location, NetworkElement, Port
from oss.inventory.services.graph import Graph
from oss.inventory.services.topology import Imported

ISP = Path(__file__).parents[3] / "lab" / "topologies" / "isp.json"


@pytest.fixture
def isp() -> dict[str, Any]:
    return dict(json.loads(ISP.read_text("utf-8")))


@pytest.mark.django_db
def test_the_lab_network_is_imported_whole_and_a_second_time_changes_nothing(isp: dict[str, Any]) -> None:
    sites = [
        {
            "name": "Port-Armel",
            "latitude": "47.65",
            "longitude": "-2.76",
            "city": "Port-Armel",
            "country": "FR",
        }
    ]
    first = services.import_topology({**isp, "sites": sites})
    assert (first.elements, first.links, first.changed) == (9, 11, 0)
    assert first.ports == Port.objects.count() == 172
    assert Port.objects.filter(usage="in_use").count() == 22
    assert services.import_topology(isp) == Imported()

    olt = NetworkElement.objects.get(name="olt1-pam")
    assert (olt.role, olt.status, olt.software_version, olt.criticality) == (
        "access",
        "in_service",
        "23.4R2",
        3,
    )
    assert (str(olt.device_type), olt.management_address) == ("Kestrel KX-48", "10.255.1.1")
    assert olt.location.code == "PORT-ARMEL.RUE-DU-PHARE-CABINET"
    assert olt.location.parent is not None
    assert (olt.location.parent.code, olt.location.parent.country) == ("PORT-ARMEL", "FR")
    assert services.free_ports(location=Location.objects.get(code="PORT-ARMEL")).count() == 96
    assert olt.ports.get(name="ge-0/1/1").if_index == 3
    assert NetworkElement.objects.get(name="sbc1-pam").role == "voice_gateway"


@pytest.mark.django_db
def test_the_lab_network_has_the_cuts_its_page_describes(isp: dict[str, Any]) -> None:
    services.import_topology(isp)
    links = dict(Link.objects.values_list("name", "pk"))
    names = dict(NetworkElement.objects.values_list("pk", "name"))
    graph = Graph.load()

    def silenced(link: str) -> set[str]:
        return {names[pk] for pk in graph.cut_off(links=[links[link]])}

    for link in ("cr1-cr2", "cr1-ag1", "cr2-ag1", "ag1-olt1-a"):
        assert silenced(link) == set()
    assert silenced("cr2-ag2") == {"ag2-kvl", "asw1-kvl"}
    assert silenced("ag1-asw1") == {"asw1-pam"}


@pytest.mark.django_db
def test_a_changed_file_updates_what_it_says_and_leaves_the_rest(isp: dict[str, Any]) -> None:
    services.import_topology(isp)
    newer = copy.deepcopy(isp)
    newer["elements"][0]["version"] = "25.1R1"
    newer["elements"][0]["ports"][0]["count"] = 9
    assert services.import_topology(newer) == Imported(changed=1, ports=1)
    core = NetworkElement.objects.get(name="cr1-pam")
    assert (core.software_version, core.version) == ("25.1R1", 2)


@pytest.mark.django_db
def test_every_fault_of_a_file_is_told_and_nothing_is_written(isp: dict[str, Any]) -> None:
    bad = copy.deepcopy(isp)
    del bad["elements"][0]["model"]
    bad["elements"][1]["role"] = "toaster"
    bad["elements"][2]["name"] = bad["elements"][1]["name"]
    del bad["elements"][3]["ports"][0]["prefix"]
    bad["elements"][4]["ports"].append(bad["elements"][4]["ports"][0])
    bad["links"][0]["ends"] = [["olt1-pam", "xe-0/0/0"]]
    bad["links"][1]["ends"] = [["olt1-pam", "xe-9/9/9"], ["asw1-pam", "Ethernet2/1"]]
    bad["links"][3]["name"] = bad["links"][2]["name"]
    with pytest.raises(Invalid) as caught:
        services.import_topology(bad)
    for said in (
        "cr1-pam: missing model",
        "unknown role toaster",
        "cr2-kvl: named twice",
        "ag2-kvl: ports do not fit",
        "olt1-pam: a port is named twice",
        "cr1-cr2: a link has a name and two ends",
        "no port olt1-pam xe-9/9/9",
        "asw1-pam Ethernet2/1 is an end of another link",
        "cr2-ag1: named twice",
    ):
        assert said in caught.value.message
    assert not NetworkElement.objects.exists()


@pytest.mark.django_db
def test_a_file_without_elements_is_refused() -> None:
    with pytest.raises(Invalid, match="no elements"):
        services.import_topology({"links": []})
