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


def test_an_agreement_that_is_broken_or_over_says_so(make_user: Callable[..., Any], now: datetime) -> None:
    broken, over = make_agreement(), make_agreement()
    services.start_clock(service_ids=[broken.service_id], at=now - 30 * HOUR, label="INC-000009")
    services.stop_clock(service_ids=[broken.service_id], at=now - HOUR, label="INC-000009")
    services.end_agreements(product_id=over.product_id, at=now - HOUR)
    browser = browser_of(make_user("noc"))

    def page(agreement: Any) -> str:
        return text_of(browser.get(reverse("service_mgmt_levels:agreement-detail", args=[agreement.number])))

    assert "Breached" in page(broken)
    assert "The service is down now." not in page(broken)
    assert "INC-000009" in page(broken)
    assert "The agreement has an end" in page(over)
    assert "The agreement has an end" not in page(broken)


def test_a_customers_agreement_shows_no_log(make_user: Callable[..., Any], now: datetime) -> None:
    agreement = make_agreement()
    services.start_clock(service_ids=[agreement.service_id], at=now - HOUR, label="INC-000009")
    address = reverse("service_mgmt_levels:agreement-detail", args=[agreement.number])

    theirs = text_of(browser_of(make_user("customer", customer=agreement.customer_id)).get(address))

    assert "The service is down now." in theirs
    assert "Clock log" not in theirs
    assert (
        browser_of(make_user("customer", customer=make_agreement().customer_id)).get(address).status_code
        == 404
    )


def test_an_event_taken_back_is_named_so_and_cannot_be_taken_back_again(
    make_user: Callable[..., Any], now: datetime
) -> None:
    agreement = make_agreement()
    services.start_clock(service_ids=[agreement.service_id], at=now - HOUR)
    event = SlaClockEvent.objects.get()
    services.take_back(event=event, reason="wrong port")
    browser = browser_of(make_user("manager"))

    page = text_of(browser.get(reverse("service_mgmt_levels:agreement-detail", args=[agreement.number])))
    detail = text_of(browser.get(reverse("service_mgmt_levels:event-detail", args=[event.pk])))
    browser.post(
        reverse("service_mgmt_levels:event-detail-part", args=[event.pk, "do", "void"]), {"reason": "again"}
    )

    assert "taken back" in page
    assert "This was taken back already" in detail
    assert SlaClockEvent.objects.count() == 2


def test_a_class_that_credits_nothing_says_so(make_user: Callable[..., Any]) -> None:
    plain = make_definition(bands=[], exclude_maintenance=False)
    rich = make_definition(late_repair_percent=Decimal(5), maintenance_notice=timedelta(days=3))
    browser = browser_of(make_user("product"))

    def page(definition: SlaDefinition) -> str:
        return text_of(browser.get(reverse("service_mgmt_levels:definition-detail", args=[definition.pk])))

    assert "Nothing is credited." in page(plain)
    assert "Counts like any other downtime." in page(plain)
    assert "Each repair that takes too long" in page(rich)
    assert "3 d" in page(rich)


def test_lists_without_rows_say_what_will_stand_there(make_user: Callable[..., Any]) -> None:
    browser = browser_of(make_user("manager"))

    for name, words in {
        "definition-list": "A class of service level says what is promised",
        "agreement-list": "An agreement begins when",
        "event-list": "Here stands when which service was down",
        "result-list": "When a month is over",
        "credit-list": "No credit waits for approval.",
        "impact-list": "No service is out.",
    }.items():
        assert words in text_of(browser.get(reverse(f"service_mgmt_levels:{name}") + "?view=all")), name


def test_who_sells_sees_results_but_neither_credits_nor_the_log(make_user: Callable[..., Any]) -> None:
    proposal = make_credit()
    result = proposal.result
    browser = browser_of(make_user("sales"))

    listed = text_of(browser.get(reverse("service_mgmt_levels:result-list") + "?view=all"))
    page = text_of(browser.get(reverse("service_mgmt_levels:result-detail", args=[result.pk])))
    report = text_of(
        browser.get(reverse("service_mgmt_levels:report", args=[result.agreement.customer.number, "2025-12"]))
    )

    for shown in (listed, page):
        assert result.agreement.number in shown
        assert proposal.number not in shown
    assert "Breached" in report
    assert "€10.00" not in report
    for name in ("credit-list", "event-list", "impact-list"):
        assert browser.get(reverse(f"service_mgmt_levels:{name}")).status_code == 403, name


