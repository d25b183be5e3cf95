"""Makers of parties, customers, accounts, contacts and sites, straight through the models."""

from __future__ import annotations

from itertools import count
from typing import Any

from bss.customers.models import (
    Agreement,
    BillingAccount,
    Consent,
    ContactMedium,
    Customer,
    CustomerSite,
    Interaction,
    Party,
)
from kernel import clock
from tests.factories.rest import sample

_serial = count(1)


def make_party(**overrides: Any) -> Party:
    """An organization, or a person with `kind="individual"`."""
    number = next(_serial)
    if overrides.get("kind") == Party.Kind.INDIVIDUAL:
        names = {"given_name": "Jeanne", "family_name": f"Martin {number}"}
    else:
        names = {"kind": Party.Kind.ORGANIZATION, "trading_name": f"Boulangerie {number}"}
    return Party.objects.create(**{"language": "fr", **names, **overrides})


def make_customer(**overrides: Any) -> Customer:
    """An active business customer."""
    overrides.setdefault("party", None)
    party = overrides.pop("party") or make_party()
    values = {"segment": Customer.Segment.BUSINESS, "status": Customer.Status.ACTIVE, **overrides}
    return Customer.objects.create(party=party, **values)


def make_account(**overrides: Any) -> BillingAccount:
    """An active account billed on the 1st in euros."""
    customer = overrides.pop("customer", None) or make_customer()
    values = {"name": "Main", "payer": customer.party, "cycle_day": 1, "language": "fr", **overrides}
    return BillingAccount.objects.create(customer=customer, **values)


def make_contact(**overrides: Any) -> ContactMedium:
    """A preferred e-mail address of a party."""
    party = overrides.pop("party", None) or make_party()
    values = {
        "kind": ContactMedium.Kind.EMAIL,
        "value": f"contact{next(_serial)}@example.net",
        "preferred": True,
        **overrides,
    }
    return ContactMedium.objects.create(party=party, **values)


def make_site(**overrides: Any) -> CustomerSite:
    """A site in Lyon without a serving location yet."""
    customer = overrides.pop("customer", None) or make_customer()
    values = {
        "name": f"Site {next(_serial)}",
        "street": "12 rue de la République",
        "postcode": "69002",
        "city": "Lyon",
        "country": "FR",
        **overrides,
    }
    return CustomerSite.objects.create(customer=customer, **values)


def make_agreement(**overrides: Any) -> Agreement:
    """An approved agreement of 24 months."""
    customer = overrides.pop("customer", None) or make_customer()
    values = {
        "name": "Business Internet 24 months",
        "start": clock.today(),
        "term_months": 24,
        "status": Agreement.Status.APPROVED,
        **overrides,
    }
    return Agreement.objects.create(customer=customer, **values)


def make_interaction(**overrides: Any) -> Interaction:
    """An inbound call that is over."""
    customer = overrides.pop("customer", None) or make_customer()
    values = {
        "channel": Interaction.Channel.PHONE,
        "reason": "Question about a bill",
        "at": clock.now(),
        **overrides,
    }
    return Interaction.objects.create(customer=customer, **values)


# Samples of the REST resources


@sample(
    "632/individual",
    body=lambda: {"givenName": "Zoé", "familyName": "Durand", "language": "fr"},
    patch=lambda row: {"title": "Dr"},
)
def individuals(count: int) -> list[Party]:
    return [make_party(kind=Party.Kind.INDIVIDUAL) for _index in range(count)]


@sample(
    "632/organization",
    body=lambda: {"tradingName": "Atelier du Rhône", "vatId": "FR83404833048"},
    patch=lambda row: {"name": "Atelier du Rhône SARL", "status": "validated"},
)
def organizations(count: int) -> list[Party]:
    parties = [make_party(vat_id="FR83404833048") for _index in range(count)]
    for party in parties:
        make_contact(party=party)
    return parties


@sample(
    "629/customer",
    body=lambda: {"name": "anything", "engagedParty": {"id": str(make_party().pk)}, "segment": "enterprise"},
    patch=lambda row: {"name": "Renamed", "creditClass": "C"},
)
def customers(count: int) -> list[Customer]:
    accounts = [make_account() for _index in range(count)]
    for account in accounts:
        make_agreement(customer=account.customer)
        make_contact(party=account.customer.party)
    return [account.customer for account in accounts]


@sample(
    "666/billingAccount",
    body=lambda: {
        "name": "Main",
        "relatedParty": [{"id": str(make_customer().pk), "role": "customer"}],
        "cycleDay": 15,
        "currency": "EUR",
    },
    patch=lambda row: {"name": "Other", "cycleDay": 31},
)
def billing_accounts(count: int) -> list[BillingAccount]:
    return [make_account(name=f"Account {index}") for index in range(count)]


@sample("666/partyAccount")
def party_accounts(count: int) -> list[BillingAccount]:
    return billing_accounts(count)


def make_whole_customer() -> Customer:
    """A customer with something of everything its page shows."""
    account = make_account()
    customer = account.customer
    make_contact(party=customer.party)
    make_site(customer=customer)
    make_agreement(customer=customer)
    make_interaction(customer=customer)
    Consent.objects.create(
        party=customer.party, purpose=Consent.Purpose.DIRECTORY, granted=True, at=clock.now(), source="shop"
    )
    return customer


SAMPLES = {
    "bss_customers.Customer": make_whole_customer,
    "bss_customers.BillingAccount": make_account,
    "bss_customers.ContactMedium": make_contact,
    "bss_customers.CustomerSite": make_site,
    "bss_customers.Interaction": make_interaction,
}
