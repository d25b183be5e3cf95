"""TMF621 and TMF681: what is ours; the rules of every resource are walked in tests/kernel/tmf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bss.care import services
from bss.care.models import TroubleTicket
from tests.factories.bss_care import make_notice, make_ticket
from tests.factories.bss_customers import make_customer
from tests.factories.bss_orders import make_product

pytestmark = pytest.mark.django_db
TICKETS = "/tmf-api/troubleTicket/v4/troubleTicket"
MESSAGES = "/tmf-api/communicationManagement/v4/communicationMessage"


@pytest.fixture
def call(make_user: Callable[..., Any]) -> Callable[..., Any]:
    def ask(method: str, url: str, body: Any = None, *, role: str = "care", **scopes: Any) -> Any:
        client = Client()
        client.force_login(make_user(role, **scopes))
        return (
            getattr(client, method)(url, body, content_type="application/json") if body else client.get(url)
        )

    return ask


def test_a_ticket_is_opened_for_a_customer_and_product(call: Callable[..., Any]) -> None:
    product = make_product()

    answer = call(
        "post", TICKETS,
        {"description": "No tone\nsince Monday", "severity": "Urgent", "ticketType": "incident",
         "relatedEntity": [{"id": str(product.pk), "role": "affectedProduct", "@referredType": "Product"}]},
    )  # fmt: skip

    assert answer.status_code == 201, answer.content
    ticket = TroubleTicket.objects.get()
    assert (ticket.subject, ticket.severity, ticket.type) == ("No tone", "critical", "fault")
    assert (ticket.product, ticket.customer) == (product, product.customer)
    body = answer.json()
    assert (body["status"], body["severity"], body["name"]) == ("acknowledged", "Critical", "No tone")
    assert body["relatedParty"][0]["role"] == "customer"
    assert [step["status"] for step in body["statusChange"]] == ["acknowledged"]


def test_the_status_is_moved_with_its_reason(call: Callable[..., Any]) -> None:
    ticket = make_ticket()

    answer = call(
        "patch", f"{TICKETS}/{ticket.pk}", {"status": "pending", "statusChangeReason": "Waiting for a photo"}
    )
    refused = call("patch", f"{TICKETS}/{ticket.pk}", {"status": "closed"})

    assert answer.status_code == 200, answer.content
    assert (answer.json()["status"], answer.json()["statusChangeReason"]) == (
        "pending",
        "Waiting for a photo",
    )
    assert refused.status_code == 409
    assert refused.json()["code"] == "troubleTicket.state.illegalMove"


def test_notes_are_shown_to_us_and_hidden_from_customers(call: Callable[..., Any]) -> None:
    ticket = make_ticket()
    services.note(ticket=ticket, body="Talks a lot")
    services.reply(ticket=ticket, body="Bonjour")

    ours = call("get", f"{TICKETS}/{ticket.pk}").json()
    theirs = call("get", f"{TICKETS}/{ticket.pk}", role="customer", customer=ticket.customer_id).json()
    strangers = call("get", f"{TICKETS}/{ticket.pk}", role="customer", customer=make_customer().pk)

    assert [note["text"] for note in ours["note"]] == ["Talks a lot", "Bonjour"]
    assert [note["text"] for note in theirs["note"]] == ["Bonjour"]
    assert strangers.status_code == 404


def test_a_message_shows_its_receiver_to_who_may_see_addresses(call: Callable[..., Any]) -> None:
    notice = make_notice(address="jeanne@example.net")

    care = call("get", f"{MESSAGES}/{notice.pk}").json()
    noc = call("get", f"{MESSAGES}/{notice.pk}", role="noc").json()

    assert care["receiver"][0]["email"] == "jeanne@example.net"
    assert noc["receiver"][0]["email"] == ""
    assert (care["state"], care["messageType"], care["sender"]["name"]) == ("initial", "Email", "Trunkline")
