"""Service levels as people see them: reports, credits, and what stands on the pages of others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from kernel import events
from oss.incidents.models import Incident
from portal.views.inbox import approvals
from service_mgmt.levels import services
from service_mgmt.levels.models import CreditProposal, SlaClockEvent, SlaDefinition
from tests.factories.oss_alarms import AT
from tests.factories.oss_incidents import make_incident, make_link_root
from tests.factories.service_mgmt_levels import (
    Town,
    make_agreement,
    make_credit,
    make_definition,
    make_result,
    make_town,
)
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())


@pytest.fixture
def town(now: datetime) -> Town:
    found = make_town(at=AT)
    for service in found.services.values():
        make_agreement(service=service)
    return found


@pytest.fixture
def incident(town: Town) -> Incident:
    found = make_incident(root_alarm=make_link_root(town.network.tail))
    events.drain()
    return found


def test_an_incident_shows_services_customers_and_minutes_left(
    town: Town, incident: Incident, make_user: Callable[..., Any]
) -> None:
    browser = browser_of(make_user("noc"))

    impact = text_of(
        browser.get(reverse("oss_incidents:incident-detail-tab", args=[incident.number, "impact"]))
    )
    listed = text_of(
        browser.get(reverse("oss_incidents:incident-detail-tab", args=[incident.number, "services"]))
    )
    told = text_of(
        browser.get(reverse("oss_incidents:incident-detail-tab", args=[incident.number, "communications"]))
    )

    for name in ("french", "english"):
        assert town.services[name].number in impact
        assert town.services[name].number in listed
    assert str(town.french.party) in impact
    assert ">44<" in impact  # 0.1 % of January, of which nothing is used up at the instant of the cut
    assert "Start" in told


def test_the_impact_of_an_incident_costs_the_same_for_any_number_of_services(
    town: Town, incident: Incident, django_assert_max_num_queries: Any
) -> None:
    from service_mgmt.levels.views.outages import impact_of_incident

    with django_assert_max_num_queries(4):
        impact_of_incident(incident)


def test_who_has_the_customer_on_the_line_sees_the_known_outage(
    town: Town, incident: Incident, make_user: Callable[..., Any]
) -> None:
    browser = browser_of(make_user("care"))

    hit = text_of(browser.get(reverse("bss_customers:customer-detail", args=[town.french.number])))
    spared = text_of(browser.get(reverse("bss_customers:customer-detail", args=[town.ring.number])))

    assert incident.title in hit
    assert "No outage is known" in spared


def test_an_agreement_shows_its_month_and_its_log(
    town: Town, incident: Incident, make_user: Callable[..., Any]
) -> None:
    agreement = town.services["french"].sla_agreements.get()

    page = text_of(
        browser_of(make_user("noc")).get(
            reverse("service_mgmt_levels:agreement-detail", args=[agreement.number])
        )
    )

    assert "The service is down now." in page
    assert incident.number in page
    assert "99.9 %" in page


def test_the_report_of_a_customer_adds_closed_and_open_months(
    make_user: Callable[..., Any], now: datetime
) -> None:
    result = make_result()
    customer = result.agreement.customer
    browser = browser_of(make_user("care"))

    closed = text_of(browser.get(reverse("service_mgmt_levels:report", args=[customer.number, "2025-12"])))
    open_ = text_of(browser.get(reverse("service_mgmt_levels:report", args=[customer.number, "2026-01"])))

    assert "99.7311 %" in closed
    assert "Breached" in closed
    assert "still open" not in closed
    assert "still open" in open_
    assert "100 %" in open_
    for nonsense in ("2025-13", "x"):
        address = reverse("service_mgmt_levels:report", args=[customer.number, nonsense])
        assert browser.get(address).status_code == 404


def test_a_customer_reads_their_own_report_only(make_user: Callable[..., Any], now: datetime) -> None:
    result, other = make_result(), make_agreement()
    browser = browser_of(make_user("customer", customer=result.agreement.customer_id))

    mine = browser.get(
        reverse("service_mgmt_levels:report", args=[result.agreement.customer.number, "2025-12"])
    )
    theirs = browser.get(reverse("service_mgmt_levels:report", args=[other.customer.number, "2025-12"]))

    assert (mine.status_code, theirs.status_code) == (200, 404)


def test_a_result_leads_to_the_incident_behind_it(make_user: Callable[..., Any]) -> None:
    result = make_result()

    page = text_of(
        browser_of(make_user("manager")).get(reverse("service_mgmt_levels:result-detail", args=[result.pk]))
    )

    assert 'href="/go/INC-000000"' in page
    assert "99.7311 %" in page
    assert "7200" in page


def test_a_credit_is_approved_from_its_page_by_somebody_else(make_user: Callable[..., Any]) -> None:
    proposal, finance = make_credit(), make_user("finance")
    address = reverse("service_mgmt_levels:credit-detail-part", args=[proposal.number, "do", "approve"])

    assert [todo.url for todo in approvals(finance)] == [
        reverse("service_mgmt_levels:credit-detail", args=[proposal.number])
    ]
    browser_of(make_user("care")).post(address, {"reason": ""})
    proposal.refresh_from_db()
    assert proposal.status == "proposed"
    browser_of(finance).post(address, {"reason": "Measured"})

    proposal.refresh_from_db()
    assert (proposal.status, proposal.decided_by) == ("credited", finance)
    assert approvals(finance) == []


def test_a_rejection_needs_a_reason(make_user: Callable[..., Any]) -> None:
    proposal, browser = make_credit(), browser_of(make_user("manager"))
    address = reverse("service_mgmt_levels:credit-detail-part", args=[proposal.number, "do", "reject"])

    assert browser.post(address, {"reason": ""}).status_code == 422
    browser.post(address, {"reason": "Their own power"})

    assert CreditProposal.objects.get().status == "rejected"


def test_a_class_is_defined_and_changed_by_form(make_user: Callable[..., Any]) -> None:
    browser = browser_of(make_user("manager"))
    values = {
        "code": "gold", "name_en": "Gold", "name_fr": "Or", "availability_target": "99.95", "bands": "99.95: 5\n99.5: 12,5",
        "calendar": "", "restore_hours": "4", "late_repair_percent": "10", "cap_percent": "50",
        "exclude_maintenance": "on", "notice_days": "5", "pre_agreed": "on",
    }  # fmt: skip

    bad = browser.post(reverse("service_mgmt_levels:definition-create"), {**values, "bands": "below 99"})
    browser.post(reverse("service_mgmt_levels:definition-create"), values)
    gold = SlaDefinition.objects.get(code="gold")
    address = reverse("service_mgmt_levels:definition-edit", args=[gold.pk])
    shown = text_of(browser.get(address))
    refused = browser.post(address, {**values, "availability_target": "99", "_version": gold.version})
    browser.post(address, {**values, "bands": "99.9: 5", "_version": gold.version})

    assert (bad.status_code, refused.status_code) == (422, 422)
    assert "99.5: 12.5" in shown
    assert (gold.time_to_restore, gold.maintenance_notice) == (4 * HOUR, timedelta(days=5))
    assert [(band.below, band.credit_percent) for band in gold.bands.all()] == [(Decimal("99.9"), Decimal(5))]


def test_an_event_is_taken_back_by_who_may(make_user: Callable[..., Any], now: datetime) -> None:
    agreement = make_agreement(definition=make_definition())
    services.start_clock(service_ids=[agreement.service_id], at=now - HOUR)
    event = SlaClockEvent.objects.get()
    address = reverse("service_mgmt_levels:event-detail-part", args=[event.pk, "do", "void"])

    browser_of(make_user("noc")).post(address, {"reason": "wrong port"})
    assert SlaClockEvent.objects.count() == 1
    browser_of(make_user("manager")).post(address, {"reason": "wrong port"})

    assert services.forecast(agreement=agreement, at=now).measured.downtime == timedelta(0)
