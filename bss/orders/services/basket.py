"""From what a customer asks for to the items of a quote or an order: bundles unfolded, values and prices settled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from bss.catalog import services as catalog
from bss.catalog.models import OfferingPrice, ProductOffering
from bss.catalog.services import characteristics
from bss.customers.models import BillingAccount, Customer, CustomerSite
from bss.orders.models import Product, ProductOrderItem
from kernel.errors import Invalid

Action = ProductOrderItem.Action


@dataclass(frozen=True)
class Line:
    """One wish: an offer to add at a site, or a product to change, remove or keep.

    `options` counts the members of a bundle by offer code, `member_characteristics` chooses values for them by offer
    code. `prices` are prices agreed earlier (a quote); by default those in force on the day of the order.
    """

    offering: ProductOffering | None = None
    action: str = Action.ADD
    product: Product | None = None
    site: CustomerSite | None = None
    quantity: int | None = None
    characteristics: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, int] = field(default_factory=dict)
    member_characteristics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    prices: Sequence[OfferingPrice] | None = None


@dataclass(eq=False)
class Node:
    """An item to be: of a quote or of an order."""

    position: str
    action: str
    offering: ProductOffering
    site: CustomerSite | None
    quantity: int
    characteristics: dict[str, Any]
    prices: list[OfferingPrice]
    product: Product | None = None
    parent: Node | None = None
    add_on: bool = False
    needs: list[Node] = field(default_factory=list)


def unfold(
    lines: Sequence[Line], *, customer: Customer, day: date, currency: str, first: int = 1
) -> list[Node]:
    """The items that lines come to, parents before members; positions count from `first`.

    A bundle ordered n times makes n items with their members; add-ons need the members that are always there. Raises
    Invalid, with the position in its details, for lines that cannot be: nothing to add, a product of somebody else,
    a site of another customer, values outside the specification.
    """
    nodes: list[Node] = []
    number = first
    for line in lines:
        try:
            for root in _unfold(line, number, customer, day, currency):
                nodes.extend(root)
                number += 1
        except Invalid as error:
            raise Invalid(error.message, code=error.code, fields=error.fields, position=number) from error
    if not nodes:
        raise Invalid(_("Nothing is ordered"), code="order.empty")
    return nodes


def check(nodes: Sequence[Node], *, customer: Customer, account: BillingAccount | None, day: date) -> None:
    """Whether these may be sold to this customer. Raises Invalid naming every offer that may not, and why."""
    if account is not None and account.customer_id != customer.pk:
        raise Invalid(_("This account belongs to another customer"), code="order.account")
    if account is not None and account.status != BillingAccount.Status.ACTIVE:
        raise Invalid(_("This account takes no orders"), code="order.accountClosed")
    if customer.status in {Customer.Status.CLOSED, Customer.Status.MERGED}:
        raise Invalid(_("The customer is closed"), code="order.customerClosed")
    reasons = list(_against(nodes, customer, day))
    if reasons:
        raise Invalid("; ".join(reasons), code="order.notEligible", reasons=reasons)


def held_codes(customer: Customer) -> set[str]:
    """Codes of the offers a customer has or has ordered."""
    over = [Product.Status.TERMINATED, Product.Status.CANCELLED, Product.Status.ABORTED]
    return set(customer.products.exclude(status__in=over).values_list("offering__code", flat=True))


def _against(nodes: Sequence[Node], customer: Customer, day: date) -> Iterator[str]:
    removed = {node.product.offering.code for node in nodes if node.product and node.action == Action.DELETE}
    held = (held_codes(customer) - removed) | {
        node.offering.code for node in nodes if node.action == Action.ADD
    }
    for node in nodes:
        if node.action != Action.ADD:
            continue
        offering = node.offering
        if offering.status != ProductOffering.Status.LAUNCHED or not _sold_on(offering, day):
            yield _("%(offer)s is not on sale") % {"offer": offering.name}
        if node.parent is None and not offering.is_sellable:
            yield _("%(offer)s is not sold on its own") % {"offer": offering.name}
        for reason in catalog.why_not(
            offering, customer=customer, site=node.site, held=held - {offering.code}
        ):
            yield f"{offering.name}: {reason}"


def _sold_on(offering: ProductOffering, day: date) -> bool:
    return offering.valid_from <= day and (offering.valid_to is None or day < offering.valid_to)


def _unfold(line: Line, number: int, customer: Customer, day: date, currency: str) -> Iterator[list[Node]]:
    if line.site is not None and line.site.customer_id != customer.pk:
        raise Invalid(_("This is a site of another customer"), code="order.site")
    if line.action != Action.ADD:
        yield _existing(line, number, customer, day, currency)
        return
    if line.offering is None or line.product is not None:
        raise Invalid(_("Adding needs an offer, and no product"), code="order.line")
    quantity = 1 if line.quantity is None else line.quantity
    if quantity < 1:
        raise Invalid(_("At least one"), code="order.quantity")
    if not line.offering.is_bundle:
        if line.options:
            raise Invalid(_("This offer has no options"), code="order.options")
        yield [_added(line, str(number), line.offering, quantity, line.characteristics, day, currency)]
        return
    for index in range(quantity):
        yield _bundle(line, line.offering, number + index, day, currency)


def _bundle(line: Line, offering: ProductOffering, number: int, day: date, currency: str) -> list[Node]:
    root = _added(line, str(number), offering, 1, line.characteristics, day, currency)
    members = []
    for index, (item, count) in enumerate(catalog.members(offering, line.options), start=1):
        chosen = line.member_characteristics.get(item.offering.code, {})
        node = _added(line, f"{number}.{index}", item.offering, count, chosen, day, currency)
        node.parent, node.add_on = root, item.is_add_on
        members.append(node)
    for node in members:
        if node.add_on:
            node.needs = [other for other in members if not other.add_on]
    return [root, *members]


def _added(
    line: Line,
    position: str,
    offering: ProductOffering,
    quantity: int,
    chosen: Mapping[str, Any],
    day: date,
    currency: str,
) -> Node:
    prices = (
        line.prices if line.prices is not None else catalog.prices_for(offering, day=day, currency=currency)
    )
    return Node(
        position=position,
        action=Action.ADD,
        offering=offering,
        site=line.site,
        quantity=quantity,
        characteristics=characteristics.effective(offering, chosen),
        prices=list(prices),
    )


def _existing(line: Line, number: int, customer: Customer, day: date, currency: str) -> list[Node]:
    """The item for a product that is there; removing a bundle removes its members."""
    product = line.product
    if product is None or product.customer_id != customer.pk:
        raise Invalid(_("Name a product of this customer"), code="order.product")
    if line.action not in Action.values:
        raise Invalid(_("Unknown action"), code="order.action")
    delivered = {Product.Status.ACTIVE, Product.Status.SUSPENDED}
    if line.action != Action.NO_CHANGE and product.status not in delivered:
        raise Invalid(_("%(product)s is not active") % {"product": product.number}, code="order.productState")
    root = _kept(product, line.action, str(number), line.site)
    if line.action == Action.MODIFY:
        _modified(root, line, product, day, currency)
    members = []
    if line.action == Action.DELETE:
        alive = product.members.filter(status__in=delivered).select_related("offering", "site")
        for index, member in enumerate(alive, start=1):
            node = _kept(member, line.action, f"{number}.{index}", None)
            node.parent = root
            members.append(node)
    return [root, *members]


def _kept(product: Product, action: str, position: str, site: CustomerSite | None) -> Node:
    return Node(
        position=position,
        action=action,
        offering=product.offering,
        site=site or product.site,
        quantity=product.quantity,
        characteristics=dict(product.characteristics),
        prices=[],
        product=product,
    )


def _modified(root: Node, line: Line, product: Product, day: date, currency: str) -> None:
    """What changes about a product: another offer brings its own values and the prices of the day."""
    if product.members.exists():
        raise Invalid(_("A bundle is changed by its members"), code="order.bundle")
    offering = line.offering or product.offering
    root.offering = offering
    root.quantity = line.quantity or product.quantity
    if offering.pk != product.offering_id:
        root.characteristics = characteristics.effective(offering, line.characteristics)
        root.prices = list(line.prices or catalog.prices_for(offering, day=day, currency=currency))
        return
    chosen = {
        name: value for name, value in product.characteristics.items() if name not in offering.characteristics
    }
    root.characteristics = characteristics.effective(offering, {**chosen, **line.characteristics})
    root.prices = list(line.prices or ())
