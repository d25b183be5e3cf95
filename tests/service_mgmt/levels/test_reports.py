"""A customer’s report, the months it is made of, and the credits that come of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from portal.views.inbox import approvals
from service_mgmt.levels import services
from service_mgmt.levels.models import CreditProposal, SlaDefinition
from tests.factories.service_mgmt_levels import (
    make_agreement,
    make_credit,
    make_definition,
    make_result,
)
from tests.portal.conftest import browser_of
from tests.service_mgmt.levels.conftest import text_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


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
