"""Service levels as people see them: incidents, agreements, the log, classes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from kernel import events
from oss.incidents.models import Incident
from service_mgmt.levels import services
from service_mgmt.levels.models import SlaClockEvent, SlaDefinition
from tests.factories.oss_alarms import AT
from tests.factories.oss_incidents import make_incident, make_link_root
from tests.factories.service_mgmt_levels import (
    Town,
    make_agreement,
    make_definition,
    make_town,
)
from tests.portal.conftest import browser_of
from tests.service_mgmt.levels.conftest import text_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


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


def test_an_incident_that_hits_nobody_says_so(make_user: Callable[..., Any], now: datetime) -> None:
    incident = make_incident()
    browser = browser_of(make_user("noc"))

    impact, told = (
        text_of(browser.get(reverse("oss_incidents:incident-detail-tab", args=[incident.number, tab])))
        for tab in ("impact", "communications")
    )

    assert "No service is affected." in impact
    assert "Nobody was told of it." in told