def test_a_report_names_the_credit_and_what_became_of_it(make_user: Callable[..., Any]) -> None:
    proposal, finance = make_credit(), make_user("finance")
    customer = proposal.account.customer
    address = reverse("service_mgmt_levels:report", args=[customer.number, "2025-12"])

    waiting = text_of(browser_of(finance).get(address))
    services.reject_credit(proposal=proposal, by=finance, reason="Their own power")
    rejected = text_of(browser_of(finance).get(address))

    assert "To be approved" in waiting
    assert "Rejected" in rejected
    assert str(proposal.amount.quantize(Decimal("0.01"))) in rejected


def test_a_report_ends_with_the_present_month(make_user: Callable[..., Any], now: datetime) -> None:
    agreement = make_agreement()
    browser = browser_of(make_user("care"))

    def report(month: str) -> Any:
        return browser.get(reverse("service_mgmt_levels:report", args=[agreement.customer.number, month]))

    assert "/2026-01/" in text_of(report("2025-12"))
    assert "Nothing was promised in this month." in text_of(report("2025-01"))
    assert "/2026-03/" not in text_of(report("2026-02"))
    assert [report(month).status_code for month in ("0001-01", "9999-12", "2025-0")] == [404, 404, 404]


def test_the_report_is_reached_from_the_customer_and_from_a_month(
    make_user: Callable[..., Any], now: datetime
) -> None:
    result = make_result()
    customer = result.agreement.customer
    browser = browser_of(make_user("care"))

    page = text_of(browser.get(reverse("bss_customers:customer-detail", args=[customer.number])))
    month = text_of(browser.get(reverse("service_mgmt_levels:result-detail", args=[result.pk])))

    assert reverse("service_mgmt_levels:report", args=[customer.number, "2026-01"]) in page
    assert reverse("service_mgmt_levels:report", args=[customer.number, "2025-12"]) in month


def test_the_report_is_written_in_french_for_who_reads_french(make_user: Callable[..., Any]) -> None:
    result = make_result()
    user = make_user("care")
    user.language = "fr"
    user.save(update_fields=["language"])

    page = text_of(
        browser_of(user).get(
            reverse("service_mgmt_levels:report", args=[result.agreement.customer.number, "2025-12"])
        )
    )

    for word in ("99,7311", "Non tenu", "Objectif", "Indisponibilité", "Accord"):
        assert word in page, word


def test_nobody_decides_on_what_they_proposed_themselves(make_user: Callable[..., Any]) -> None:
    proposal, finance = make_credit(), make_user("finance")
    CreditProposal.objects.filter(pk=proposal.pk).update(proposed_by=finance)
    browser = browser_of(finance)
    address = reverse("service_mgmt_levels:credit-detail-part", args=[proposal.number, "do", "approve"])

    shown = text_of(browser.get(reverse("service_mgmt_levels:credit-detail", args=[proposal.number])))
    browser.post(address, {"reason": ""})

    assert "Somebody else decides on what you proposed" in shown
    assert CreditProposal.objects.get().status == "proposed"
    assert approvals(finance) == []


def test_a_decided_credit_offers_no_decision(make_user: Callable[..., Any]) -> None:
    proposal, finance = make_credit(), make_user("finance")
    services.approve_credit(proposal=proposal, by=finance)
    browser = browser_of(make_user("manager"))
    address = reverse("service_mgmt_levels:credit-detail", args=[proposal.number])

    page = text_of(browser.get(address))
    browser.post(
        reverse("service_mgmt_levels:credit-detail-part", args=[proposal.number, "do", "reject"]),
        {"reason": "No"},
    )

    proposal.refresh_from_db()
    assert "This is decided" in page
    assert proposal.adjustment is not None
    assert str(proposal.adjustment) in page
    assert proposal.status == "credited"


def test_an_incident_that_hits_nobody_says_so(make_user: Callable[..., Any], now: datetime) -> None:
    incident = make_incident()
    browser = browser_of(make_user("noc"))

    impact, told = (
        text_of(browser.get(reverse("oss_incidents:incident-detail-tab", args=[incident.number, tab])))
        for tab in ("impact", "communications")
    )

    assert "No service is affected." in impact
    assert "Nobody was told of it." in told
