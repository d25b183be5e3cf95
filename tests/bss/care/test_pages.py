"""The ticket desk and the notices as people see and use them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from bss.care import services
from bss.care.models import Notice, NoticeTemplate, TicketMessage, TroubleTicket
from tests.factories.bss_care import (
    make_notice,
    make_queue,
    make_reachable,
    make_target,
    make_template,
    make_ticket,
)
from tests.factories.bss_orders import make_product
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def agent(make_user: Callable[..., Any]) -> Any:
    return make_user("care", username="carla")


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())


def act(browser: Any, ticket: TroubleTicket, key: str, **data: Any) -> Any:
    return browser.post(reverse("bss_care:ticket-detail-part", args=[ticket.number, "do", key]), data)


def test_the_desk_shows_what_is_owed_and_when(agent: Any, now: datetime) -> None:
    make_target()
    make_ticket(subject="No sync at all", at=now - 2 * HOUR)
    paused = make_ticket(subject="Slow since May", at=now)
    services.reply(ticket=paused, body="Since when?", then="pending", at=now)

    page = text_of(browser_of(agent).get(reverse("bss_care:ticket-list")))

    assert "No sync at all" in page
    assert "Paused" in page
    assert "danger" in page


def test_views_of_the_desk_narrow_it(agent: Any, now: datetime) -> None:
    make_target()
    mine, late, queue = make_ticket(at=now), make_ticket(at=now - 9 * HOUR), make_queue()
    services.assign(ticket=mine, to=agent)
    services.change_ticket(ticket=late, queue=queue)
    browser, address = browser_of(agent), reverse("bss_care:ticket-list")

    def numbers(query: str) -> set[str]:
        page = text_of(browser.get(f"{address}?{query}"))
        return {ticket.number for ticket in (mine, late) if ticket.number in page}

    open_ = "status=acknowledged&status=in_progress"
    assert numbers(f"{open_}&assignee=carla") == {mine.number}
    assert numbers(f"{open_}&assignee__empty=true") == {late.number}
    assert numbers(f"{open_}&due__lt=2026-01-15T10:00:00Z") == {late.number}
    assert numbers(f"queue={queue.code}") == {late.number}


def test_a_ticket_names_its_clocks_with_target_and_hours(agent: Any, now: datetime) -> None:
    make_target()
    ticket = make_ticket(at=now)
    services.set_status(ticket=ticket, to="pending", reason="Which lamp is red?", at=now)

    page = text_of(browser_of(agent).get(reverse("bss_care:ticket-detail", args=[ticket.number])))

    for words in ("First answer", "Solution", "8 h 00 min", "24 × 7", "Which lamp is red?"):
        assert words in page


def test_a_ticket_is_worked_on_from_its_page(agent: Any) -> None:
    browser, ticket = browser_of(agent), make_ticket()

    act(browser, ticket, "take")
    assert act(browser, ticket, "wait").status_code == 422
    act(browser, ticket, "wait", reason="Waiting for a photo")
    act(browser, ticket, "receive", body="Here it is")
    act(browser, ticket, "resolve", reason="New cable")
    act(browser, ticket, "close")

    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.status, ticket.resolution) == (agent, "closed", "New cable")
    assert [change.status for change in ticket.status_changes.all()] == [
        "acknowledged", "pending", "in_progress", "resolved", "closed"
    ]  # fmt: skip


def test_a_ticket_is_given_to_a_colleague_on_the_desk_only(agent: Any, make_user: Callable[..., Any]) -> None:
    browser, ticket = browser_of(agent), make_ticket()
    colleague, stranger = make_user("care"), make_user("noc")

    assert act(browser, ticket, "assign", to=stranger.pk).status_code == 422
    act(browser, ticket, "assign", to=colleague.pk)

    ticket.refresh_from_db()
    assert ticket.assignee == colleague


def test_a_reply_is_sent_and_a_note_stays_inside(agent: Any) -> None:
    browser, ticket = browser_of(agent), make_ticket(customer=make_reachable("en"))

    browser.post(
        reverse("bss_care:ticket-reply", args=[ticket.number]), {"body": "We look into it.", "then": ""}
    )
    browser.post(reverse("bss_care:ticket-note", args=[ticket.number]), {"body": "Third time this month."})

    assert set(TicketMessage.objects.values_list("kind", "body")) == {
        ("reply", "We look into it."), ("note", "Third time this month.")
    }  # fmt: skip
    assert Notice.objects.get().subject.startswith(f"[{ticket.number}]")
    page = text_of(browser.get(reverse("bss_care:ticket-detail", args=[ticket.number])))
    assert "We look into it." in page
    assert "Third time this month." in page


def test_what_was_typed_survives_what_others_do_to_the_ticket(agent: Any) -> None:
    browser, ticket = browser_of(agent), make_ticket()
    address = reverse("bss_care:ticket-reply", args=[ticket.number])

    browser.post(address, {"body": "Dear custom", "_draft": "1"})
    services.set_status(ticket=ticket, to="held", reason="Waiting for the fibre team")

    assert "Dear custom" in text_of(browser.get(f"{address}?draft=1"))


def test_a_ticket_is_opened_by_form_for_the_products_customer(agent: Any) -> None:
    product = make_product()
    browser, address = browser_of(agent), reverse("bss_care:ticket-create")

    refused = browser.post(address, {"subject": "", "type": "fault", "severity": "major", "channel": "phone"})
    browser.post(
        address,
        {
            "subject": "No tone",
            "type": "fault",
            "severity": "major",
            "channel": "phone",
            "product": product.number,
        },
    )

    assert refused.status_code == 422
    ticket = TroubleTicket.objects.get()
    assert (ticket.subject, ticket.product, ticket.customer) == ("No tone", product, product.customer)


def test_many_tickets_are_taken_at_once_by_their_list(agent: Any, now: datetime) -> None:
    tickets = [make_ticket() for _n in range(3)]

    page = text_of(browser_of(agent).get(reverse("bss_care:ticket-list")))

    assert "Assign to me" in page
    assert all(ticket.number in page for ticket in tickets)


def test_customers_find_their_tickets_without_our_notes(make_user: Callable[..., Any]) -> None:
    mine, other = make_ticket(subject="My line"), make_ticket(subject="Their line")
    services.note(ticket=mine, body="Talks a lot")
    browser = browser_of(make_user("customer", customer=mine.customer_id))

    page = text_of(browser.get(reverse("bss_care:ticket-detail", args=[mine.number])))

    assert "My line" in page
    assert "Talks a lot" not in page
    assert browser.get(reverse("bss_care:ticket-detail", args=[other.number])).status_code == 404


def test_the_customer_page_has_their_tickets_and_notices(agent: Any) -> None:
    ticket, notice = make_ticket(), make_notice()
    browser = browser_of(agent)

    for row, tab in ((ticket, "tickets"), (notice, "notices")):
        assert row.customer is not None
        page = text_of(
            browser.get(reverse("bss_customers:customer-detail-tab", args=[row.customer.number, tab]))
        )
        assert row.number in page


def test_a_notice_shows_its_words_and_can_be_sent_again(agent: Any) -> None:
    notice = make_notice(status="failed", body="Bonjour à tous", error="550 no such user")
    browser, address = browser_of(agent), reverse("bss_care:notice-detail", args=[notice.number])

    page = text_of(browser.get(address))
    browser.post(f"{address}do/repeat/")

    assert "Bonjour à tous" in page
    assert "550 no such user" in page
    assert Notice.objects.get().status == "pending"


def test_a_template_is_edited_with_its_variables_checked(agent: Any) -> None:
    template, browser = make_template(), browser_of(agent)
    address = reverse("bss_care:template-edit", args=[template.pk])

    refused = browser.post(address, {"subject": "{secret}", "body": "x", "_version": template.version})
    browser.post(
        address, {"subject": "On {thing}", "body": "Hello {customer_name}", "_version": template.version}
    )
    browser.post(
        reverse("bss_care:template-create"),
        {"code": "night-work", "topic": "maintenance", "channel": "email", "language": "fr", "variables": "start end",
         "subject": "Travaux", "body": "Du {start} au {end}"},
    )  # fmt: skip

    assert refused.status_code == 422
    assert "Unknown: secret" in refused.content.decode()
    template.refresh_from_db()
    assert template.subject == "On {thing}"
    assert NoticeTemplate.objects.get(code="night-work").variables == ["end", "start"]


@pytest.mark.parametrize(
    ("role", "status"), [("care", 200), ("noc", 200), ("manager", 200), ("product", 200), ("engineer", 200)]
)
def test_who_sees_the_desk(role: str, status: int, make_user: Callable[..., Any]) -> None:
    assert browser_of(make_user(role)).get(reverse("bss_care:ticket-list")).status_code == status


def test_the_network_may_look_but_not_write(make_user: Callable[..., Any]) -> None:
    ticket, browser = make_ticket(), browser_of(make_user("noc"))

    act(browser, ticket, "resolve", reason="Done")

    ticket.refresh_from_db()
    assert ticket.status == "acknowledged"
    assert browser.get(reverse("bss_care:ticket-reply", args=[ticket.number])).status_code == 403
