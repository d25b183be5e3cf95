"""Makers of tickets, notices and their texts."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from bss.care import services
from bss.care.models import (
    Notice,
    NoticeTemplate,
    TicketMessage,
    TicketQueue,
    TicketTarget,
    Topic,
    TroubleTicket,
)
from bss.customers.models import Customer
from kernel import clock
from kernel.ids import uuid7
from kernel.models import BusinessCalendar
from tests.factories.bss_customers import make_contact, make_customer, make_party
from tests.factories.rest import sample

_serial = count(1)
OFFICE = {str(day): [["09:00", "17:00"]] for day in range(5)}


def make_calendar(**overrides: Any) -> BusinessCalendar:
    """Monday to Friday, 9 to 17, Paris, without holidays."""
    return BusinessCalendar.objects.create(
        **{"name": f"Office {next(_serial)}", "hours": OFFICE, **overrides}
    )


def make_queue(**overrides: Any) -> TicketQueue:
    """A queue."""
    number = next(_serial)
    return TicketQueue.objects.create(
        **{"code": f"queue-{number}", "name_en": f"Queue {number}", "name_fr": f"File {number}", **overrides}
    )


def make_target(**overrides: Any) -> TicketTarget:
    """Minor tickets of everybody: answered within an hour, solved within eight, day and night."""
    values = {"severity": "minor", "respond_within": timedelta(hours=1), "resolve_within": timedelta(hours=8)}
    return TicketTarget.objects.create(**{**values, **overrides})


def make_ticket(**overrides: Any) -> TroubleTicket:
    """An acknowledged ticket of a customer."""
    if "customer_id" not in overrides:
        customer = overrides.pop("customer", None) or make_customer()
        overrides["customer_id"] = customer.pk
    return services.open_ticket(**{"subject": f"No sync {next(_serial)}", **overrides})


def make_message(**overrides: Any) -> TicketMessage:
    """A note in a ticket."""
    ticket = overrides.pop("ticket", None) or make_ticket()
    return services.note(ticket=ticket, **{"body": "Line measured, all well", **overrides})


def make_reachable(language: str = "fr", **overrides: Any) -> Customer:
    """A customer with an e-mail address."""
    party = make_party(language=language)
    make_contact(party=party)
    return make_customer(party=party, **overrides)


def make_template(**overrides: Any) -> NoticeTemplate:
    """An English text about an outage with one variable."""
    values = {
        "code": f"text-{next(_serial)}",
        "topic": Topic.OUTAGE,
        "channel": "email",
        "language": "en",
        "subject": "About {thing}",
        "body": "Dear {customer_name}, {thing}.",
        "variables": ["thing"],
    }
    return services.create_template(**{**values, **overrides})


def make_notice(**overrides: Any) -> Notice:
    """A waiting notice to a customer."""
    customer = overrides.pop("customer", None) or make_reachable()
    template = overrides.pop("template", None) or make_template()
    values = {
        "topic": template.topic,
        "channel": template.channel,
        "language": template.language,
        "address": "somebody@example.net",
        "subject": "About something",
        "body": "Something.",
        "story_kind": "test",
        "story_id": uuid7(),
        "at": clock.now(),
        **overrides,
    }
    return Notice.objects.create(customer=customer, template=template, **values)


SAMPLES = {
    "bss_care.TroubleTicket": make_ticket,
    "bss_care.Notice": make_notice,
    "bss_care.NoticeTemplate": make_template,
}


@sample(
    "621/troubleTicket",
    body=lambda: {
        "description": "The light on the box is red",
        "severity": "Major",
        "ticketType": "fault",
        "relatedParty": [{"id": str(make_customer().pk), "role": "customer"}],
    },
    patch=lambda row: {"name": "Red light"},
)
def tickets(count: int) -> list[TroubleTicket]:
    made = []
    for index in range(count):
        ticket = make_ticket(
            description=f"Matter {index}", severity=("major", "minor")[index % 2], external_id=f"X-{index}"
        )
        make_message(ticket=ticket)
        made.append(ticket)
    return made


@sample("681/communicationMessage")
def messages(count: int) -> list[Notice]:
    template = make_template()
    return [make_notice(template=template, subject=f"About {index}") for index in range(count)]
