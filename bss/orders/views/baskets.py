"""Baskets: a new order, a new quote, and the simulator."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.catalog import services as catalog
from bss.catalog.models import ProductOffering
from bss.orders import forms, services
from bss.orders.models import ProductOrder, Quote
from bss.orders.services import Line, held_codes
from kernel import clock, pages, permissions
from kernel.errors import DomainError
from kernel.pages import Call
from kernel.pages.fields import bind, refuse
from kernel.pages.formats import money


def _place(call: Call) -> ProductOrder:
    data = call.data
    accept = data["accept"] and call.user.has_perm("bss_orders.accept_productorder")
    return services.place_order(
        customer=data["customer"],
        account=data["account_row"],
        items=data["lines"],
        requested_date=data["requested_date"],
        external_id=data["external_id"],
        description=data["description"],
        channel="portal",
        accept=accept,
        by=call.user,
    )


def _quote(call: Call) -> Quote:
    data = call.data
    return services.open_quote(
        customer=data["customer"],
        account=data["account_row"],
        items=data["lines"],
        valid_until=data["valid_until"],
        note=data["note"],
    )


def _effects(call: Call) -> list[Any]:
    """What the network says about each line, and what the basket costs, before anything is ordered."""
    found: list[Any] = []
    account = call.data["account_row"]
    for line in call.data["lines"]:
        offering: ProductOffering = line.offering
        try:
            found += _of_line(call, line, offering, account)
        except DomainError as error:
            found.append(f"{offering.name}: {error.message}")
    return found


def _of_line(call: Call, line: Line, offering: ProductOffering, account: Any) -> list[str]:
    found = []
    if line.site is not None and services.QUALIFIER.filled:
        answer = services.qualify(customer=call.data["customer"], site=line.site, offering=offering)
        if answer.result == answer.Result.QUALIFIED:
            words = _t("%(offer)s at %(site)s: deliverable by %(technology)s in %(days)d days")
        else:
            words = _t("%(offer)s at %(site)s: not deliverable, %(why)s")
        found.append(
            words
            % {
                "offer": offering.name,
                "site": line.site.name,
                "technology": answer.technology or "–",
                "days": answer.lead_days,
                "why": answer.explanation,
            }
        )
    basket = catalog.simulate(
        offering=offering,
        quantity=line.quantity or 1,
        options=line.options,
        currency=account.currency,
        account=account,
    )
    found.append(
        _t("%(offer)s: %(once)s once, %(monthly)s a month, net")
        % {
            "offer": offering.name,
            "once": money(basket.once, basket.currency),
            "monthly": money(basket.monthly, basket.currency),
        }
    )
    if basket.first_total is not None:
        found.append(
            _t("First bill: %(amount)s, net") % {"amount": money(basket.first_total, basket.currency)}
        )
    return found


WHO = (_("Customer"), ["customer"])
WHERE = (_("Account and sites"), ["account", "sites"])
WHAT = (_("Offer"), ["offer", "quantity", "options", "values", "more"])

ORDER_CREATE = pages.FormPage(
    name="bss_orders:order-create",
    title=_("New order"),
    form=forms.OrderForm,
    permission="bss_orders.add_productorder",
    door=_place,
    effects=_effects,
    steps=[WHO, WHERE, WHAT, (_("Date"), ["requested_date", "external_id", "description", "accept"])],
    submit=_("Place the order"),
)
QUOTE_CREATE = pages.FormPage(
    name="bss_orders:quote-create",
    title=_("New quote"),
    form=forms.QuoteForm,
    permission="bss_orders.add_quote",
    door=_quote,
    effects=_effects,
    steps=[WHO, WHERE, WHAT, (_("Terms"), ["valid_until", "note"])],
    submit=_("Make the quote"),
)

MENU = [
    pages.MenuItem(
        "catalog", _("Simulator"), "bss_orders:simulate", "bss_catalog.view_catalog", "calculator", order=50
    )
]


@permissions.requires("bss_catalog.view_catalog")
def simulate(request: HttpRequest) -> HttpResponse:
    """What a basket would cost and whether it may be sold, line by line; the address holds the basket."""
    form = forms.SimulateForm(request.GET or None)
    bind(form, request.user)
    context: dict[str, Any] = {"title": _t("Simulator"), "form": form}
    status = 200
    if form.is_bound and form.is_valid():
        try:
            context |= _simulated(form.cleaned_data)
        except DomainError as error:
            refuse(form, error)
    if form.is_bound and form.errors:
        status = 422
    return pages.render(request, "bss/orders/simulate.html", context, status=status)


def _simulated(data: dict[str, Any]) -> dict[str, Any]:
    account = data["account"]
    at = datetime.combine(data["start"], time(), tzinfo=UTC) if data["start"] else clock.now()
    result = catalog.simulate(
        offering=data["offer"],
        quantity=data["quantity"],
        options=data["options"],
        currency=account.currency if account else "EUR",
        account=account,
        at=at,
    )
    customer = account.customer if account else None
    held = held_codes(customer) if customer is not None else set()
    return {
        "result": result,
        "why_not": catalog.why_not(data["offer"], customer=customer, held=held),
        "customer": customer,
    }
