"""Doors of an order before work on it begins: placed, accepted, rejected, amended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bss.catalog.services import characteristics
from bss.customers import services as customers
from bss.customers.models import Agreement, BillingAccount, Customer, CustomerSite
from bss.orders.events import OrderAmended, ProductOrderAccepted
from bss.orders.models import Product, ProductOrder, ProductOrderItem, ProductPrice, Qualification
from bss.orders.models.order import OPEN, State
from bss.orders.services import basket, cancelling, products, qualification, states
from bss.orders.services.basket import Line, Node
from kernel import clock, lifecycle
from kernel.errors import Invalid
from kernel.ids import uuid7_block

Action = ProductOrderItem.Action


def place_order(
    *,
    customer: Customer,
    account: BillingAccount,
    items: Sequence[Line],
    requested_date: date | None = None,
    external_id: str = "",
    channel: str = "",
    description: str = "",
    agreement: Agreement | None = None,
    accept: bool = False,
    by: Any = None,
    at: datetime | None = None,
) -> ProductOrder:
    """Take down what a customer orders; nothing is worked on before it is accepted (`accept=True` does both).

    Every new item gets its product at once. Raises Invalid for lines that make no sense, offers that may not be sold to
    this customer, sites the network cannot serve, an account that takes no orders, or an external number used before.
    """
    at = at or clock.now()
    nodes = basket.unfold(items, customer=customer, day=at.date(), currency=account.currency)
    basket.check(nodes, customer=customer, account=account, day=at.date())
    with transaction.atomic():
        order = place_nodes(
            customer=customer,
            account=account,
            nodes=nodes,
            requested_date=requested_date,
            external_id=external_id,
            channel=channel,
            description=description,
            agreement=agreement,
            by=by,
            at=at,
        )
        return accept_order(order=order, at=at) if accept else order


def place_nodes(
    *,
    customer: Customer,
    account: BillingAccount,
    nodes: Sequence[Node],
    at: datetime,
    by: Any = None,
    **about: Any,
) -> ProductOrder:
    """Write an order whose items are settled: those of `place_order`, or of an accepted quote at its prices."""
    external_id = about.get("external_id", "")
    if external_id and customer.orders.filter(external_id=external_id).exists():
        raise Invalid(_("This number was used for another order"), code="order.externalId")
    with transaction.atomic():
        answers = _qualified(nodes, customer, at)
        order = lifecycle.create(
            ProductOrder(customer=customer, account=account, ordered=at, placed_by=by, **about)
        )
        _write(order, nodes, answers, at)
    return order


def accept_order(*, order: ProductOrder, at: datetime | None = None) -> ProductOrder:
    """Take an order on: from now on it is worked on. Accepting twice changes nothing.

    Raises IllegalMove for an order that is over or being cancelled.
    """
    at = at or clock.now()
    with transaction.atomic():
        states.locked(order.pk)
        order.refresh_from_db()
        if order.accepted is not None:
            return order
        if order.state not in {State.ACKNOWLEDGED, State.PENDING, State.HELD}:
            raise ProductOrder.lifecycle.refuse(order.state, State.IN_PROGRESS)
        if order.customer.status == Customer.Status.PROSPECT:
            customers.activate_customer(customer=order.customer, reason=order.number)
        lifecycle.change(order, accepted=at, verb="accepted", events_too=[ProductOrderAccepted(order.pk, at)])
        kept = order.items.filter(action=Action.NO_CHANGE)
        for item in kept:
            lifecycle.move(item, State.IN_PROGRESS, begun=at)
            lifecycle.move(item, State.COMPLETED, completed=at)
        return states.settle(order, at=at) if kept else order


def reject_order(*, order: ProductOrder, reason: str, at: datetime | None = None) -> ProductOrder:
    """Refuse an order that was not accepted; its products come to nothing. Raises IllegalMove after acceptance."""
    at = at or clock.now()
    with transaction.atomic():
        order = states.locked(order.pk)
        if order.accepted is not None or order.state != State.ACKNOWLEDGED:
            raise ProductOrder.lifecycle.refuse(order.state, State.REJECTED)
        for item in order.items.leaves():
            lifecycle.move(item, State.REJECTED, reason=reason)
            products.give_up(item, failed=False)
        lifecycle.change(order, cancellation_reason=reason[:200])
        return states.settle(order, at=at, reason=reason)


@dataclass(frozen=True)
class ItemChange:
    """What is to be different about an item nobody has begun; None leaves a value as it is."""

    item: ProductOrderItem
    quantity: int | None = None
    site: CustomerSite | None = None
    characteristics: Mapping[str, Any] | None = None


def amend_order(
    *,
    order: ProductOrder,
    version: int | None = None,
    requested_date: date | None = None,
    description: str | None = None,
    add: Sequence[Line] = (),
    change: Sequence[ItemChange] = (),
    remove: Sequence[ProductOrderItem] = (),
    reason: str = "",
    at: datetime | None = None,
) -> ProductOrder:
    """Change an order in flight: its wished date and description, items that nobody has begun, items more or less.

    Removing an item that is being worked on undoes the work, up to its point of no return. Raises Invalid for a change
    of an item that has begun, IllegalMove for an order that is over or past a point of no return, StaleVersion.
    """
    at = at or clock.now()
    with transaction.atomic():
        states.locked(order.pk)
        order.refresh_from_db()
        if order.state not in {State.ACKNOWLEDGED, State.PENDING, State.HELD, State.IN_PROGRESS}:
            raise Invalid(_("This order can no longer be amended"), code="order.amend.closed")
        lifecycle.change(
            order,
            version=version,
            reason=reason,
            requested_date=requested_date or order.requested_date,
            description=order.description if description is None else description,
        )
        touched = [_amend_item(order, wish) for wish in change]
        if add:
            first = 1 + max(
                int(position.split(".")[0]) for position in order.items.values_list("position", flat=True)
            )
            nodes = basket.unfold(
                add, customer=order.customer, day=at.date(), currency=order.account.currency, first=first
            )
            basket.check(nodes, customer=order.customer, account=order.account, day=at.date())
            touched += _write(order, nodes, _qualified(nodes, order.customer, at), at)
        if remove:
            cancelling.drop(order, list(remove), reason=reason, at=at)
            touched += list(remove)
        if touched and order.accepted is not None:
            ids = tuple(item.pk for item in touched)
            lifecycle.change(order, events_too=[OrderAmended(order.pk, ids, at)])
        return states.settle(order, at=at, reason=reason)


def _amend_item(order: ProductOrder, wish: ItemChange) -> ProductOrderItem:
    item = ProductOrderItem.objects.select_related("product", "offering__specification").get(pk=wish.item.pk)
    if item.order_id != order.pk or item.begun is not None or item.state not in _UNTOUCHED:
        raise Invalid(
            _("Work on item %(position)s has begun: cancel it, or change the product later")
            % {"position": item.position},
            code="order.amend.begun",
        )
    changes: dict[str, Any] = {}
    if wish.quantity is not None:
        changes["quantity"] = wish.quantity
    if wish.site is not None:
        if wish.site.customer_id != order.customer_id:
            raise Invalid(_("This is a site of another customer"), code="order.site")
        changes["site"] = wish.site
    if wish.characteristics is not None:
        fixed = item.offering.characteristics
        chosen = {name: value for name, value in item.characteristics.items() if name not in fixed}
        changes["characteristics"] = characteristics.effective(
            item.offering, {**chosen, **wish.characteristics}
        )
    lifecycle.change(item, **changes)
    if item.action == Action.ADD:
        lifecycle.change(item.product, **changes)
    return item


_UNTOUCHED = {State.ACKNOWLEDGED, State.PENDING, State.HELD}


def _qualified(nodes: Sequence[Node], customer: Customer, at: datetime) -> dict[Node, Qualification]:
    """A holding answer of the network for each new item at a site, asked now where there is none."""
    if not qualification.QUALIFIER.filled:
        return {}
    answers = {}
    refused = []
    for node in nodes:
        if node.action != Action.ADD or node.site is None or node.offering.is_bundle:
            continue
        answer = qualification.latest(site=node.site, offering=node.offering, at=at)
        if answer is None or not answer.holds(at):
            answer = qualification.qualify(customer=customer, site=node.site, offering=node.offering, at=at)
        if answer.holds(at):
            answers[node] = answer
        else:
            refused.append(f"{node.position} {node.offering.name}: {answer.explanation}")
    if refused:
        raise Invalid("; ".join(refused), code="order.notDeliverable", reasons=refused)
    return answers


def _write(
    order: ProductOrder, nodes: Sequence[Node], answers: Mapping[Node, Qualification], at: datetime
) -> list[ProductOrderItem]:
    """Products, items, prices and dependencies of a basket, each in one statement."""
    _free([node.product for node in nodes if node.product is not None and node.action != Action.NO_CHANGE])
    added = [node for node in nodes if node.action == Action.ADD]
    ids = dict(zip(added, uuid7_block(len(added)), strict=True)) if added else {}
    made = lifecycle.create_many(
        [
            Product(
                id=ids[node],
                customer=order.customer,
                account=order.account,
                agreement=order.agreement,
                offering=node.offering,
                parent_id=ids[node.parent] if node.parent else None,
                site=node.site,
                quantity=node.quantity,
                characteristics=node.characteristics,
                ordered=at,
            )
            for node in added
        ]
    )
    by_id = {product.pk: product for product in made}
    ProductPrice.objects.bulk_create(
        ProductPrice(product=by_id[ids[node]], price=price) for node in added for price in node.prices
    )
    items: dict[Node, ProductOrderItem] = {}
    for node in nodes:
        items[node] = ProductOrderItem(
            order=order,
            position=node.position,
            parent=items[node.parent] if node.parent else None,
            action=node.action,
            offering=node.offering,
            product=node.product or by_id[ids[node]],
            site=node.site,
            qualification=answers.get(node),
            quantity=node.quantity,
            characteristics=node.characteristics,
        )
    rows = lifecycle.create_many(list(items.values()))
    _link(items)
    return rows


def _free(wanted: Sequence[Product]) -> None:
    """Lock products and make sure that no open order works on one of them."""
    rows = list(Product.objects.filter(pk__in=[product.pk for product in wanted]).locked())
    busy = ProductOrderItem.objects.filter(product__in=rows, state__in=OPEN).exclude(action=Action.NO_CHANGE)
    if names := [
        f"{item.product.number} ({item.order.number})" for item in busy.select_related("product", "order")
    ]:
        raise Invalid(
            _("An open order works on %(names)s") % {"names": ", ".join(names)}, code="order.productBusy"
        )


def _link(items: Mapping[Node, ProductOrderItem]) -> None:
    prices = ProductOrderItem.prices.through
    prices.objects.bulk_create(
        prices(productorderitem_id=item.pk, offeringprice_id=price.pk)
        for node, item in items.items()
        for price in node.prices
    )
    needs = ProductOrderItem.depends_on.through
    needs.objects.bulk_create(
        needs(from_productorderitem_id=item.pk, to_productorderitem_id=items[other].pk)
        for node, item in items.items()
        for other in node.needs
    )
