"""Incidents opened, led, resolved, joined and taken apart; and what they do when alarms move."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import translation

from kernel import clock, events, lifecycle
from kernel.errors import IllegalMove, Invalid
from kernel.models import OutboxEvent, User
from oss.alarms import services as alarms
from oss.alarms.models import Alarm, AlarmNotification, ProbableCause, Severity
from oss.incidents import services
from oss.incidents.events import (
    IncidentMerged,
    IncidentOpened,
    IncidentPriorityChanged,
    IncidentReopened,
    IncidentResolved,
    IncidentScopeChanged,
    IncidentUpdated,
)
from oss.incidents.models import CauseCode, Diagnosis, Impact, Incident, IncidentEntry, Priority, Urgency
from oss.incidents.services.priority import MATRIX
from oss.inventory.services import occupy_port
from tests.factories.oss_alarms import (
    AT,
    gasp,
    make_alarm,
    make_clear,
    make_network,
    make_notice,
    port_down,
    silent,
)
from tests.factories.oss_incidents import make_incident, make_link_root, make_root

pytestmark = pytest.mark.django_db
Status = Incident.Status


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def told(*kinds: type[events.Event]) -> list[events.Event]:
    rows = OutboxEvent.objects.filter(name__in=[kind.name for kind in kinds]).order_by("seq")
    return [events.decode(row.name, row.payload) for row in rows]


def codes(incident: Incident) -> list[str]:
    return list(incident.entries.order_by("created").values_list("code", flat=True))


def test_an_incident_carries_what_its_root_says() -> None:
    root = make_link_root()

    incident = services.open_incident(root_alarm=root)

    assert (incident.title, incident.category, incident.status) == (
        root.specific_problem,
        "transport",
        Status.OPEN,
    )
    assert (incident.impact, incident.urgency, incident.priority) == (
        Impact.MINOR,
        Urgency.HIGH,
        Priority.LOW,
    )
    assert (incident.opened, incident.link, incident.number[:4]) == (AT, root.link, "INC-")
    assert told(IncidentOpened) == [IncidentOpened(incident.pk, root.pk, root.element_id, root.link_id, AT)]
    assert OutboxEvent.objects.get(name=IncidentOpened.name).correlation_id == root.pk
    assert codes(incident) == ["opened", "impact_guess"]


def test_one_root_has_one_open_incident() -> None:
    root = make_link_root()

    first, second = services.open_incident(root_alarm=root), services.open_incident(root_alarm=root)

    assert first == second
    assert len(told(IncidentOpened)) == 1
    twin = Incident(title="x", root_alarm=root, opened=AT)
    with pytest.raises(IntegrityError, match="oss_incidents_one_open_per_root"), transaction.atomic():
        lifecycle.create(twin)


@pytest.mark.django_db(transaction=True)
def test_rivals_open_one_incident() -> None:
    root = make_link_root()
    start, found = Barrier(2), []

    def rival() -> None:
        try:
            start.wait(5)
            found.append(services.open_incident(root_alarm=root).pk)
        finally:
            connections.close_all()

    threads = [Thread(target=rival) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(found) == 2
    assert len(set(found)) == 1
    assert Incident.objects.count() == 1


def test_by_hand_an_incident_needs_a_title(admin: User) -> None:
    incident = services.open_incident(
        title="Odd noise in rack 4", impact=Impact.MODERATE, urgency="critical", by=admin
    )

    assert (incident.priority, incident.root_alarm) == (Priority.HIGH, None)
    assert incident.entries.get().author == admin
    with pytest.raises(Invalid):
        services.open_incident(title=" ")


def test_the_matrix_never_ranks_more_impact_or_urgency_lower() -> None:
    rank = Priority.values.index
    for row in MATRIX.values():
        assert [rank(row[urgency]) for urgency in Urgency.values] == sorted(
            rank(row[u]) for u in Urgency.values
        )
    for urgency in Urgency.values:
        column = [rank(MATRIX[impact][urgency]) for impact in Impact.values]
        assert column == sorted(column)


def test_the_first_guess_counts_ports_in_use_behind_the_fault() -> None:
    network = make_network()
    for port in network.leaf.ports.filter(kind="customer")[:3]:
        occupy_port(port=port, holder=port.pk)

    incident = services.open_incident(root_alarm=make_link_root(network.spur, severity=Severity.CRITICAL))

    assert (incident.impact, incident.priority) == (Impact.MODERATE, Priority.HIGH)
    assert incident.entries.get(code="impact_guess").params["ports"] == 3


def test_known_customers_replace_the_guess_and_change_the_priority() -> None:
    incident = make_incident()

    services.set_impact(incident=incident, services=240, customers=120, at=later(5))
    services.set_impact(incident=incident, services=240, customers=120, at=later(6))

    incident.refresh_from_db()
    assert (incident.impact, incident.priority, incident.affected_services) == (
        Impact.EXTENSIVE,
        Priority.CRITICAL,
        240,
    )
    assert told(IncidentPriorityChanged) == [
        IncidentPriorityChanged(incident.pk, "low", "critical", later(5))
    ]
    assert codes(incident) == ["opened", "impact_guess", "impact", "priority"]


def test_command_eta_and_updates_stand_on_the_timeline(admin: User) -> None:
    incident = make_incident()

    services.assign(incident=incident, commander=admin, by=admin)
    services.publish_update(incident=incident, text="Crew on site.", eta=later(3600), by=admin, at=later(9))
    services.note(incident=incident, text="Call the landlord", pinned=True, by=admin)
    services.assign(incident=incident, commander=None, by=admin)

    assert codes(incident)[2:] == ["assigned", "eta", "", "", "unassigned"]
    update = incident.entries.get(kind=IncidentEntry.Kind.UPDATE)
    assert told(IncidentUpdated) == [IncidentUpdated(incident.pk, update.pk, later(3600), later(9))]
    with pytest.raises(Invalid):
        services.note(incident=incident, text=" ")


def test_every_sentence_of_the_system_can_be_said() -> None:
    incident = make_incident()
    with translation.override("en"):
        said = [services.entry(row.code, row.params) for row in incident.entries.all()]
    assert said[0] == f"Opened for {incident.root_alarm}"
    assert services.entry("never heard of", {}) == "never heard of"


def test_resolution_needs_a_cause_and_tells() -> None:
    incident = make_incident()
    with pytest.raises(Invalid):
        services.resolve(incident=incident, cause_code="")

    services.resolve(incident=incident, cause_code=CauseCode.CABLE, at=later(600), note="spliced")
    services.close(incident=incident, at=later(700))

    assert (incident.status, incident.resolved, incident.cause_note) == (Status.CLOSED, later(600), "spliced")
    assert told(IncidentResolved) == [IncidentResolved(incident.pk, later(600))]


def test_a_resolution_is_never_before_the_beginning() -> None:
    incident = make_incident()
    services.resolve(incident=incident, cause_code=CauseCode.NO_FAULT, at=AT - timedelta(hours=1))
    assert incident.resolved == AT


def test_reopening(admin: User) -> None:
    incident = make_incident()
    services.resolve(incident=incident, cause_code=CauseCode.CABLE, at=later(60))

    services.reopen(incident=incident, at=later(90), by=admin, reason="again")

    assert (incident.status, incident.resolved, incident.cause_code) == (Status.OPEN, None, "")
    assert told(IncidentReopened) == [IncidentReopened(incident.pk, later(90))]


@pytest.mark.parametrize("before", list(Status))
@pytest.mark.parametrize("after", list(Status))
def test_the_lifecycle_pair_by_pair(before: Status, after: Status) -> None:
    incident = services.open_incident(title="x", at=AT)
    over = {"resolved": later(1), "cause_code": CauseCode.CABLE}
    way = {
        Status.OPEN: [], Status.DIAGNOSED: [Status.DIAGNOSED], Status.MITIGATED: [Status.MITIGATED],
        Status.RESOLVED: [Status.RESOLVED], Status.CLOSED: [Status.RESOLVED, Status.CLOSED],
    }  # fmt: skip
    for step in way[before]:
        lifecycle.move(incident, step, **(over if step == Status.RESOLVED else {}))
    if after == Status.RESOLVED:
        changes = over
    elif after == Status.CLOSED:
        changes = {}
    else:
        changes = {"resolved": None, "cause_code": ""}
    if after in Incident.MOVES[before]:
        assert lifecycle.move(incident, after, **changes).status == after
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(incident, after, **changes)


def test_merging_takes_alarms_over_and_ends_the_one(admin: User) -> None:
    into, other = make_incident(root_alarm=make_root()), make_incident(root_alarm=make_root())

    services.merge(incident=other, into=into, by=admin, at=later(60))

    other.refresh_from_db()
    assert (other.status, other.cause_code, other.merged_into) == (Status.RESOLVED, CauseCode.MERGED, into)
    assert other.root_alarm is not None
    assert Alarm.objects.get(pk=other.root_alarm_id).root == into.root_alarm
    assert told(IncidentScopeChanged, IncidentMerged, IncidentResolved) == [
        IncidentScopeChanged(into.pk, later(60)),
        IncidentMerged(other.pk, into.pk, later(60)),
        IncidentResolved(other.pk, later(60)),
    ]
    with pytest.raises(IllegalMove):
        services.reopen(incident=other)
    with pytest.raises(Invalid):
        services.merge(incident=into, into=into)


def test_splitting_takes_alarms_out_into_their_own(admin: User) -> None:
    incident = make_incident()
    out = list(Alarm.objects.filter(root=incident.root_alarm))

    made = services.split(incident=incident, alarms_out=out, title="Another fault", by=admin, at=later(60))

    assert made.title == "Another fault"
    assert made.root_alarm == out[0]
    assert Alarm.objects.get(pk=out[1].pk).root == out[0]
    with pytest.raises(Invalid):
        services.split(incident=incident, alarms_out=[make_alarm()])


# -- following the alarms


def correlate(seconds: float) -> None:
    with clock.frozen(later(seconds)):
        alarms.correlate()
        events.drain()


def tell(*notices: object) -> None:
    for notice in notices:
        with clock.frozen(notice.at):  # type: ignore[attr-defined]
            alarms.raise_many([notice])  # type: ignore[list-item]
            events.drain()


def test_from_the_cut_to_the_end_by_events_alone() -> None:
    network = make_network()
    ends = [port_down(port, network.backbone) for port in (network.backbone.port_a, network.backbone.port_b)]
    tell(*ends)
    correlate(5)
    incident = Incident.objects.get()
    assert incident.diagnoses.get().status == Diagnosis.Status.PENDING
    events.drain()
    assert Incident.objects.count() == 1

    tell(*[make_clear(end, after=300, text="linkUp") for end in ends])

    incident.refresh_from_db()
    assert (incident.status, incident.mitigated, incident.resolved) == (
        Status.RESOLVED,
        later(300),
        later(300),
    )
    assert incident.cause_code == CauseCode.UNKNOWN
    assert codes(incident)[-3:] == ["root_cleared", "mitigated", "resolved"]


def test_slight_and_planned_roots_open_nothing() -> None:
    tell(make_notice(severity=Severity.WARNING))
    correlate(5)
    assert not Incident.objects.exists()


def test_a_blip_opens_nothing_but_a_short_outage_is_recorded() -> None:
    blip, short = make_notice(), make_notice()
    for notice, after in ((blip, 10), (short, 40)):
        with clock.frozen(AT):
            alarms.raise_many([notice])
        with clock.frozen(later(5)):
            alarms.correlate()
        alarms.raise_many([make_clear(notice, after=after)])
    events.drain()

    incident = Incident.objects.get()
    assert incident.root_alarm is not None
    assert (incident.root_alarm.key, incident.status, incident.resolved) == (
        short.key,
        Status.RESOLVED,
        later(40),
    )


def test_a_root_that_turns_out_to_follow_from_another_hands_its_incident_over() -> None:
    network = make_network()
    tell(port_down(network.ring_a.port_a, network.ring_a), port_down(network.ring_b.port_a, network.ring_b))
    correlate(5)
    assert Incident.objects.open().count() == 2

    tell(gasp(network.agg2, at=later(6)))
    correlate(10)

    incident = Incident.objects.open().get()
    assert incident.root_alarm is not None
    assert (incident.root_alarm.key, incident.category) == (gasp(network.agg2).key, Incident.Category.POWER)
    assert Incident.objects.filter(cause_code=CauseCode.MERGED).count() == 1
    tell(make_clear(gasp(network.agg2, at=later(6)), after=500))
    incident.refresh_from_db()
    assert (incident.status, incident.cause_code) == (Status.RESOLVED, CauseCode.POWER)


def test_late_symptoms_widen_the_guess_until_the_customers_are_known() -> None:
    network = make_network()
    for port in network.leaf.ports.filter(kind="customer")[:2]:
        occupy_port(port=port, holder=port.pk)
    incident = make_incident(root_alarm=make_root(element_id=network.agg2.pk))
    leaf = make_alarm(
        key=silent(network.leaf).key,
        element_id=network.leaf.pk,
        probable_cause=ProbableCause.UNREACHABLE,
    )
    root = incident.root_alarm
    assert root is not None
    assert incident.impact == Impact.MINOR
    alarms.group(root=root, alarms=[leaf])

    services.symptoms_joined(root_id=root.pk, symptom_ids=[leaf.pk], at=later(30))

    incident.refresh_from_db()
    assert incident.impact == Impact.MODERATE
    assert "symptoms" in codes(incident)
    assert told(IncidentScopeChanged) == [IncidentScopeChanged(incident.pk, later(30))]
    services.set_impact(incident=incident, services=0, customers=0)
    services.symptoms_joined(root_id=root.pk, symptom_ids=[leaf.pk], at=later(40))
    incident.refresh_from_db()
    assert incident.impact == Impact.MINOR


def test_flapping_keeps_one_incident() -> None:
    notice = make_notice()
    for turn in range(3):
        tell(make_notice(key=notice.key, at=later(turn * 20)))
        tell(make_clear(notice, after=turn * 20 + 5))
    tell(make_notice(key=notice.key, at=later(60)))
    correlate(65)
    for turn in range(10):
        tell(make_clear(notice, after=70 + turn * 10), make_notice(key=notice.key, at=later(75 + turn * 10)))
        correlate(79 + turn * 10)

    assert Incident.objects.open().count() == 1
    assert AlarmNotification.objects.filter(outcome="held").count() == 10
