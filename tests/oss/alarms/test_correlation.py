"""Of many alarms, the cause: links, power, elements, cohorts, and what operators taught."""

from __future__ import annotations

import pytest
from django.utils import translation

from kernel.models import OutboxEvent
from oss.alarms import services
from oss.alarms.events import SymptomsJoined
from oss.alarms.models import Alarm, ProbableCause, Severity, Source, State
from oss.alarms.services import normalise
from oss.inventory.models import Port
from oss.inventory.services import occupy_port
from oss.inventory.services.elements import PortSpec
from tests.factories.oss_alarms import (
    Network,
    gasp,
    make_clear,
    make_notice,
    port_down,
    silent,
)
from tests.factories.oss_inventory import make_device_type, make_element, make_location
from tests.oss.alarms.conftest import both_ends, correlate, later, root_of, roots_told, tell

pytestmark = pytest.mark.django_db


def test_both_ends_of_a_link_get_one_root(network: Network) -> None:
    tell(*both_ends(network.backbone))

    found = correlate()

    root = Alarm.objects.get(link=network.backbone, source=Source.CORRELATION)
    assert found.roots == [root.pk]
    assert set(root.symptoms.values_list("port", flat=True)) == {
        network.backbone.port_a_id,
        network.backbone.port_b_id,
    }
    assert (root.perceived_severity, root.specific_problem) == (
        Severity.MAJOR,
        f"Link {network.backbone.name} down",
    )
    told = roots_told()
    assert [(event.root_id, event.link_id, len(event.symptom_ids)) for event in told] == [
        (root.pk, network.backbone.pk, 2)
    ]


def test_what_lies_behind_a_bridge_joins_the_root_however_late_it_is_noticed(network: Network) -> None:
    # The far end is behind the cut and tells nothing; silence is noticed by polls, half a minute later.
    tell(port_down(network.spur.port_a, network.spur))
    correlate(3)
    tell(silent(network.agg, at=later(25)), silent(network.leaf, at=later(26)))
    joined = correlate(40)

    root = Alarm.objects.get(source=Source.CORRELATION)
    assert root.perceived_severity == Severity.CRITICAL
    assert {row.element_id for row in root.symptoms.all()} == {
        network.core2.pk,
        network.agg.pk,
        network.leaf.pk,
    }
    assert len(joined.joined[root.pk]) == 2
    assert len(roots_told()) == 1
    assert OutboxEvent.objects.filter(name=SymptomsJoined.name).count() == 1


def test_silence_that_comes_first_waits_for_its_explanation(network: Network) -> None:
    tell(silent(network.leaf))
    waiting = correlate(5)
    tell(*both_ends(network.tail, 6))
    correlate(9)

    assert waiting.waiting
    assert Alarm.objects.roots().open().get().link == network.tail
    assert root_of(silent(network.leaf).key).link == network.tail


def test_reasons_are_told_in_both_languages(network: Network) -> None:
    tell(port_down(network.spur.port_a, network.spur), silent(network.agg, at=later(10)))
    correlate()

    symptom = Alarm.objects.get(key=silent(network.agg).key)
    with translation.override("en"):
        words = services.because(symptom.because)
    assert words == f"{network.agg} can be reached only over what is broken: Link {network.spur.name} down"


def test_redundant_ways_that_break_one_after_the_other(network: Network) -> None:
    tell(*both_ends(network.ring_a))
    correlate(5)
    tell(*both_ends(network.ring_b, 60), silent(network.agg2, at=later(80)))
    correlate(90)

    first, second = (
        Alarm.objects.get(key=f"link:{network.ring_a.pk}:down"),
        Alarm.objects.get(key=f"link:{network.ring_b.pk}:down"),
    )
    symptom = Alarm.objects.get(key=silent(network.agg2).key)
    assert symptom.root == second
    assert symptom.because["rule"] == "cut_off_together"
    assert (first.perceived_severity, second.perceived_severity) == (Severity.MAJOR, Severity.CRITICAL)


def test_a_root_ends_when_the_last_end_is_up_again(network: Network) -> None:
    a, b = both_ends(network.backbone)
    tell(a, b)
    correlate()
    root = Alarm.objects.get(source=Source.CORRELATION)

    services.raise_many([make_clear(a, after=60)])
    root.refresh_from_db()
    assert root.is_open
    services.raise_many([make_clear(b, after=60, text="linkUp")])

    root.refresh_from_db()
    assert (root.state, root.cleared, root.clear_evidence) == (State.CLEARED, later(60.1), "linkUp")
    assert not Alarm.objects.open().exists()


def test_the_same_link_breaks_again_and_gets_a_new_root(network: Network) -> None:
    a, b = both_ends(network.backbone)
    tell(a, b)
    correlate()
    services.raise_many([make_clear(a, after=60), make_clear(b, after=60)])

    tell(*both_ends(network.backbone, 60.05))
    correlate(70)

    assert Alarm.objects.filter(source=Source.CORRELATION).count() == 2
    assert len(roots_told()) == 2


