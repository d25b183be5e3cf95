"""Pages of care: the ticket desk, notices, their texts, and what care adds to other pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from bss.care.models import TroubleTicket
from bss.care.views.notices import (
    NOTICE_DETAIL,
    NOTICES,
    TEMPLATE,
    TEMPLATE_CREATE,
    TEMPLATE_EDIT,
    TEMPLATES,
)
from bss.care.views.tickets import (
    TICKET,
    TICKET_CREATE,
    TICKET_EDIT,
    TICKET_NOTE,
    TICKET_REPLY,
    TICKETS,
)
from kernel import pages

__all__ = [
    "CARDS",
    "NOTICES",
    "NOTICE_DETAIL",
    "TEMPLATE",
    "TEMPLATES",
    "TEMPLATE_CREATE",
    "TEMPLATE_EDIT",
    "TICKET",
    "TICKETS",
    "TICKET_CREATE",
    "TICKET_EDIT",
    "TICKET_NOTE",
    "TICKET_REPLY",
]


def _my_tickets(user: Any) -> Mapping[str, Any]:
    mine = TroubleTicket.objects.visible_to(user).open().filter(assignee=user)
    return {"tickets": list(mine.order_by("resolve_due", "opened").select_related("customer__party")[:8])}


def _free_tickets(user: Any) -> Mapping[str, Any]:
    rows = TroubleTicket.objects.visible_to(user).open().filter(assignee=None)
    return {"tickets": list(rows.order_by("respond_due", "opened").select_related("customer__party")[:8])}


CARDS = [
    pages.Card(
        "my-tickets", _("My tickets"), template="bss/care/_card.html", context=_my_tickets, roles=("care",),
        permission="bss_care.change_troubleticket", link="bss_care:ticket-list", topics=("bss_care",),
    ),
    pages.Card(
        "free-tickets", _("Tickets nobody works on"), template="bss/care/_card.html", context=_free_tickets,
        roles=("care", "manager"), permission="bss_care.view_troubleticket", link="bss_care:ticket-list",
        topics=("bss_care",),
    ),
]  # fmt: skip

pages.extend(
    "bss_customers:customer-detail",
    tabs=[
        pages.Tab("tickets", _("Tickets"), list="bss_care:ticket-list",
                  lock=lambda customer: {"customer": customer.number}),
        pages.Tab("notices", _("Notices"), list="bss_care:notice-list",
                  lock=lambda customer: {"customer": customer.number}),
    ],
)  # fmt: skip
pages.extend(
    "bss_orders:product-detail",
    tabs=[
        pages.Tab("tickets", _("Tickets"), list="bss_care:ticket-list",
                  lock=lambda product: {"product": product.number}),
    ],
)  # fmt: skip
