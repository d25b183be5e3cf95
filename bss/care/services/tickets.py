"""Doors of tickets: open, change, assign, move."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from bss.care.events import TicketOpened, TicketReopened, TicketResolved
from bss.care.models import TicketQueue, TicketStatusChange, TicketTarget, TroubleTicket
from bss.care.models.tickets import Severity
from bss.care.services import clocks
from bss.customers.models import Customer
from bss.orders.models import Product
from kernel import calendars, clock, journal, lifecycle, locks
from kernel.errors import Invalid
from kernel.events import Event
from kernel.models import BusinessCalendar, User

Status = TroubleTicket.Status
# What a person must explain when choosing it: the customer and the clock's reader see it.
EXPLAINED = {Status.PENDING, Status.RESOLVED, Status.REJECTED, Status.CANCELLED}
# Resolved tickets nobody objects to are closed after this time.
SILENCE = timedelta(days=7)


@dataclass(frozen=True)
class Promise:
    """Targets that a new ticket copies."""

    respond_within: timedelta | None = None
    resolve_within: timedelta | None = None
    calendar: BusinessCalendar | None = None


def promise_for(*, severity: str, segment: str = "") -> Promise:
    """Targets of a severity for a segment, else for all segments; empty when none are set."""
    rows = TicketTarget.objects.filter(severity=severity, segment__in={segment, ""}).select_related(
        "calendar"
    )
    target = rows.order_by("-segment").first()
    return Promise(target.respond_within, target.resolve_within, target.calendar) if target else Promise()


def open_ticket(
    *,
    subject: str,
    customer_id: UUID | None = None,
    description: str = "",
    type: str = TroubleTicket.Type.FAULT,
    severity: str = Severity.MINOR,
    channel: str = TroubleTicket.Channel.PHONE,
    product_id: UUID | None = None,
    queue: TicketQueue | None = None,
    assignee: User | None = None,
    external_id: str = "",
    story_kind: str = "",
    story_id: UUID | None = None,
    story_label: str = "",
    at: datetime | None = None,
) -> TroubleTicket:
    """Open a ticket and start its clocks; with a story, the customer's ticket of that story if there is one already.

    Without a customer it is an internal ticket. Raises Invalid for an empty subject, a product of another customer
    or an assignee who may not work on tickets. TMF621 POST troubleTicket.
    """
    at = at or clock.now()
    if not subject.strip():
        raise Invalid(
            _("Say what it is about"), code="ticket.subject", fields={"subject": _("This is needed")}
        )
    customer = Customer.objects.filter(pk=customer_id).first() if customer_id else None
    _check_product(product_id, customer_id)
    if assignee is not None:
        _check_worker(assignee)
    ticket = TroubleTicket(
        customer=customer,
        product_id=product_id,
        subject=subject.strip()[:200],
        description=description,
        type=type,
        severity=severity,
        channel=channel,
        queue=queue,
        assignee=assignee,
        external_id=external_id,
        story_kind=story_kind,
        story_id=story_id,
        story_label=story_label,
    )
    with transaction.atomic():
        if story_id is not None:
            locks.advisory(locks.key_of("care.story", story_id))
            if known := TroubleTicket.objects.filter(customer=customer, story_id=story_id).first():
                return known
        return start([ticket], segments={customer.pk: customer.segment} if customer else {}, at=at)[0]


def start(
    tickets: Sequence[TroubleTicket], *, segments: dict[UUID, str], at: datetime, reason: str = ""
) -> list[TroubleTicket]:
    """Insert new tickets with their clocks, first status and events, in sets. `segments`: customer id → segment."""
    promises: dict[tuple[str, str], tuple[Promise, datetime | None, datetime | None]] = {}
    for ticket in tickets:
        key = (str(ticket.severity), segments.get(ticket.customer_id, "") if ticket.customer_id else "")
        if key not in promises:
            promise = promise_for(severity=key[0], segment=key[1])
            promises[key] = (promise, *_first_dues(promise, at))
        promise, respond_due, resolve_due = promises[key]
        ticket.opened = ticket.status_changed = at
        ticket.status = Status.ACKNOWLEDGED
        ticket.status_reason = reason
        ticket.respond_within, ticket.resolve_within = promise.respond_within, promise.resolve_within
        ticket.calendar = promise.calendar
        ticket.respond_due, ticket.resolve_due = respond_due, resolve_due
    with transaction.atomic():
        made = lifecycle.create_many(
            tickets,
            events_too=[TicketOpened(t.pk, t.customer_id, t.product_id, t.story_id, at) for t in tickets],
        )
        record_steps(made, Status.ACKNOWLEDGED, at, reason)
    return made


def change_ticket(*, ticket: TroubleTicket, version: int | None = None, **changes: Any) -> TroubleTicket:
    """Correct subject, description, type, severity, queue, product, channel or external_id.

    Another severity brings its targets; the time already taken stays taken. Raises Invalid and StaleVersion.
    """
    if unknown := set(changes) - {
        "subject", "description", "type", "severity", "queue", "product", "channel", "external_id"
    }:  # fmt: skip
        raise TypeError(f"no such attribute of a ticket: {sorted(unknown)}")
    if "subject" in changes and not changes["subject"].strip():
        raise Invalid(
            _("Say what it is about"), code="ticket.subject", fields={"subject": _("This is needed")}
        )
    if product := changes.get("product"):
        _check_product(product.pk, ticket.customer_id)
    if (severity := changes.get("severity", ticket.severity)) != ticket.severity:
        changes |= _retarget(ticket, severity)
    return lifecycle.change(ticket, version=version, **changes)


def assign(*, ticket: TroubleTicket, to: User | None, version: int | None = None) -> TroubleTicket:
    """Give a ticket to a person, or back to its queue (None). Raises Invalid for someone who may not work on tickets."""
    if to is not None:
        _check_worker(to)
    return lifecycle.change(ticket, version=version, verb="assigned", assignee=to)


def set_status(
    *,
    ticket: TroubleTicket,
    to: str,
    reason: str = "",
    at: datetime | None = None,
    version: int | None = None,
) -> TroubleTicket:
    """Move a ticket; its clocks follow. `reason` is needed to pause, resolve (the solution), reject and cancel.

    Raises Invalid without a reason, IllegalMove and StaleState as `lifecycle.move`.
    """
    to = Status(to)
    if to in EXPLAINED and not reason.strip():
        raise Invalid(
            _("Say why: the customer reads it"), code="ticket.reason", fields={"reason": _("This is needed")}
        )
    # A step never lies before the one it follows, whatever clock it was stamped by.
    at = max(at or clock.now(), ticket.status_changed)
    before = ticket.status
    steps = [*clocks.steps_of(ticket), (str(to), at)]
    with transaction.atomic():
        lifecycle.move(
            ticket,
            to,
            reason=reason,
            version=version,
            events_too=_events(ticket, before, to, at),
            **_consequences(ticket, steps, to, at, reason),
        )
        record_steps([ticket], to, at, reason)
    return ticket


def close_silent(*, at: datetime | None = None) -> int:
    """Close resolved tickets to which nobody objected for a week; returns how many."""
    at = at or clock.now()
    with transaction.atomic():
        quiet = TroubleTicket.objects.filter(status=Status.RESOLVED, status_changed__lt=at - SILENCE)
        rows = lifecycle.move_many(
            quiet, Status.CLOSED, status_changed=at, ended=at, status_reason="", reason="no objection"
        )
        record_steps(rows, Status.CLOSED, at, "")
    return len(rows)


def record_steps(tickets: Iterable[TroubleTicket], status: str, at: datetime, reason: str) -> None:
    """Write one status change per ticket, in one statement."""
    label = journal.context().actor
    TicketStatusChange.objects.bulk_create(
        [
            TicketStatusChange(ticket=ticket, status=status, at=at, reason=reason[:300], by_label=label)
            for ticket in tickets
        ],
        batch_size=1000,
    )


def _consequences(
    ticket: TroubleTicket, steps: Sequence[clocks.Step], to: str, at: datetime, reason: str
) -> dict[str, Any]:
    changes: dict[str, Any] = {"status_changed": at, "status_reason": reason[:300]}
    if to == Status.RESOLVED:
        changes |= {"resolved": at, "resolution": reason}
        if ticket.responded is None:
            changes["responded"] = at
    if to in {Status.CLOSED, Status.REJECTED, Status.CANCELLED}:
        changes["ended"] = at
    if to == Status.IN_PROGRESS and ticket.resolved is not None:
        changes |= {"resolved": None, "resolve_used": None, "resolution": ""}
    if ticket.resolve_within is not None and to != Status.CLOSED:
        intervals = clocks.running(steps)
        changes["resolve_due"] = clocks.due(intervals, ticket.calendar, ticket.resolve_within)
        if to not in TroubleTicket.OPEN:
            changes["resolve_used"] = clocks.used(intervals, ticket.calendar, at)
    return changes


def _events(ticket: TroubleTicket, before: str, to: str, at: datetime) -> list[Event]:
    if to == Status.RESOLVED:
        return [TicketResolved(ticket.pk, at)]
    if before == Status.RESOLVED and to == Status.IN_PROGRESS:
        return [TicketReopened(ticket.pk, at)]
    return []


def _retarget(ticket: TroubleTicket, severity: str) -> dict[str, Any]:
    segment = ticket.customer.segment if ticket.customer else ""
    promise = promise_for(severity=severity, segment=segment)
    respond_due, _start = _first_dues(promise, ticket.opened)
    resolve_due = None
    if promise.resolve_within is not None:
        resolve_due = clocks.due(
            clocks.running(clocks.steps_of(ticket)), promise.calendar, promise.resolve_within
        )
    return {
        "respond_within": promise.respond_within,
        "resolve_within": promise.resolve_within,
        "calendar": promise.calendar,
        "respond_due": respond_due,
        "resolve_due": resolve_due,
    }


def _first_dues(promise: Promise, at: datetime) -> tuple[datetime | None, datetime | None]:
    respond, resolve = (
        None if target is None else calendars.due(promise.calendar, at, target)
        for target in (promise.respond_within, promise.resolve_within)
    )
    return respond, resolve


def _check_product(product_id: UUID | None, customer_id: UUID | None) -> None:
    if product_id and not (
        customer_id and Product.objects.filter(pk=product_id, customer=customer_id).exists()
    ):
        raise Invalid(
            _("This product is not the customer’s"),
            code="ticket.product",
            fields={"product": _("Of another customer")},
        )


def _check_worker(user: User) -> None:
    if not user.is_active or not user.has_perm("bss_care.change_troubleticket"):
        raise Invalid(
            _("%(name)s may not work on tickets") % {"name": user},
            code="ticket.assignee",
            fields={"assignee": _("May not work on tickets")},
        )
