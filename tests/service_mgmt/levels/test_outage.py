"""From a cut cable to the customers, and back: impact, clocks, notices, tickets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bss.care.models import Notice, TroubleTicket
from bss.care.services import install_templates
from kernel import clock, events
from kernel.models import OutboxEvent
from oss.alarms import services as alarms
from oss.alarms.models import Alarm, Maintenance, ProbableCause
from oss.incidents import services as incidents
from oss.incidents.models import Incident
from service_mgmt.levels import services, tasks
from service_mgmt.levels.models import OutageImpact, SlaClockEvent
from service_mgmt.levels.services import outage
from service_mgmt.services.models import Service
from tests.factories.bss_care import make_notice, make_reachable, make_template
from tests.factories.oss_alarms import AT
from tests.factories.oss_incidents import make_incident, make_link_root, make_root
from tests.factories.oss_inventory import make_port
from tests.factories.service_mgmt_levels import Town, make_agreement, make_service, make_town

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def town() -> Town:
    return make_town(at=AT)


def cut(town: Town, link: str = "tail", **overrides: Any) -> Incident:
    """The link is cut at AT; the incident is open, and whoever subscribes has heard of it."""
    incident = make_incident(root_alarm=make_link_root(getattr(town.network, link)), **overrides)
    events.drain()
    incident.refresh_from_db()
    return incident


def mended(incident: Incident, at: datetime) -> None:
    incidents.resolve(incident=incident, cause_code="cable", at=at)
    events.drain()


def log_of(service: Service) -> list[tuple[str, datetime]]:
    return list(SlaClockEvent.objects.filter(service=service).order_by("at", "id").values_list("kind", "at"))


def test_a_cut_link_takes_the_services_behind_it(town: Town) -> None:
    incident = cut(town)

    rows = {row.service_id: row for row in OutageImpact.objects.filter(incident=incident)}
    assert set(rows) == {town.services["french"].pk, town.services["english"].pk}
    assert {(row.effect, row.since, row.until) for row in rows.values()} == {("lost", AT, None)}
    assert (incident.affected_services, incident.affected_customers, incident.impact) == (2, 2, "moderate")
    assert log_of(town.services["french"]) == [("down", AT)]
    event = SlaClockEvent.objects.filter(service=town.services["french"]).get()
    assert (event.incident, event.cause_label) == (incident, incident.number)


def test_each_customer_is_told_once_in_their_language_with_their_services(town: Town) -> None:
    incident = cut(town)
    for _again in range(2):
        services.apply_incident(incident_id=incident.pk, at=AT)

    notices = {notice.customer_id: notice for notice in Notice.objects.all()}
    assert set(notices) == {town.french.pk, town.english.pk}
    french = notices[town.french.pk]
    assert (french.language, french.story_id, french.phase) == ("fr", incident.pk, "start")
    product = town.services["french"].product
    assert product is not None
    assert f"{product.offering.name_in('fr')} ({product.number}" in french.body
    assert notices[town.english.pk].subject == f"Outage {incident.number}: your service is interrupted"
    tickets = TroubleTicket.objects.filter(story_id=incident.pk)
    assert {(t.customer_id, t.product_id, t.type, t.story_label) for t in tickets} == {
        (row.customer_id, row.product_id, "outage", incident.number)
        for row in (town.services["french"], town.services["english"])
    }
    assert all(ticket.responded for ticket in tickets)


def test_redundancy_left_is_at_risk_and_nobody_is_told(town: Town) -> None:
    incident = cut(town, "ring_a")

    assert {row.effect for row in OutageImpact.objects.filter(incident=incident)} <= {"degraded", "at_risk"}
    assert not Notice.objects.exists()
    assert not SlaClockEvent.objects.exists()
    assert incident.affected_customers == 0


def test_the_end_stops_clocks_tells_those_told_and_resolves_their_tickets(town: Town) -> None:
    incident = cut(town)

    mended(incident, AT + 2 * HOUR)
    services.end_incident(incident_id=incident.pk, at=AT + 2 * HOUR)

    assert set(OutageImpact.objects.values_list("until", flat=True)) == {AT + 2 * HOUR}
    assert log_of(town.services["english"]) == [("down", AT), ("up", AT + 2 * HOUR)]
    ends = Notice.objects.filter(phase="end")
    assert {notice.customer_id for notice in ends} == {town.french.pk, town.english.pk}
    assert set(TroubleTicket.objects.values_list("status", flat=True)) == {"resolved"}
    assert OutboxEvent.objects.filter(name="service_mgmt_levels.OutageEnded").count() == 1


def test_events_delivered_twice_change_nothing(town: Town) -> None:
    incident = cut(town)
    mended(incident, AT + HOUR)
    before = [model.objects.count() for model in (OutageImpact, SlaClockEvent, Notice, TroubleTicket)]

    services.apply_incident(incident_id=incident.pk, at=AT)
    services.end_incident(incident_id=incident.pk, at=AT + HOUR)

    assert [model.objects.count() for model in (OutageImpact, SlaClockEvent, Notice, TroubleTicket)] == before


def test_an_incident_that_comes_back_runs_the_clock_again_and_ends_again(town: Town) -> None:
    incident = cut(town)
    mended(incident, AT + HOUR)

    incidents.reopen(incident=incident, at=AT + 2 * HOUR)
    events.drain()
    incident.refresh_from_db()
    assert set(TroubleTicket.objects.values_list("status", flat=True)) == {"in_progress"}
    assert Notice.objects.filter(customer=town.french, phase="update").count() == 1
    mended(incident, AT + 3 * HOUR)

    assert log_of(town.services["french"]) == [
        ("down", AT), ("up", AT + HOUR), ("down", AT + 2 * HOUR), ("up", AT + 3 * HOUR)
    ]  # fmt: skip
    assert Notice.objects.filter(customer=town.french, phase="end").count() == 2


def test_a_suspended_service_is_down_but_its_customer_is_not_bothered(town: Town) -> None:
    Service.objects.filter(customer=town.french).update(state="suspended")

    cut(town)

    assert log_of(town.services["french"]) == [("down", AT)]
    assert {notice.customer_id for notice in Notice.objects.all()} == {town.english.pk}
    assert {ticket.customer_id for ticket in TroubleTicket.objects.all()} == {town.english.pk}


def test_an_incident_merged_into_another_leaves_its_customers_in_one_story(town: Town) -> None:
    small = cut(town)
    big = make_incident(root_alarm=make_link_root(town.network.spur))
    incidents.merge(incident=small, into=big, at=AT + HOUR)
    events.drain()

    assert Notice.objects.filter(customer=town.french).count() == 1
    assert TroubleTicket.objects.filter(customer=town.french).count() == 1
    mended(Incident.objects.get(pk=big.pk), AT + 3 * HOUR)

    assert [n.phase for n in Notice.objects.filter(customer=town.french).order_by("id")] == ["start", "end"]
    assert TroubleTicket.objects.get(customer=town.french).status == "resolved"
    agreement = make_agreement(service=town.services["french"])
    found = services.replay(agreement=agreement, start=AT - HOUR, end=AT + 9 * HOUR, at=AT + 9 * HOUR)
    assert found.downtime == 3 * HOUR


def test_an_update_goes_to_those_who_know_of_the_outage(town: Town) -> None:
    incident = cut(town)

    for text in ("Splicing has begun.", "Half of the fibres are done."):
        incidents.publish_update(incident=incident, text=text, eta=AT + 4 * HOUR)
        events.drain()

    updates = Notice.objects.filter(customer=town.english, phase="update").order_by("id")
    assert ["Splicing" in updates[0].body, "Half" in updates[1].body] == [True, True]
    assert "15 January 2026, 15:00 (UTC+1)" in updates[1].body
    assert not Notice.objects.filter(customer=town.ring).exists()


def test_what_a_fault_is_follows_from_the_alarm(town: Town) -> None:
    leaf = town.network.leaf
    silent = make_root(element_id=leaf.pk, probable_cause=ProbableCause.UNREACHABLE, service_affecting=True)
    hot = make_root(element_id=leaf.pk, probable_cause=ProbableCause.TEMPERATURE)
    line = leaf.ports.order_by("pk")[0]
    port = make_root(port_id=line.pk, element_id=leaf.pk)

    assert outage.fault_of(root=silent).elements == {leaf.pk}
    assert outage.fault_of(root=hot).harmless
    assert outage.fault_of(root=port) == outage.Fault(ports=frozenset({line.pk}))
    assert outage.fault_of(root=None, link_id=town.network.tail.pk).links == {town.network.tail.pk}
    scope, _impact = outage.scope_of(outage.fault_of(root=hot))
    assert {hit.effect for hit in scope.services.values()} == {"at_risk"}


def test_a_service_is_hit_by_an_incident_once_at_a_time(town: Town) -> None:
    incident = cut(town)

    with pytest.raises(IntegrityError, match="levels_impact_one_open"), transaction.atomic():
        OutageImpact.objects.create(
            incident=incident, service=town.services["french"], effect="degraded", since=AT
        )


def test_the_known_outage_of_a_customer_is_at_hand(town: Town) -> None:
    incident = cut(town)

    (row,) = services.known_outages(customer_id=town.french.pk)
    assert (row.incident, row.effect) == (incident, "lost")
    mended(incident, AT + HOUR)
    assert services.known_outages(customer_id=town.french.pk) == []


def statements_of(town: Town, services_behind: int) -> int:
    """How many statements one outage of the leaf costs."""
    for _n in range(services_behind):
        make_service(customer=make_reachable(), at=AT, port=make_port(element=town.network.leaf))
    incident = make_incident(root_alarm=make_link_root(town.network.tail))
    with CaptureQueriesContext(connection) as captured:
        services.apply_incident(incident_id=incident.pk, at=AT)
    return len(captured)


def test_large_outages_cost_no_more_statements_than_small_ones(now: datetime) -> None:
    install_templates()

    few, many = statements_of(make_town(at=AT), 2), statements_of(make_town(at=AT), 12)

    assert many == few


# ------------------------------------------------------------------------------------------------------ planned work


def window(town: Town, **overrides: Any) -> Maintenance:
    """A window over the leaf's only link, begun at AT."""
    with clock.frozen(AT - timedelta(days=10)):
        found = alarms.plan_maintenance(
            elements=[], links=[town.network.tail], start=AT, end=AT + 4 * HOUR, reason="New fibre",
            change_ref="CHG-000001", **overrides,
        )  # fmt: skip
    alarms.sweep(at=AT)
    found.refresh_from_db()
    return found


