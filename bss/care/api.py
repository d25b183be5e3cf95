"""TMF621 trouble tickets and TMF681 messages to customers, over the doors of this app."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from bss.care import services
from bss.care.models import Notice, TicketMessage, TroubleTicket
from kernel import tmf

TICKETS = tmf.Api("621", "Trouble Ticket", "/tmf-api/troubleTicket/v4", document="4.0.0")
MESSAGES = tmf.Api("681", "Communication Management", "/tmf-api/communicationManagement/v4", document="4.0.0")

STATES = {
    "acknowledged": "acknowledged",
    "in_progress": "inProgress",
    "pending": "pending",
    "held": "held",
    "resolved": "resolved",
    "closed": "closed",
    "rejected": "rejected",
    "cancelled": "cancelled",
}
SEVERITIES = {"critical": "Critical", "major": "Major", "minor": "Minor"}
OTHER_SEVERITIES = {
    "Urgent": "critical",
    "High": "major",
    "Medium": "minor",
    "Low": "minor",
    "Normal": "minor",
}
TYPES = {
    "fault": "fault",
    "outage": "outage",
    "billing": "billing",
    "order": "order",
    "complaint": "complaint",
    "request": "request",
}
OTHER_TYPES = {
    "incident": "fault",
    "problem": "fault",
    "Bills, charges or payment": "billing",
    "complain": "complaint",
    "question": "request",
}


def notes(ticket_ids: Iterable[Any], user: Any) -> dict[Any, list[dict[str, Any]]]:
    """`note` of tickets in one query: the conversation, without our notes for customers."""
    found: dict[Any, list[dict[str, Any]]] = {}
    rows = TicketMessage.objects.visible_to(user).filter(ticket__in=set(ticket_ids)).order_by("at", "id")
    for row in rows:
        found.setdefault(row.ticket_id, []).append(
            {
                "id": str(row.pk),
                "author": row.author_label,
                "date": tmf_time(row.at),
                "text": row.body,
                "@type": {"note": "InternalNote", "reply": "Reply", "inbound": "CustomerNote"}[row.kind],
            }
        )
    return found


def tmf_time(value: Any) -> str:
    """UTC with six decimals, as every date-time of the REST surface."""
    return str(value.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def _move(to: str) -> Callable[[TroubleTicket, tmf.Data, tmf.User], Any]:
    def door(obj: TroubleTicket, data: tmf.Data, user: tmf.User) -> None:
        services.set_status(ticket=obj, to=to, reason=data.get("status_reason") or _("by interface"))

    return door


@TICKETS.resource
class TroubleTicketResource(tmf.Resource[TroubleTicket]):
    """A matter of a customer, from the first word to the end. `statusChangeReason` goes with a new status."""

    path, model = "troubleTicket", TroubleTicket
    events = ("Create", "AttributeValueChange", "StatusChange", "Resolved", "InformationRequired")
    fields = (
        tmf.Text("externalId", max_length=80),
        tmf.Text("number", read_only=True, extension=True),
        tmf.Text("name", "subject", max_length=200),
        tmf.Text("description", required=True, mandatory=True, max_length=10_000),
        tmf.Choice("severity", words=SEVERITIES, aliases=OTHER_SEVERITIES, required=True, mandatory=True),
        tmf.Choice("ticketType", "type", words=TYPES, aliases=OTHER_TYPES, required=True, mandatory=True),
        tmf.State("status", words=STATES, mandatory=True),
        tmf.Text("statusChangeReason", "status_reason", max_length=300),
        tmf.DateTime("statusChangeDate", "status_changed", read_only=True),
        tmf.DateTime("creationDate", "opened", read_only=True),
        tmf.DateTime("lastUpdate", "updated", read_only=True),
        tmf.DateTime("expectedResolutionDate", "resolve_due", read_only=True),
        tmf.DateTime("resolutionDate", "resolved", read_only=True),
        tmf.Object(
            "channel", (tmf.Choice("name", "channel", words=TroubleTicket.Channel),), create_only=True
        ),
        tmf.Refs(
            "relatedParty",
            tmf.Ref(
                "customer",
                "customer",
                type="Customer",
                to="629/customer",
                label="customer__party__name",
                role="customer",
            ),
            create_only=True,
        ),
        tmf.Refs(
            "relatedEntity",
            tmf.Ref(
                "product",
                "product",
                type="Product",
                to="637/product",
                label="product__number",
                role="affectedProduct",
            ),
        ),
        tmf.Batch("note", notes, schema={"type": "array", "items": {"type": "object"}}),
        tmf.Many(
            "statusChange",
            "status_changes",
            (
                tmf.Choice("status", words=STATES),
                tmf.DateTime("changeDate", "at"),
                tmf.Text("changeReason", "reason"),
            ),
            order=("at", "id"),
            read_only=True,
        ),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> TroubleTicket:
        """Open a ticket; its name defaults to the beginning of the description."""
        customer, product = data.get("customer"), data.get("product")
        return services.open_ticket(
            subject=data.get("subject") or data["description"].strip().split("\n")[0][:200] or "-",
            description=data["description"],
            severity=data["severity"],
            type=data["type"],
            channel=data.get("channel") or TroubleTicket.Channel.PORTAL,
            customer_id=customer.pk if customer else product.customer_id if product else None,
            product_id=product.pk if product else None,
            external_id=data.get("external_id", ""),
        )

    def update(self, obj: TroubleTicket, data: tmf.Data, user: tmf.User) -> None:
        """Correct what a ticket says."""
        changes = {name: value for name, value in data.items() if name != "status_reason"}
        if changes:
            services.change_ticket(ticket=obj, **changes)

    moves: dict[str, Callable[..., Any]] = {
        state: _move(state) for state in STATES if state != "acknowledged"
    }


def receivers(notice_ids: Iterable[Any], user: Any) -> dict[Any, list[dict[str, Any]]]:
    """`receiver` of messages in one query; the address only for people who may see personal data."""
    open_to = user.has_perm("bss_customers.view_pii")
    rows = Notice.objects.visible_to(user).filter(pk__in=set(notice_ids)).select_related("customer__party")
    return {
        row.pk: [
            {
                "id": str(row.customer_id),
                "name": row.customer.party.name,
                "email": row.address if open_to else "",
                "@type": "Receiver",
            }
        ]
        for row in rows
    }


def sender(_status: str) -> dict[str, str]:
    """Who writes: the operator."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return {"id": address, "name": name, "email": address}


@MESSAGES.resource
class CommunicationMessageResource(tmf.Resource[Notice]):
    """A notice to a customer, as it was written and what became of it."""

    path, model = "communicationMessage", Notice
    events = ("StateChange",)
    keyset = "at"
    fields = (
        tmf.Text("number", read_only=True, extension=True),
        tmf.Text("subject", read_only=True),
        tmf.Text("content", "body", read_only=True, mandatory=True),
        tmf.Choice(
            "messageType",
            "channel",
            words={"email": "Email", "portal": "Portal"},
            read_only=True,
            mandatory=True,
        ),
        tmf.State(
            "state",
            "status",
            words={"pending": "initial", "sent": "completed", "failed": "failed", "suppressed": "cancelled"},
        ),
        tmf.Text("description", "story_label", read_only=True),
        tmf.DateTime("sendTime", "at", read_only=True),
        tmf.DateTime("sendTimeComplete", "sent", read_only=True),
        tmf.Number("tryTimes", "attempts", integer=True, read_only=True),
        tmf.Computed("sender", ("status",), sender, schema={"type": "object"}, mandatory=True),
        tmf.Batch(
            "receiver", receivers, schema={"type": "array", "items": {"type": "object"}}, mandatory=True
        ),
    )
