"""Chapter two: a French-speaking business customer with two sites — qualification, quote, order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from bss.catalog.models import ProductOffering
from bss.catalog.services.simulation import QuotedLine
from bss.customers import services as customers
from bss.orders import services as orders
from bss.orders.models import ProductOrder
from bss.orders.services import Line
from kernel import clock
from oss.inventory.models import Location
from portal.story.teller import Teller

# The second of a month: the month before it is measured and credited by then (portal.story.run).
CYCLE_DAY = 2


def tell(story: Teller) -> None:
    """The customer asks, the network answers, the quote becomes an order, and resources are reserved for it."""
    with story.as_("sales") as seller:
        customer = customers.create_customer(
            trading_name="Boulangerie Le Fournil",
            legal_name="Le Fournil SARL",
            segment="business",
            language="fr",
            email="contact@fournil.example",
            phone="+33299010203",
        )
        address = customers.add_contact(
            party=customer.party,
            kind="address",
            role="billing",
            street="3 rue du Phare",
            postcode="22999",
            city="Port-Armel",
            country="FR",
        )
        account = customers.open_account(
            customer=customer,
            name="Le Fournil",
            cycle_day=CYCLE_DAY,
            billing_address=address,
            payment_days=14,
        )
        sites = [
            customers.add_site(
                customer=customer,
                name=name,
                street=street,
                postcode="22999",
                city=place.name,
                location_code=place.code,
            )
            for name, street, place in (
                ("Port-Armel", "3 rue du Phare", _place("Port-Armel")),
                ("Kervalan", "8 place du Bourg", _place("Kervalan")),
            )
        ]
        story.made("customer", customer)
        story.made("account", account)
        offer = ProductOffering.objects.get(code="business-internet-100", status="launched")
        for site in sites:
            answer = orders.qualify(customer=customer, site=site, offering=offer)
            story.made(f"qualification {site.name}", answer)
            story.check(f"{site.name} can be served", answer.result == "qualified", answer.explanation)
        quote = orders.open_quote(
            customer=customer,
            account=account,
            items=[
                Line(offering=offer, site=sites[0], options={"voice-line": 1}),
                Line(offering=offer, site=sites[1]),
            ],
        )
        story.made("quote", quote)
        orders.send_quote(quote=quote)
        order = orders.accept_quote(
            quote=quote, by=seller, requested_date=clock.today("Europe/Paris") + timedelta(days=5)
        )
        story.made("order", order)
        second = _second_customer(story, offer)
    products = [
        item.product
        for one in (order, second)
        for item in one.items.leaves().select_related("product__offering", "product__site")
    ]
    story.things["products"] = products
    story.check("products ordered", len(products) == 4, len(products))
    story.check(
        "quoted per month, net", True, str(sum((row.amount for row in _recurring(story)), Decimal(0)))
    )


def _second_customer(story: Teller, offer: ProductOffering) -> ProductOrder:
    """An English-speaking neighbour at the second place, who orders without a quote and will not pay in time."""
    customer = customers.create_customer(
        trading_name="Atlantic Bikes",
        segment="business",
        language="en",
        email="office@atlantic-bikes.example",
    )
    account = customers.open_account(
        customer=customer, name="Atlantic Bikes", cycle_day=CYCLE_DAY, payment_days=14
    )
    place = _place("Kervalan")
    site = customers.add_site(
        customer=customer,
        name="Workshop",
        street="2 quai Sud",
        postcode="22998",
        city=place.name,
        location_code=place.code,
    )
    story.made("second customer", customer)
    story.things["second account"] = account
    return story.made(
        "second order",
        orders.place_order(customer=customer, account=account, items=[Line(offering=offer, site=site)]),
    )


def _recurring(story: Teller) -> list[QuotedLine]:
    return [line for line in orders.lines_of(story.things["quote"]) if line.price.kind == "recurring"]


def accept(story: Teller) -> ProductOrder:
    """Take both orders on (chapter three waits for what follows)."""
    with story.as_("sales"):
        orders.accept_order(order=story.things["second order"])
        return orders.accept_order(order=story.things["order"])


def _place(name: str) -> Location:
    return Location.objects.sites().get(name=name)
