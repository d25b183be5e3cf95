"""Doors of quotes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bss.catalog.services.simulation import QuotedLine, line_of
from bss.customers.models import BillingAccount, Customer
from bss.orders.models import ProductOrder, Quote, QuoteItem
from bss.orders.services import basket, placing
from bss.orders.services.basket import Line, Node
from kernel import clock, lifecycle
from kernel.errors import Invalid
from kernel.ids import uuid7

VALID_DAYS = 30


def open_quote(
    *,
    customer: Customer,
    items: Sequence[Line],
    account: BillingAccount | None = None,
    currency: str = "",
    valid_until: date | None = None,
    note: str = "",
    at: datetime | None = None,
) -> Quote:
    """Prepare a quote at the prices of the day, valid for 30 days unless told otherwise.

    Raises Invalid for lines that make no sense or offers that may not be sold to this customer.
    """
    at = at or clock.now()
    quote = Quote(
        customer=customer,
        account=account,
        family=uuid7(),
        currency=currency or (account.currency if account else "EUR"),
        quoted=at,
        valid_until=valid_until or at.date() + timedelta(days=VALID_DAYS),
        note=note,
    )
    return _fill(quote, items, at)


def revise_quote(
    *,
    quote: Quote,
    items: Sequence[Line],
    valid_until: date | None = None,
    note: str = "",
    at: datetime | None = None,
) -> Quote:
    """Make the next revision; the present one is cancelled. Raises IllegalMove once it is accepted or declined."""
    at = at or clock.now()
    with transaction.atomic():
        lifecycle.move(quote, Quote.Status.CANCELLED, reason=_("Revised"))
        successor = Quote(
            customer=quote.customer,
            account=quote.account,
            family=quote.family,
            revision=quote.revision + 1,
            currency=quote.currency,
            quoted=at,
            valid_until=valid_until or at.date() + timedelta(days=VALID_DAYS),
            note=note or quote.note,
        )
        return _fill(successor, items, at)


def send_quote(*, quote: Quote) -> Quote:
    """Release a quote to the customer."""
    return lifecycle.move(quote, Quote.Status.APPROVED)


def decline_quote(*, quote: Quote, reason: str) -> Quote:
    """The customer does not want it."""
    return lifecycle.move(quote, Quote.Status.REJECTED, reason=reason)


def cancel_quote(*, quote: Quote, reason: str) -> Quote:
    """We take it back."""
    return lifecycle.move(quote, Quote.Status.CANCELLED, reason=reason)


def accept_quote(
    *,
    quote: Quote,
    account: BillingAccount | None = None,
    requested_date: date | None = None,
    by: Any = None,
    at: datetime | None = None,
) -> ProductOrder:
    """The customer says yes: an order at the quoted prices, whatever the catalogue says by now.

    Raises Invalid after the quote's last day, without an account or with one of another currency; IllegalMove for a
    quote that was not sent.
    """
    at = at or clock.now()
    account = account or quote.account
    if account is None or account.currency != quote.currency:
        raise Invalid(
            _("Name an account in %(currency)s") % {"currency": quote.currency},
            code="quote.account",
            fields={"account": _("Does not fit")},
        )
    if at.date() > quote.valid_until:
        raise Invalid(
            _("This quote was valid until %(day)s") % {"day": quote.valid_until}, code="quote.expired"
        )
    with transaction.atomic():
        lifecycle.move(quote, Quote.Status.ACCEPTED, account=account)
        return placing.place_nodes(
            customer=quote.customer,
            account=account,
            nodes=_nodes(quote),
            requested_date=requested_date,
            quote=quote,
            by=by,
            at=at,
        )


def lines_of(quote: Quote) -> list[QuotedLine]:
    """What a quote costs, price by price, at full periods."""
    items = quote.items.select_related("offering").prefetch_related(
        "prices__offering", "prices__tiers", "prices__tariff"
    )
    return [line_of(price, item.quantity) for item in items for price in item.prices.all()]


def _fill(quote: Quote, lines: Sequence[Line], at: datetime) -> Quote:
    if any(line.action != basket.Action.ADD for line in lines):
        raise Invalid(_("A quote is for new products"), code="quote.action")
    if quote.valid_until < at.date():
        raise Invalid(
            _("A quote is valid today at least"), code="quote.valid", fields={"valid_until": _("Past")}
        )
    nodes = basket.unfold(lines, customer=quote.customer, day=at.date(), currency=quote.currency)
    basket.check(nodes, customer=quote.customer, account=quote.account, day=at.date())
    with transaction.atomic():
        lifecycle.create(quote)
        rows: dict[Node, QuoteItem] = {}
        for node in nodes:
            rows[node] = QuoteItem(
                quote=quote,
                parent=rows[node.parent] if node.parent else None,
                position=node.position,
                offering=node.offering,
                site=node.site,
                quantity=node.quantity,
                characteristics=node.characteristics,
            )
        lifecycle.create_many(list(rows.values()))
        prices = QuoteItem.prices.through
        prices.objects.bulk_create(
            prices(quoteitem_id=row.pk, offeringprice_id=price.pk)
            for node, row in rows.items()
            for price in node.prices
        )
    return quote


def _nodes(quote: Quote) -> list[Node]:
    """The items of a quote as items to be, at their quoted prices."""
    rows = quote.items.select_related("offering", "site").prefetch_related("prices").order_by("id")
    nodes: dict[object, Node] = {}
    for row in rows:
        nodes[row.pk] = Node(
            position=row.position,
            action=basket.Action.ADD,
            offering=row.offering,
            site=row.site,
            quantity=row.quantity,
            characteristics=row.characteristics,
            prices=list(row.prices.all()),
            parent=nodes[row.parent_id] if row.parent_id else None,
        )
    _link(list(nodes.values()))
    return list(nodes.values())


def _link(nodes: Sequence[Node]) -> None:
    """Add-ons of a bundle need the members that are always there."""
    fixed = {
        (item.bundle_id, item.offering_id): item.is_add_on
        for bundle in {node.offering for node in nodes if node.offering.is_bundle}
        for item in bundle.items.all()
    }
    for node in nodes:
        if node.parent is None or not fixed.get((node.parent.offering.pk, node.offering.pk), False):
            continue
        node.add_on = True
        node.needs = [
            other
            for other in nodes
            if other.parent is node.parent
            and not fixed.get((node.parent.offering.pk, other.offering.pk), False)
        ]
