"""The ticket desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.care import forms, services
from bss.care.models import TicketMessage, TicketStatusChange, TroubleTicket
from bss.care.models.tickets import Severity
from bss.care.views.badges import CHANGE, CLOCK, CLOCK_NAMES, SEVERITY, STATUS, story_link
from kernel import clock, pages
from kernel.filtering import Filter
from kernel.pages import formats

SOON = timedelta(hours=1)
MESSAGES_SHOWN = 200
Ticket = TroubleTicket.Status
OPEN = "status=acknowledged&status=in_progress&status=pending&status=held"


def _tickets(user: Any) -> QuerySet[TroubleTicket]:
    return TroubleTicket.objects.visible_to(user).select_related(
        "customer__party", "product__offering", "queue", "assignee", "calendar"
    )


def _answer_due(ticket: TroubleTicket) -> Any:
    """The first answer: when it is due, or whether it came in time."""
    if ticket.respond_due is None:
        return ""
    if ticket.responded is not None:
        return CLOCK.html("missed" if ticket.responded > ticket.respond_due else "met")
    return formats.when(ticket.respond_due) if ticket.is_open else ""


def _solution_due(ticket: TroubleTicket) -> Any:
    """The solution: when it is due, that its clock rests, or whether it came in time."""
    if ticket.resolve_within is None:
        return ""
    if ticket.resolve_used is not None:
        return CLOCK.html("missed" if ticket.resolve_used > ticket.resolve_within else "met")
    if ticket.resolve_due is None:
        return CLOCK.html("paused")
    return formats.when(ticket.resolve_due)


def _urgency(ticket: TroubleTicket) -> str:
    """Late is red, due within the hour is amber, over is muted."""
    if not ticket.is_open:
        return "muted"
    now = clock.now()
    waits = [] if ticket.responded else [ticket.respond_due]
    dues = [due for due in (*waits, ticket.resolve_due) if due is not None]
    if not dues:
        return ""
    first = min(dues)
    return "danger" if first <= now else "warn" if first <= now + SOON else ""


def _overdue(_user: Any) -> str:
    return f"{OPEN}&due__lt={formats.iso(clock.now())}"


def _open_only(ticket: TroubleTicket, _user: Any) -> str:
    return "" if ticket.is_open else _t("The ticket is not open")


def _can(to: str) -> Any:
    def reason(ticket: TroubleTicket, _user: Any) -> str:
        if TroubleTicket.lifecycle.allows(ticket.status, to):
            return ""
        return _t("Not possible while it is %(status)s") % {"status": ticket.get_status_display()}

    return reason


def _move(to: str) -> Any:
    return lambda call: services.set_status(
        ticket=call.object, to=to, reason=call.data.get("reason", ""), version=call.version
    )


TICKETS = pages.List(
    name="bss_care:ticket-list", model=TroubleTicket, title=_("Tickets"), icon="ticket", section="care", order=20,
    key="t",
    rows=_tickets,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("severity", _("Severity"), badge=SEVERITY, sort=True),
        pages.Column("subject", _("Subject"), sort=True),
        pages.Column("customer", _("Customer"), "customer.party", link="customer", sort="customer__party__name"),
        pages.Column("status", _("Status"), badge=STATUS, sort=True),
        pages.Column("answer", _("Answer due"), _answer_due, kind="html", sort="respond_due",
                     export=lambda ticket: ticket.respond_due),
        pages.Column("solution", _("Solution due"), _solution_due, kind="html", sort="resolve_due",
                     export=lambda ticket: ticket.resolve_due),
        pages.Column("queue", _("Queue"), sort="queue__code"),
        pages.Column("assignee", _("Assigned to"), sort="assignee__username"),
        pages.Column("opened", _("Opened"), kind="when", sort=True),
        pages.Column("type", _("Type"), "get_type_display", sort="type", hidden=True),
        pages.Column("channel", _("Channel"), "get_channel_display", sort="channel", hidden=True),
        pages.Column("product", _("Product"), link="product", hidden=True),
        pages.Column("story", _("Story"), "story_label", sort="story_label", hidden=True),
        pages.Column("since", _("In this status since"), "status_changed", kind="when", sort=True, hidden=True),
        pages.Column("resolved", _("Resolved"), kind="time", sort=True, hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=TroubleTicket.Status.choices),
        Filter("severity", "severity", "choice", _("Severity"), choices=Severity.choices),
        Filter("type", "type", "choice", _("Type"), choices=TroubleTicket.Type.choices),
        Filter("queue", "queue__code", "text", _("Queue")),
        Filter("assignee", "assignee__username", "text", _("Assigned to")),
        Filter("customer", "customer__number", "text", _("Customer")),
        Filter("product", "product__number", "text", _("Product")),
        Filter("story", "story_label", "text", _("Story")),
        Filter("channel", "channel", "choice", _("Channel"), choices=TroubleTicket.Channel.choices),
        Filter("answer", "respond_due", "datetime", _("Answer due")),
        Filter("due", "resolve_due", "datetime", _("Solution due")),
        Filter("opened", "opened", "datetime", _("Opened")),
    ],
    search=("number", "subject", "customer__party__name", "external_id"),
    default_sort="-opened", default_view=OPEN,
    views=[
        ("mine", _("Mine"), lambda user: f"{OPEN}&assignee={user.username}&sort=due"),
        ("free", _("Nobody’s"), f"{OPEN}&assignee__empty=true"),
        ("late", _("Too late"), _overdue),
        ("pending", _("Waiting for the customer"), "status=pending"),
        ("complaints", _("Complaints"), f"{OPEN}&type=complaint"),
        ("resolved", _("Resolved"), "status=resolved"),
    ],
    create="bss_care:ticket-create", live=True, row_class=_urgency,
    empty=pages.Empty(
        _("Tickets hold what customers report and what we owe them."), nothing_wrong=_("No open ticket.")
    ),
    bulk=[
        pages.Bulk("take", _("Assign to me"), permission=CHANGE, why_not=_open_only,
                   each=lambda call: services.assign(ticket=call.object, to=call.user)),
        pages.Bulk("resolve", _("Resolve"), permission=CHANGE, form=forms.ResolveForm, why_not=_can(Ticket.RESOLVED),
                   each=lambda call: services.set_status(ticket=call.object, to=Ticket.RESOLVED, **call.data)),
        pages.Bulk("close", _("Close"), permission=CHANGE, why_not=_can(Ticket.CLOSED),
                   each=lambda call: services.set_status(ticket=call.object, to=Ticket.CLOSED)),
        pages.Bulk("note", _("Add a note"), permission=CHANGE, form=forms.TextForm,
                   each=lambda call: services.note(ticket=call.object, by=call.user, **call.data).ticket),
    ],
)  # fmt: skip


def _conversation(ticket: TroubleTicket, user: Any) -> Mapping[str, Any]:
    rows = TicketMessage.objects.visible_to(user).filter(ticket=ticket).order_by("-at", "-id")
    shown = list(rows[: MESSAGES_SHOWN + 1])
    return {
        "messages": shown[:MESSAGES_SHOWN],
        "more": len(shown) > MESSAGES_SHOWN,
        "may_write": user.has_perm(CHANGE) and not TroubleTicket.lifecycle.terminal(ticket.status),
    }


def _clocks(ticket: TroubleTicket, _user: Any) -> Mapping[str, Any]:
    return {
        "clocks": [
            {"name": CLOCK_NAMES[one.name], "clock": one, "state": one.state.value}
            for one in services.clocks_of(ticket)
        ]
    }


def _history(ticket: TroubleTicket) -> Iterable[pages.Entry]:
    for row in TicketStatusChange.objects.filter(ticket=ticket).order_by("-at", "-id")[:50]:
        yield pages.Entry(row.at, row.get_status_display(), "event", row.reason, row.by_label, icon="flag")


TICKET = pages.Detail(
    name="bss_care:ticket-detail", model=TroubleTicket, title="subject", rows=_tickets, list=TICKETS,
    status=("status", STATUS), edit="bss_care:ticket-edit", identify=("number", "external_id"), find=("subject",),
    states={"open": {"status__in": list(TroubleTicket.OPEN)}, "closed": {"status__in": ["resolved", "closed"]}},
    words=("ticket",), overview="bss/care/_ticket.html", context=_conversation,
    facts=[
        pages.Fact(_("Customer"), "customer.party", link="customer"),
        pages.Fact(_("Product"), "product", link="product"),
        pages.Fact(_("Severity"), "severity", badge=SEVERITY),
        pages.Fact(_("Queue"), "queue"),
        pages.Fact(_("Assigned to"), "assignee"),
        pages.Fact(_("Opened"), "opened", kind="when"),
    ],
    fields=[
        pages.Fact(_("Type"), "get_type_display"),
        pages.Fact(_("Channel"), "get_channel_display"),
        pages.Fact(_("Story"), story_link, kind="html"),
        pages.Fact(_("Their reference"), "external_id"),
    ],
    rail=[pages.Panel("clocks", _("Clocks"), "bss/care/_clocks.html", context=_clocks)],
    actions=[
        pages.Action("take", _("Assign to me"), permission=CHANGE, why_not=_open_only, icon="user", shortcut="a",
                     run=lambda call: services.assign(ticket=call.object, to=call.user)),
        pages.Action("resolve", _("Resolve"), permission=CHANGE, primary=True, form=forms.ResolveForm,
                     why_not=_can(Ticket.RESOLVED), run=_move(Ticket.RESOLVED)),
        pages.Action("wait", _("Wait for the customer"), permission=CHANGE, secondary=True, form=forms.ReasonForm,
                     why_not=_can(Ticket.PENDING), run=_move(Ticket.PENDING)),
        pages.Action("work", _("Work on it"), permission=CHANGE, why_not=_can(Ticket.IN_PROGRESS),
                     form=forms.OptionalReasonForm, run=_move(Ticket.IN_PROGRESS)),
        pages.Action("hold", _("Wait for others"), permission=CHANGE, form=forms.OptionalReasonForm,
                     why_not=_can(Ticket.HELD), run=_move(Ticket.HELD)),
        pages.Action("assign", _("Assign"), permission=CHANGE, form=forms.AssignForm, why_not=_open_only,
                     run=lambda call: services.assign(ticket=call.object, to=call.data["to"])),
        pages.Action("receive", _("Customer’s word"), permission=CHANGE, form=forms.TextForm,
                     why_not=lambda ticket, user: "" if ticket.ended is None else _t("The ticket is over"),
                     run=lambda call: services.receive(ticket=call.object, by=call.user, **call.data)),
        pages.Action("close", _("Close"), permission=CHANGE, why_not=_can(Ticket.CLOSED), run=_move(Ticket.CLOSED)),
        pages.Action("reject", _("Reject"), permission=CHANGE, danger=True, form=forms.ReasonForm,
                     why_not=_can(Ticket.REJECTED), run=_move(Ticket.REJECTED)),
        pages.Action("cancel", _("Cancel"), permission=CHANGE, danger=True, form=forms.ReasonForm,
                     why_not=_can(Ticket.CANCELLED), run=_move(Ticket.CANCELLED)),
    ],
    tabs=[
        pages.Tab("notices", _("Notices"), list="bss_care:notice-list",
                  lock=lambda ticket: {"story": ticket.story_label or ticket.number}),
    ],
    timeline=_history, live=True,
)  # fmt: skip


def _open(call: pages.Call) -> TroubleTicket:
    data = dict(call.data)
    customer, product = data.pop("customer"), data.pop("product")
    if customer is None and product is not None:
        customer = product.customer
    return services.open_ticket(
        customer_id=customer.pk if customer else None, product_id=product.pk if product else None, **data
    )


TICKET_CREATE = pages.FormPage(
    name="bss_care:ticket-create", title=_("New ticket"), form=forms.TicketForm,
    permission="bss_care.add_troubleticket", door=_open, submit=_("Open the ticket"),
)  # fmt: skip
TICKET_EDIT = pages.FormPage(
    name="bss_care:ticket-edit", title=_("Edit"), form=forms.TicketEditForm, detail=TICKET, permission=CHANGE,
    door=lambda call: services.change_ticket(ticket=call.object, version=call.version, **call.data),
)  # fmt: skip
# Words typed here are kept as a draft of their own: nothing that happens to the ticket meanwhile loses them.
TICKET_REPLY = pages.FormPage(
    name="bss_care:ticket-reply", title=_("Reply"), form=forms.ReplyForm, detail=TICKET, permission=CHANGE,
    initial=lambda ticket: {}, submit=_("Send"),
    door=lambda call: services.reply(ticket=call.object, by=call.user, **call.data).ticket,
)  # fmt: skip
TICKET_NOTE = pages.FormPage(
    name="bss_care:ticket-note", title=_("Note"), form=forms.TextForm, detail=TICKET, permission=CHANGE,
    initial=lambda ticket: {},
    door=lambda call: services.note(ticket=call.object, by=call.user, **call.data).ticket,
)  # fmt: skip
