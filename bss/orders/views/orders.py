"""Orders: list and page."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.catalog.services.simulation import QuotedLine, line_of
from bss.orders import forms, services
from bss.orders.models import ProductOrder
from bss.orders.models.order import OPEN, State
from bss.orders.views.badges import ORDER_STATE
from kernel import clock, pages
from kernel.filtering import Filter
from kernel.pages import Call

CHANGE = "bss_orders.change_productorder"
ACCEPT = "bss_orders.accept_productorder"


def _orders(user: Any) -> QuerySet[ProductOrder]:
    return ProductOrder.objects.visible_to(user).select_related("customer__party", "account", "quote")


def at_risk(operator: str, values: tuple[str, ...]) -> Q:
    """Orders whose promise is at risk (`true`) or not: flagged, promised later than wished, or past the promise."""
    risk = Q(state__in=OPEN) & (
        ~Q(jeopardy="") | Q(promised_date__gt=F("requested_date")) | Q(promised_date__lt=clock.today())
    )
    ids = ProductOrder.objects.filter(risk).values("pk")
    wanted = (values[-1].lower() == "true") == (operator != "not")
    return Q(pk__in=ids) if wanted else ~Q(pk__in=ids)


ORDERS = pages.List(
    name="bss_orders:order-list",
    model=ProductOrder,
    title=_("Orders"),
    icon="shopping-cart",
    section="orders",
    order=10,
    key="o",
    rows=_orders,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column(
            "customer", _("Customer"), "customer.party.name", link="customer", sort="customer__party__name"
        ),
        pages.Column("state", _("State"), badge=ORDER_STATE, sort=True),
        pages.Column("ordered", _("Ordered"), kind="when", sort=True),
        pages.Column("wished", _("Wished for"), "requested_date", kind="date", sort="requested_date"),
        pages.Column("promised", _("Promised for"), "promised_date", kind="date", sort="promised_date"),
        pages.Column("jeopardy", _("Promise at risk"), sort=True),
        pages.Column("account", _("Billing account"), link="account", sort="account__number", hidden=True),
        pages.Column("external", _("The customer's number"), "external_id", sort="external_id", hidden=True),
        pages.Column("accepted", _("Accepted"), kind="when", sort=True, hidden=True),
        pages.Column("completed", _("Completed"), kind="when", sort=True, hidden=True),
    ],
    filters=[
        Filter("state", "state", "choice", _("State"), choices=State.choices),
        Filter("customer", "customer__number", "text", _("Customer")),
        Filter("account", "account__number", "text", _("Billing account")),
        Filter("ordered", "ordered", "datetime", _("Ordered")),
        Filter("promised", "promised_date", "date", _("Promised for")),
        Filter("risk", "jeopardy", "bool", _("Promise at risk"), operators=("eq", "not"), build=at_risk),
        Filter("accepted", "accepted", "datetime", _("Accepted")),
    ],
    search=("number", "external_id", "customer__party__name"),
    default_sort="-ordered",
    views=[
        ("open", _("Open"), "&".join(f"state={state}" for state in OPEN)),
        ("risk", _("At risk"), "risk=true"),
    ],
    create="bss_orders:order-create",
    live=True,
    row_class=lambda row: "warn" if row.jeopardy and row.is_open else "",
    empty=pages.Empty(_("Orders are what customers want delivered, changed or removed. Take the first one.")),
    bulk=[
        pages.Bulk(
            "accept",
            _("Take on"),
            permission=ACCEPT,
            each=lambda call: services.accept_order(order=call.object),
            why_not=lambda order, user: _accept_why_not(order, user),
        )
    ],
)


def _accept_why_not(order: ProductOrder, user: Any) -> str:
    if order.accepted is not None:
        return _t("It was taken on already")
    return "" if order.is_open else _t("It is %(state)s") % {"state": order.get_state_display().lower()}


def _open_why_not(order: ProductOrder, user: Any) -> str:
    return "" if order.is_open else _t("It is %(state)s") % {"state": order.get_state_display().lower()}


def _reject_why_not(order: ProductOrder, user: Any) -> str:
    free = order.accepted is None and order.state == State.ACKNOWLEDGED
    return "" if free else _t("It was taken on already: cancel it")


def _overview(order: ProductOrder, user: Any) -> Mapping[str, Any]:
    """The items as a tree with what they cost, and the sums."""
    rows = list(
        order.items.select_related("offering", "product", "site").prefetch_related(
            "prices__offering", "prices__tiers"
        )
    )
    rows.sort(key=lambda row: [int(part) for part in row.position.split(".")])
    priced = [(row, [line_of(price, row.quantity) for price in row.prices.all()]) for row in rows]
    lines = [line for row, found in priced if row.action == "add" for line in found]
    return {
        "items": [(row, "." in row.position, found) for row, found in priced],
        "sums": sums_of(lines),
    }


def sums_of(lines: list[QuotedLine]) -> list[tuple[str, Decimal, Decimal]]:
    """(currency, once, per month) of lines, net; currencies are never added up."""
    found: dict[str, list[Decimal]] = {}
    for line in lines:
        once, monthly = found.setdefault(line.price.currency, [Decimal(0), Decimal(0)])
        due = line.amount if line.price.occasion == "activation" else Decimal(0)
        found[line.price.currency] = [once + due, monthly + line.monthly]
    return [(currency, once, monthly) for currency, (once, monthly) in sorted(found.items())]


def _cancel_effects(order: ProductOrder, user: Any) -> list[str]:
    leaves = [item for item in order.items.leaves() if item.state in OPEN]
    begun = [item for item in leaves if item.begun is not None]
    reasons = [why for item in begun for why in services.POINT_OF_NO_RETURN.call(item.pk) if why]
    found = [_t("%(n)d items nobody has begun are cancelled at once") % {"n": len(leaves) - len(begun)}]
    if begun:
        found.append(_t("%(n)d items are undone first") % {"n": len(begun)})
    return [*found, *(_t("Too late: %(why)s") % {"why": why} for why in reasons[:10])]


def _amend(call: Call) -> ProductOrder:
    return services.amend_order(order=call.object, version=call.version, **call.data)


ORDER = pages.Detail(
    name="bss_orders:order-detail",
    model=ProductOrder,
    rows=_orders,
    title="customer.party.name",
    list=ORDERS,
    status=("state", ORDER_STATE),
    identify=("number", "external_id"),
    find=("number", "external_id"),
    states={"open": {"state__in": list(OPEN)}},
    words=("order", "commande"),
    facts=[
        pages.Fact(_("Customer"), "customer", link=True),
        pages.Fact(_("Billing account"), "account", link=True),
        pages.Fact(_("Ordered"), "ordered", kind="when"),
        pages.Fact(_("Wished for"), "requested_date", kind="date"),
        pages.Fact(_("Promised for"), "promised_date", kind="date"),
        pages.Fact(_("Promise at risk"), "jeopardy"),
    ],
    fields=[
        pages.Fact(_("Accepted"), "accepted", kind="time"),
        pages.Fact(_("Completed"), "completed", kind="time"),
        pages.Fact(_("The customer's number"), "external_id"),
        pages.Fact(_("Quote"), "quote", link=True),
        pages.Fact(_("Channel"), "channel"),
        pages.Fact(_("Description"), "description"),
        pages.Fact(_("Reason of cancellation"), "cancellation_reason"),
    ],
    overview="bss/orders/_order.html",
    context=_overview,
    live=True,
    actions=[
        pages.Action(
            "accept",
            _("Take on"),
            permission=ACCEPT,
            run=lambda call: services.accept_order(order=call.object),
            why_not=_accept_why_not,
            primary=True,
            icon="check",
        ),
        pages.Action(
            "amend",
            _("Amend"),
            permission=CHANGE,
            form=forms.AmendForm,
            initial=lambda order: {"requested_date": order.requested_date, "description": order.description},
            run=_amend,
            why_not=_open_why_not,
            secondary=True,
            icon="edit",
        ),
        pages.Action(
            "reject",
            _("Refuse"),
            permission=ACCEPT,
            form=forms.ReasonForm,
            run=lambda call: services.reject_order(order=call.object, reason=call.data["reason"]),
            why_not=_reject_why_not,
            danger=True,
            icon="x",
        ),
        pages.Action(
            "cancel",
            _("Cancel"),
            permission=CHANGE,
            form=forms.ReasonForm,
            run=lambda call: services.cancel_order(order=call.object, reason=call.data["reason"]),
            why_not=_open_why_not,
            effects=_cancel_effects,
            danger=True,
            icon="ban",
        ),
    ],
)
pages.extend(
    "bss_customers:customer-detail",
    tabs=[
        pages.Tab(
            "orders",
            _("Orders"),
            list="bss_orders:order-list",
            lock=lambda customer: {"customer": customer.number},
        )
    ],
)
