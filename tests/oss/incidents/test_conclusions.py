"""From what tests saw to a place and a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from oss.alarms.models import ProbableCause
from oss.incidents import services
from oss.incidents.models import CauseCode, Diagnosis, DiagnosisTest, Incident, Runbook
from oss.incidents.services.conclusions import Conclusion, conclude
from oss.incidents.services.probes import Plan, Probe, plan
from oss.inventory.models import Link, NetworkElement, Port
from tests.factories.oss_alarms import Network, make_network
from tests.factories.oss_incidents import make_link_root, make_root

pytestmark = pytest.mark.django_db
OK, FAULT, SILENT = DiagnosisTest.Result.OK, DiagnosisTest.Result.FAULT, DiagnosisTest.Result.SILENT
DEGRADED = DiagnosisTest.Result.DEGRADED


@pytest.fixture
def network() -> Network:
    return make_network()


@pytest.fixture
def link(network: Network) -> Link:
    return network.backbone


@pytest.fixture
def incident(link: Link) -> Incident:
    return services.open_incident(root_alarm=make_link_root(link))


def answer(element: NetworkElement, result: str = OK) -> Probe:
    return Probe("answer", element, result)


def state(port: Port, oper: str = "down", admin: str = "up") -> Probe:
    return Probe("port", port.element, OK if oper == "up" else FAULT, port, {"oper": oper, "admin": admin})


def line(port: Port, result: str = OK, **facts: Any) -> Probe:
    return Probe("line", port.element, result, port, facts)


def both(link: Link, *, a: Sequence[Probe], b: Sequence[Probe]) -> list[Probe]:
    return [answer(link.port_a.element), *a, answer(link.port_b.element), *b]


def test_a_break_seen_from_both_ends_is_certain(incident: Incident, link: Link) -> None:
    a, b = link.port_a, link.port_b
    found = conclude(
        incident,
        both(
            link,
            a=[state(a), line(a, FAULT, fault_distance_m=300)],
            b=[state(b), line(b, FAULT, fault_distance_m=700)],
        ),
    )

    assert (found.rule, found.confidence, found.cause_code) == (
        "line_open_both",
        Diagnosis.Confidence.CERTAIN,
        CauseCode.CABLE,
    )
    assert (found.place, found.params["from_a"], found.params["from_b"]) == (link.name, 300, 700)


def test_a_break_seen_from_one_end_is_likely(incident: Incident, link: Link) -> None:
    a, b = link.port_a, link.port_b
    found = conclude(
        incident,
        [answer(a.element), state(a), line(a, FAULT, fault_distance_m=300), answer(b.element, SILENT)],
    )
    assert (found.rule, found.confidence, found.link) == ("line_open_one", Diagnosis.Confidence.LIKELY, link)


def test_a_port_switched_off_outranks_everything(incident: Incident, link: Link) -> None:
    a, b = link.port_a, link.port_b
    found = conclude(incident, both(link, a=[state(a), line(a, FAULT)], b=[state(b, admin="down"), line(b)]))
    assert (found.rule, found.port, found.remedy) == ("switched_off", b, Runbook.Action.PUSH_CONFIGURATION)


def test_good_lines_and_ports_that_stay_down_want_a_bounce(incident: Incident, link: Link) -> None:
    found = conclude(
        incident,
        both(link, a=[state(link.port_a), line(link.port_a)], b=[state(link.port_b), line(link.port_b)]),
    )
    assert (found.rule, found.remedy, found.cause_code) == (
        "line_good_ports_down", Runbook.Action.BOUNCE_PORT, CauseCode.TRANSMISSION,
    )  # fmt: skip


def test_a_good_line_to_a_silent_end_points_there(incident: Incident, link: Link) -> None:
    a, b = link.port_a, link.port_b
    found = conclude(incident, [answer(a.element), state(a), line(a), answer(b.element, SILENT)])
    assert (found.rule, found.element) == ("far_end_silent", b.element)


def test_both_ends_up_again(incident: Incident, link: Link) -> None:
    found = conclude(incident, both(link, a=[state(link.port_a, "up")], b=[state(link.port_b, "up")]))
    assert (found.rule, found.place) == ("recovered", "")


def test_nothing_answers(incident: Incident, link: Link) -> None:
    found = conclude(incident, [answer(link.port_a.element, SILENT), answer(link.port_b.element, SILENT)])
    assert found == Conclusion("nothing_answers")


def element_incident(network: Network, **alarm: Any) -> Incident:
    return services.open_incident(root_alarm=make_root(element_id=network.agg2.pk, **alarm))


def neighbours(network: Network, result: str, oper: str = "down", **facts: Any) -> list[Probe]:
    ends = [network.ring_a.port_a, network.ring_b.port_a]
    return [
        probe for end in ends for probe in (answer(end.element), state(end, oper), line(end, result, **facts))
    ]


@pytest.mark.parametrize(
    ("result", "oper", "rule", "cause"),
    [
        (OK, "down", "element_silent_lines_good", CauseCode.HARDWARE),
        (OK, "up", "element_silent_ports_up", CauseCode.SOFTWARE),
        (FAULT, "down", "lines_broken", CauseCode.CABLE),
    ],
)
def test_a_silent_element_by_what_its_neighbours_see(
    network: Network, result: str, oper: str, rule: str, cause: str
) -> None:
    found = conclude(
        element_incident(network, probable_cause=ProbableCause.UNREACHABLE),
        [answer(network.agg2, SILENT), *neighbours(network, result, oper, fault_distance_m=80)],
    )
    assert (found.rule, found.cause_code, found.element) == (rule, cause, network.agg2)


def test_a_gasp_explains_the_silence(network: Network) -> None:
    incident = element_incident(network, probable_cause=ProbableCause.POWER)
    for probes in ([answer(network.agg2, SILENT)], [answer(network.agg2, SILENT), *neighbours(network, OK)]):
        assert conclude(incident, probes).rule == "power_lost"


def test_what_an_element_reports_of_itself(network: Network) -> None:
    health = Probe("health", network.agg2, FAULT, facts={"alarms": ["Fan 2 failed", "Too hot"]})
    found = conclude(element_incident(network), [answer(network.agg2), health])
    assert (found.rule, found.params["alarms"]) == ("element_alarms", "Fan 2 failed; Too hot")
    well = Probe("health", network.agg2, OK, facts={"alarms": []})
    assert conclude(element_incident(network), [answer(network.agg2), well]).rule == "recovered"


@pytest.mark.parametrize(
    ("seen", "rule", "cause"),
    [
        ((FAULT, {"fault": "open"}), "line_fault", CauseCode.CABLE),
        ((DEGRADED, {"fault": "attenuation"}), "line_fault", CauseCode.CABLE),
        ((OK, {}), "customer_side", CauseCode.CUSTOMER),
    ],
)
def test_a_customers_port(network: Network, seen: tuple[str, dict[str, str]], rule: str, cause: str) -> None:
    port = network.leaf.ports.filter(kind="customer").select_related("element").first()
    assert port is not None
    incident = services.open_incident(root_alarm=make_root(element_id=network.leaf.pk, port_id=port.pk))

    found = conclude(incident, [answer(network.leaf), state(port), line(port, seen[0], **seen[1])])

    assert (found.rule, found.cause_code, found.port) == (rule, cause, port)


def test_what_is_tested_follows_from_the_incident(network: Network, incident: Incident, link: Link) -> None:
    assert [(item.element, item.ports) for item in plan(incident)] == [
        (link.port_a.element, (link.port_a,)),
        (link.port_b.element, (link.port_b,)),
    ]
    around = plan(element_incident(network))
    assert around[0] == Plan(network.agg2)
    assert {item.element for item in around[1:]} == {network.core1, network.core2}
    assert plan(services.open_incident(title="somewhere")) == []


@pytest.mark.parametrize("rule", ["line_open_both", "switched_off", "power_lost", "nothing_found"])
def test_findings_are_sentences(rule: str) -> None:
    params = {"a": "A", "b": "B", "from_a": 1, "from_b": 2, "port": "p", "element": "e"}
    said = services.finding({"rule": rule, "params": params})
    assert said != rule
    assert "%(" not in said
