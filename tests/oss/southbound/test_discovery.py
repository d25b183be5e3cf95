"""Reading elements over SNMP, and comparing what they say with the inventory."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.errors import Invalid, Unreachable
from oss.inventory import services as inventory
from oss.inventory.models import Link, Port
from oss.inventory.services.elements import PortSpec
from oss.southbound import services
from oss.southbound.drivers import snmp
from oss.southbound.models import ManagementEndpoint
from oss.southbound.services.discovery import Difference
from tests.factories.oss_inventory import make_element
from tests.running_lab import RunningLab

pytestmark = pytest.mark.django_db


def test_an_agent_tells_of_itself_its_ports_and_its_neighbours(elements: Any) -> None:
    for name in ("ag1-pam", "ag2-kvl"):
        found = services.snmp_read(endpoint=elements[name].endpoint)
        assert found.name == name
        assert found.uptime_s > 0
        ports = {port.name: port for port in Port.objects.filter(element=elements[name])}
        assert {(i.name, i.index, i.speed_mbps) for i in found.interfaces} == {
            (port.name, port.if_index, port.speed_mbps) for port in ports.values()
        }
        assert snmp.Neighbour in {type(row) for row in found.neighbours}
        assert services.compare(element=elements[name]) == []


def test_what_differs_is_named(elements: Any, lab: RunningLab) -> None:
    element = elements["asw1-pam"]
    inventory.add_ports(element=element, ports=[PortSpec("Ethernet9/9", 1000)])
    Port.objects.filter(element=element, name="Ethernet1/1").update(speed_mbps=100)
    Port.objects.filter(element=element, name="Ethernet1/2").delete()
    lab.ctl("drift", "asw1-pam", "hostname impostor")
    lab.ctl("cut", "ag1-olt1-a")
    assert services.compare(element=element) == [
        Difference("name", "", "asw1-pam", "impostor"),
        Difference("port", "Ethernet9/9", "Ethernet9/9", ""),
        Difference("port", "Ethernet1/2", "", "Ethernet1/2"),
        Difference("speed", "Ethernet1/1", "100", "1000"),
    ]
    assert Difference("neighbour", "xe-0/0/2", "olt1-pam xe-0/0/0", "") in services.compare(
        element=elements["ag1-pam"]
    )
    inventory.retire_link(link=Link.objects.get(name="ag1-asw1"))
    assert Difference("neighbour", "Ethernet2/1", "", "ag1-pam xe-0/0/4") in services.compare(element=element)


def test_an_element_that_is_silent_or_unknown_cannot_be_compared(elements: Any, lab: RunningLab) -> None:
    with pytest.raises(Invalid):
        services.compare(element=make_element())
    lab.ctl("hang", "asw1-pam")
    with pytest.raises(Unreachable):
        services.compare(element=elements["asw1-pam"])


def test_another_community_gets_no_answer(elements: Any) -> None:
    endpoint = ManagementEndpoint.objects.select_related("credential").get(element=elements["cr1-pam"])
    services.create_credential(
        name=endpoint.credential.name, username="admin", password="x", community="wrong"
    )
    endpoint.credential.refresh_from_db()
    with pytest.raises(Unreachable):
        services.snmp_walk(endpoint=endpoint, oids=[snmp.SYSTEM])
