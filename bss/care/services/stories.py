"""Tickets of a story that concerns many customers at once, an outage say: opened and resolved in sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.functional import Promise

from bss.care.events import TicketResolved
from bss.care.models import TicketQueue, TicketStatusChange, TroubleTicket
from bss.care.models.tickets import Severity
from bss.care.services import clocks, tickets
from bss.customers.models import Customer
from kernel import clock, events, lifecycle, locks

Status = TroubleTicket.Status


def open_story_tickets(
    *,
    customer_ids: Collection[UUID],
    story_kind: str,
    story_id: UUID,
    story_label: str,
    subject: str | Promise,
    description: str | Promise = "",
    severity: str = Severity.MAJOR,
    queue: str = "network",
    products: Mapping[UUID, UUID] | None = None,
    told: Collection[UUID] = (),
    at: datetime | None = None,
) -> list[TroubleTicket]:
    """One ticket for each customer who has none of this story yet, in their language; returns the new ones.

    `subject` and `description` may be lazy translations. `products`: customer id → product concerned. Those in `told`
    have heard from us by a notice of the story: their first answer is given.
    """
    at = at or clock.now()
    with transaction.atomic():
        locks.advisory(locks.key_of("care.story", story_id))
        known = TroubleTicket.objects.filter(story_id=story_id).values("customer_id")
        people = Customer.objects.filter(pk__in=customer_ids).exclude(pk__in=known).select_related("party")
        heap = TicketQueue.objects.filter(code=queue).first()
        words: dict[str, tuple[str, str]] = {}
        rows, segments = [], {}
        for customer in people.order_by("pk"):
            language = customer.party.language
            if language not in words:
                with translation.override(language):
                    words[language] = (str(subject)[:200], str(description))
            segments[customer.pk] = str(customer.segment)
            rows.append(
                TroubleTicket(
                    customer=customer,
                    product_id=(products or {}).get(customer.pk),
                    subject=words[language][0],
                    description=words[language][1],
                    type=TroubleTicket.Type.OUTAGE,
                    severity=severity,
                    channel=TroubleTicket.Channel.SYSTEM,
                    queue=heap,
                    story_kind=story_kind,
                    story_id=story_id,
                    story_label=story_label,
                    responded=at if customer.pk in told else None,
                )
            )
        return tickets.start(rows, segments=segments, at=at) if rows else []


def resolve_story(
    *, story_id: UUID, resolution: str | Promise, at: datetime | None = None
) -> list[TroubleTicket]:
    """Resolve every open ticket of a story; returns them. Safe to call twice."""
    at = at or clock.now()
    with transaction.atomic():
        opened = (
            TroubleTicket.objects.filter(story_id=story_id)
            .open()
            .select_related("calendar", "customer__party")
        )
        found = {ticket.pk: ticket for ticket in opened}
        steps: dict[UUID, list[clocks.Step]] = {pk: [] for pk in found}
        rows = TicketStatusChange.objects.filter(ticket_id__in=found).order_by("at", "id")
        for pk, status, when in rows.values_list("ticket_id", "status", "at"):
            steps[pk].append((status, when))
        texts: dict[str, str] = {}
        for language in {_language(ticket) for ticket in found.values()}:
            with translation.override(language):
                texts[language] = str(resolution)
        done: list[TroubleTicket] = []
        for alike, group in _alike(found, steps, at).items():
            text = texts[alike.language]
            answered: dict[str, Any] = {} if alike.answered else {"responded": alike.at}
            moved = lifecycle.move_many(
                TroubleTicket.objects.filter(pk__in=group),
                Status.RESOLVED,
                reason=text,
                status_changed=alike.at,
                status_reason=text[:300],
                resolved=alike.at,
                resolution=text,
                resolve_used=alike.taken,
                **answered,
            )
            tickets.record_steps(moved, Status.RESOLVED, alike.at, text)
            done += moved
        events.publish(*[TicketResolved(ticket.pk, ticket.resolved or at) for ticket in done])
    return done


def reopen_story(*, story_id: UUID, reason: str | Promise, at: datetime | None = None) -> list[TroubleTicket]:
    """Take up the resolved tickets of a story again; closed ones stay closed. Returns those reopened."""
    at = at or clock.now()
    with transaction.atomic():
        rows = TroubleTicket.objects.filter(story_id=story_id, status=Status.RESOLVED).select_related(
            "calendar"
        )
        return [
            tickets.set_status(ticket=ticket, to=Status.IN_PROGRESS, reason=str(reason), at=at)
            for ticket in rows.order_by("pk")
        ]


def _language(ticket: TroubleTicket) -> str:
    return ticket.customer.party.language if ticket.customer else "en"


class _Alike(NamedTuple):
    """Tickets that end with the same values go together: those that nobody touched are one statement."""

    at: datetime
    taken: timedelta | None
    language: str
    answered: bool


def _alike(
    found: Mapping[UUID, TroubleTicket], steps: Mapping[UUID, list[clocks.Step]], at: datetime
) -> dict[_Alike, list[UUID]]:
    groups: dict[_Alike, list[UUID]] = {}
    times: dict[tuple[object, ...], timedelta] = {}
    for pk, ticket in found.items():
        moment = max(at, ticket.status_changed)
        key = (ticket.calendar_id, tuple(steps[pk]), moment)
        if key not in times:
            times[key] = clocks.used(clocks.running(steps[pk]), ticket.calendar, moment)
        taken = None if ticket.resolve_within is None else times[key]
        alike = _Alike(moment, taken, _language(ticket), ticket.responded is not None)
        groups.setdefault(alike, []).append(pk)
    return groups