def test_planned_work_is_logged_with_the_proof_that_a_customer_was_told(town: Town) -> None:
    told = AT - timedelta(days=8)
    make_notice(
        customer=town.french, template=make_template(topic="maintenance"), story_label="CHG-000001", status="sent",
        sent=told,
    )  # fmt: skip
    planned = window(town)

    services.record_windows(at=AT + HOUR)
    services.record_windows(at=AT + HOUR)

    rows = {row.service_id: row for row in SlaClockEvent.objects.filter(cause_id=planned.pk)}
    assert {pk: row.notified for pk, row in rows.items()} == {
        town.services["french"].pk: told,
        town.services["english"].pk: None,
    }
    alarms.sweep(at=AT + 5 * HOUR)
    with clock.frozen(AT + 5 * HOUR):
        tasks.record_windows()
        tasks.record_windows()
    ends = SlaClockEvent.objects.filter(kind="maintenance_end")
    assert {row.at for row in ends} == {AT + 4 * HOUR}
    assert ends.count() == 2


def test_an_outage_in_planned_work_counts_for_those_who_had_no_notice(town: Town) -> None:
    make_notice(
        customer=town.french, template=make_template(topic="maintenance"), story_label="CHG-000001", status="sent",
        sent=AT - timedelta(days=8),
    )  # fmt: skip
    window(town)
    root = make_link_root(town.network.tail)
    Alarm.objects.filter(pk=root.pk).update(planned_outage=True)
    assert services.planned_outage(alarm_id=root.pk, at=AT) == 2
    assert services.planned_over(alarm_id=root.pk, at=AT + 2 * HOUR) == 2
    services.record_windows(at=AT + 5 * HOUR)

    found = [
        services.replay(
            agreement=make_agreement(service=town.services[name]),
            start=AT - HOUR,
            end=AT + 9 * HOUR,
            at=AT + 9 * HOUR,
        )
        for name in ("french", "english")
    ]

    assert [(one.downtime, one.excluded) for one in found] == [
        (timedelta(0), 2 * HOUR),
        (2 * HOUR, timedelta(0)),
    ]
    assert services.planned_over(alarm_id=town.network.tail.pk, at=AT) == 0
