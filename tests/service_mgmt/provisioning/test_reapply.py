"""The runbook that pushes the intended configuration again, on live elements of both vendors."""

from __future__ import annotations

from typing import Any

import pytest

from kernel import clock
from kernel.errors import Invalid
from oss.addressing.services import reserve_vlan
from oss.incidents.models import Runbook
from oss.incidents.services import remedies
from oss.inventory.models import NetworkElement, Port
from oss.inventory.services import import_topology
from oss.southbound import services as southbound
from oss.southbound.drivers.base import Refused
from service_mgmt.provisioning.services.reapply import push_configuration
from service_mgmt.services import services as inventory
from service_mgmt.services.models import Service
from tests.factories.bss_customers import make_customer
from tests.factories.oss_addressing import make_vlan_group
from tests.factories.oss_incidents import make_incident
from tests.factories.service_mgmt_provisioning import make_order_item, make_run
from tests.factories.service_mgmt_services import hold, make_service, rest_on
from tests.running_lab import RunningLab

pytestmark = pytest.mark.django_db
# One access element of each vendor with two customer ports.
ACCESS = [("olt1-pam", "ge-0/1/5", "ge-0/1/6"), ("asw1-pam", "Ethernet1/5", "Ethernet1/6")]
BOTH = pytest.mark.parametrize(("name", "first", "second"), ACCESS)


@pytest.fixture
def elements(lab: RunningLab) -> dict[str, NetworkElement]:
    import_topology(lab.topology)
    southbound.register_lab(lab.state)
    return {element.name: element for element in NetworkElement.objects.all()}


def sold(element: NetworkElement, port: str, group: Any, state: str = "active") -> Service:
    """A customer's access service on a port, as inventory knows it; the element knows nothing of it yet."""
    customer = make_customer()
    access = make_service(
        kind="rfs", customer=customer, state=state, characteristics={"down_kbps": 100_000, "up_kbps": 20_000}
    )
    rest_on(make_service(customer=customer, state=state), access)
    hold(access, "port", port=Port.objects.get(element=element, name=port))
    vlan = reserve_vlan(group=group, holder=access.pk, until=clock.now())
    hold(access, "vlan", vlan=vlan)
    return access


def shows(element: NetworkElement, service: Service, *, blocked: bool = False) -> bool:
    intents = inventory.intents_of(service=service, blocked=blocked)[element.pk]
    with southbound.session(element=element, purpose="look") as session:
        return bool(session.verify(intents).ok)


@BOTH
def test_what_was_lost_is_told_again_proven_and_confirmed(
    elements: Any, name: str, first: str, second: str
) -> None:
    element, group, incident = elements[name], make_vlan_group(), make_incident()
    lost, asleep = sold(element, first, group), sold(element, second, group, "suspended")
    assert not shows(element, lost)

    facts = push_configuration(incident=incident, element=element, port=None)
    again = push_configuration(incident=incident, element=element, port=None)

    assert (facts["services"], facts["changed"], facts["left_to_workflows"]) == (2, [name], [])
    assert again["changed"] == []
    assert shows(element, lost)
    assert shows(element, asleep, blocked=True)
    with southbound.session(element=element, purpose="look", write=True) as session:
        assert not session.settle()


def test_a_port_narrows_it_to_its_own_services(elements: Any) -> None:
    name, first, second = ACCESS[0]
    element, group = elements[name], make_vlan_group()
    wanted, other = sold(element, first, group), sold(element, second, group)

    facts = push_configuration(
        incident=make_incident(), element=element, port=Port.objects.get(element=element, name=first)
    )

    assert facts["services"] == 1
    assert shows(element, wanted)
    assert not shows(element, other)


def test_what_a_workflow_works_on_is_left_to_it(elements: Any) -> None:
    name, first, second = ACCESS[0]
    element, group = elements[name], make_vlan_group()
    ours, theirs = sold(element, first, group), sold(element, second, group)
    whole = Service.objects.get(supports_needed__supporting=theirs)
    make_run(item=make_order_item(service=whole), status="failed", started=clock.now())

    facts = push_configuration(incident=make_incident(), element=element, port=None)

    assert facts["left_to_workflows"] == [theirs.number]
    assert shows(element, ours)
    assert not shows(element, theirs)


def test_a_refused_line_leaves_the_element_as_it_was(elements: Any, lab: RunningLab) -> None:
    name, first, second = ACCESS[0]
    element, group = elements[name], make_vlan_group()
    services = [sold(element, port, group) for port in (first, second)]
    lab.ctl("refuse", name, "rate-limit down", "1")

    with pytest.raises(Refused):
        push_configuration(incident=make_incident(), element=element, port=None)

    assert [shows(element, service) for service in services] == [False, False]


def test_an_element_without_live_services_is_not_called_mended(elements: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        push_configuration(incident=make_incident(), element=elements["olt1-pam"], port=None)

    assert refusal.value.code == "element.nothingIntended"


def test_the_runbook_is_available_and_switching_protection_is_not() -> None:
    # Nothing in the inventory says which path protects which: the runbook stays closed rather than pretend.
    by_action = {
        action: remedies.possible(Runbook(action=action, active=True)) for action in Runbook.Action.values
    }

    assert by_action[Runbook.Action.PUSH_CONFIGURATION]
    assert not by_action[Runbook.Action.SWITCH_PROTECTION]