def test_a_last_gasp_is_the_root_of_what_its_neighbours_see(network: Network) -> None:
    # The neighbours are faster than the gasp: the link was the root for a moment.
    tell(
        port_down(network.ring_a.port_a, network.ring_a),
        port_down(network.ring_b.port_a, network.ring_b, at=later(0.1)),
    )
    correlate(4)
    tell(gasp(network.agg2, at=later(5)), silent(network.agg2, at=later(20)))
    correlate(30)

    power = Alarm.objects.get(key=gasp(network.agg2).key)
    assert power.root_found is not None
    assert set(Alarm.objects.open().roots()) == {power}
    assert power.symptoms.count() == 5  # two links, their ends seen from outside, and the silence
    told = roots_told()[-1]
    assert told.root_id == power.pk
    assert len(told.symptom_ids) == 5


def test_a_silent_element_all_of_whose_links_are_down_is_the_root(network: Network) -> None:
    tell(
        port_down(network.ring_a.port_a, network.ring_a),
        port_down(network.ring_b.port_a, network.ring_b),
        silent(network.agg2, at=later(1)),
    )
    correlate()

    root = Alarm.objects.open().roots().get()
    assert root.key == silent(network.agg2).key
    assert root.because["rule"] == "element_down"


def test_a_silent_element_without_any_reason_is_a_root_after_a_while(network: Network) -> None:
    tell(silent(network.agg2))

    assert correlate(5).waiting
    assert correlate(15).roots == [Alarm.objects.get().pk]
    assert Alarm.objects.get().because["rule"] == "element_silent"


def test_two_elements_of_one_place_that_lose_power_are_one_fault() -> None:
    place = make_location(name="Port-Armel")
    first, second = make_element(location=place), make_element(location=place)
    tell(gasp(first), gasp(second, at=later(1)))
    correlate()

    root = Alarm.objects.roots().get()
    assert (root.location, root.probable_cause, root.specific_problem) == (
        place, ProbableCause.POWER, "Power lost at Port-Armel",
    )  # fmt: skip
    assert root.symptoms.count() == 2


def customers(count: int, *, used: int) -> list[Port]:
    """`count` ports in use on one element, of which the first `used` are returned."""
    kind = make_device_type(ports=[PortSpec(f"ge-0/1/[1-{count}]", 1000, kind="customer")])
    element = make_element(device_type=kind)
    ports = list(element.ports.order_by("if_index", "name"))
    for port in ports:
        occupy_port(port=port, holder=port.pk)
    return ports[:used]


def test_many_customer_lines_at_once_are_one_fault() -> None:
    ports = customers(6, used=4)
    tell(*[port_down(port, at=later(n), severity=Severity.MINOR) for n, port in enumerate(ports)])
    correlate()

    root = Alarm.objects.roots().get()
    assert root.because["rule"] == "cohort"
    assert root.specific_problem == f"4 of 6 lines on {ports[0].element} down together"
    assert root.symptoms.count() == 4


def test_customers_without_power_are_a_class_of_their_own() -> None:
    ports = customers(4, used=3)
    tell(
        *[
            make_notice(
                key=normalise.key("power", port=port.pk), port_id=port.pk, element_id=port.element_id,
                probable_cause=ProbableCause.POWER, severity=Severity.MINOR, service_affecting=True,
            )
            for port in ports
        ]
    )  # fmt: skip
    correlate()

    root = Alarm.objects.roots().get()
    assert (root.because["rule"], root.probable_cause) == ("cohort_power", ProbableCause.POWER)


def test_a_few_lines_of_many_are_not_one_fault() -> None:
    ports = customers(20, used=3)
    tell(*[port_down(port, severity=Severity.MINOR) for port in ports])
    correlate()

    assert Alarm.objects.roots().count() == 3


def test_sessions_over_a_broken_link_follow_from_it(network: Network) -> None:
    tell(
        *both_ends(network.backbone),
        make_notice(
            key=normalise.key("bgp", element=network.core1.pk, subject="10.0.0.2"), element_id=network.core1.pk,
            probable_cause=ProbableCause.PROTOCOL, at=later(8),
        ),
    )  # fmt: skip
    correlate()

    symptom = Alarm.objects.get(probable_cause=ProbableCause.PROTOCOL)
    assert symptom.root is not None
    assert (symptom.root.link, symptom.because["rule"]) == (network.backbone, "protocol")


def test_what_nothing_explains_is_its_own_root_once() -> None:
    tell(make_notice())

    assert correlate(1).waiting
    correlate(5)
    correlate(10)

    assert len(roots_told()) == 1
    assert Alarm.objects.get().because == {"rule": "alone", "params": {}}
