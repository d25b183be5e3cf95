"""Quotes: list and page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.orders import forms, services
from bss.orders.models import Quote
from bss.orders.views.badges import QUOTE_STATUS
from bss.orders.views.orders import sums_of
from kernel import pages
from kernel.filtering import Filter

CHANGE = "bss_orders.change_quote"
S = Quote.Status


def _quotes(user: Any) -> QuerySet[Quote]:
    return Quote.objects.visible_to(user).select_related("customer__party", "account", "order")


def _why_not(to: str) -> Any:
    def reason(quote: Quote, user: Any) -> str:
        if quote.lifecycle.allows(quote.status, to):
            return ""
        return _t("It is %(status)s") % {"status": quote.get_status_display().lower()}

    return reason


QUOTES = pages.List(
    name="bss_orders:quote-list",
    model=Quote,
    title=_("Quotes"),
    icon="file-text",
    section="orders",
    order=20,
    rows=_quotes,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column(
            "customer", _("Customer"), "customer.party.name", link="customer", sort="customer__party__name"
        ),
        pages.Column("revision", _("Revision"), kind="number", sort=True),
        pages.Column("status", _("Status"), badge=QUOTE_STATUS, sort=True),
        pages.Column("quoted", _("Date"), kind="when", sort=True),
        pages.Column("until", _("Valid until"), "valid_until", kind="date", sort="valid_until"),
        pages.Column("currency", _("Currency"), sort=True, hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=S.choices),
        Filter("customer", "customer__number", "text", _("Customer")),
        Filter("until", "valid_until", "date", _("Valid until")),
    ],
    search=("number", "customer__party__name"),
    default_sort="-quoted",
    create="bss_orders:quote-create",
    live=True,
    empty=pages.Empty(_("Quotes are offers made to one customer, at the prices of their day.")),
)


def _overview(quote: Quote, user: Any) -> Mapping[str, Any]:
    lines = services.lines_of(quote)
    return {"items": quote.items.select_related("offering", "site"), "lines": lines, "sums": sums_of(lines)}


QUOTE = pages.Detail(
    name="bss_orders:quote-detail",
    model=Quote,
    rows=_quotes,
    title="customer.party.name",
    list=QUOTES,
    status=("status", QUOTE_STATUS),
    identify=("number",),
    find=("number",),
    states={"open": {"status__in": [S.IN_PROGRESS, S.PENDING, S.APPROVED]}},
    words=("quote", "devis"),
    facts=[
        pages.Fact(_("Customer"), "customer", link=True),
        pages.Fact(_("Billing account"), "account", link=True),
        pages.Fact(_("Revision"), "revision", kind="number"),
        pages.Fact(_("Valid until"), "valid_until", kind="date"),
        pages.Fact(_("Order"), lambda quote: getattr(quote, "order", None), link=True),
    ],
    fields=[pages.Fact(_("Date"), "quoted", kind="time"), pages.Fact(_("Note"), "note")],
    overview="bss/orders/_quote.html",
    context=_overview,
    live=True,
    actions=[
        pages.Action(
            "send",
            _("Release to the customer"),
            permission=CHANGE,
            run=lambda call: services.send_quote(quote=call.object),
            why_not=_why_not(S.APPROVED),
            primary=True,
            icon="send",
        ),
        pages.Action(
            "accept",
            _("The customer accepts"),
            permission="bss_orders.add_productorder",
            form=forms.AcceptQuoteForm,
            initial=lambda quote: {"account": quote.account},
            run=lambda call: services.accept_quote(quote=call.object, by=call.user, **call.data),
            why_not=_why_not(S.ACCEPTED),
            effects=lambda quote, user: [_t("An order is made at the quoted prices")],
            goto=pages.url_of,
            secondary=True,
            icon="check",
        ),
        pages.Action(
            "decline",
            _("The customer declines"),
            permission=CHANGE,
            form=forms.ReasonForm,
            run=lambda call: services.decline_quote(quote=call.object, reason=call.data["reason"]),
            why_not=_why_not(S.REJECTED),
            icon="x",
        ),
        pages.Action(
            "cancel",
            _("Take it back"),
            permission=CHANGE,
            form=forms.ReasonForm,
            run=lambda call: services.cancel_quote(quote=call.object, reason=call.data["reason"]),
            why_not=_why_not(S.CANCELLED),
            danger=True,
            icon="ban",
        ),
    ],
)
