"""Doors of the conversation in a ticket."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from bss.care.models import TicketMessage, TroubleTicket
from bss.care.services import notices, tickets
from kernel import clock, journal, lifecycle
from kernel.errors import Invalid
from kernel.models import User

Kind, Status = TicketMessage.Kind, TroubleTicket.Status


def reply(
    *,
    ticket: TroubleTicket,
    body: str,
    by: User | None = None,
    then: str = "",
    at: datetime | None = None,
) -> TicketMessage:
    """Answer the customer: kept in the ticket and mailed. The first one stops the clock of the first answer.

    `then` is the status afterwards (`pending`: we wait for the customer's answer; `resolved`: this was the solution);
    without it an acknowledged ticket is in progress from now on. Raises Invalid on an ended ticket or an empty body.
    """
    at = at or clock.now()
    with transaction.atomic():
        ticket = _locked(ticket)
        message = _write(ticket, Kind.REPLY, body, by, at)
        if ticket.responded is None:
            lifecycle.change(ticket, responded=at, verb="answered")
        to = then or (Status.IN_PROGRESS if ticket.status == Status.ACKNOWLEDGED else "")
        if to and to != ticket.status:
            tickets.set_status(ticket=ticket, to=to, reason=body.strip()[:300], at=at)
        if ticket.customer_id is not None:
            notices.notify(
                customer_ids=[ticket.customer_id],
                template="ticket-reply",
                story_kind="bss_care.TicketMessage",
                story_id=message.pk,
                story_label=ticket.number,
                context={"ticket": ticket.number, "subject": ticket.subject, "text": body.strip()},
                at=at,
            )
    return message


def note(
    *, ticket: TroubleTicket, body: str, by: User | None = None, at: datetime | None = None
) -> TicketMessage:
    """Write down something for ourselves; no clock and no customer hears of it. Raises Invalid for an empty body."""
    with transaction.atomic():
        return _write(ticket, Kind.NOTE, body, by, at or clock.now())


def receive(
    *,
    ticket: TroubleTicket,
    body: str,
    by: User | None = None,
    label: str = "",
    at: datetime | None = None,
) -> TicketMessage:
    """The customer's word: what waited for it goes on, what was resolved is not.

    Raises Invalid on an ended ticket: a new matter is a new ticket.
    """
    at = at or clock.now()
    with transaction.atomic():
        ticket = _locked(ticket)
        message = _write(ticket, Kind.INBOUND, body, by, at, label=label)
        if ticket.status in {Status.PENDING, Status.RESOLVED}:
            tickets.set_status(ticket=ticket, to=Status.IN_PROGRESS, reason=_("The customer answered"), at=at)
    return message


def _locked(ticket: TroubleTicket) -> TroubleTicket:
    """The ticket as it is now, held until the end: two answers at once follow one another."""
    fresh: TroubleTicket = TroubleTicket.objects.locked().get(pk=ticket.pk)
    if TroubleTicket.lifecycle.terminal(fresh.status):
        raise Invalid(_("This ticket is over: open a new one"), code="ticket.over")
    return fresh


def _write(
    ticket: TroubleTicket, kind: str, body: str, by: User | None, at: datetime, *, label: str = ""
) -> TicketMessage:
    if not body.strip():
        raise Invalid(_("Write something"), code="message.empty", fields={"body": _("This is needed")})
    label = label or (str(by) if by else journal.context().actor)
    return lifecycle.create(
        TicketMessage(ticket=ticket, kind=kind, body=body.strip(), author=by, author_label=label[:120], at=at)
    )
