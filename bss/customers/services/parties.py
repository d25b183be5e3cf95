"""Doors of parties and of their role as customer."""

from __future__ import annotations

from datetime import date
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext as _

from bss.customers.models import Customer, Party
from bss.customers.services import validation
from kernel import lifecycle
from kernel.errors import Invalid


class Identity(TypedDict, total=False):
    """What tells who a party is."""

    kind: str
    title: str
    given_name: str
    family_name: str
    birth_date: date | None
    trading_name: str
    legal_name: str
    vat_id: str
    registration_no: str
    language: str


def create_party(**identity: Unpack[Identity]) -> Party:
    """Make a person (given and family name) or an organization (trading name).

    Raises Invalid for missing names and for VAT or registration numbers with wrong check digits.
    """
    values = _checked(identity)
    kind = values.get("kind") or (
        Party.Kind.ORGANIZATION if values.get("trading_name") else Party.Kind.INDIVIDUAL
    )
    values["kind"] = kind
    wanted = ("trading_name",) if kind == Party.Kind.ORGANIZATION else ("given_name", "family_name")
    missing = {name: _("This is needed") for name in wanted if not values.get(name)}
    if missing:
        raise Invalid(_("A party needs its name"), code="party.name", fields=missing)
    return lifecycle.create(Party(**values))


def change_party(*, party: Party, version: int | None = None, **identity: Unpack[Identity]) -> Party:
    """Correct who a party is. Raises Invalid as `create_party` does, StaleVersion when it changed meanwhile."""
    values = _checked(identity)
    if values.get("kind", party.kind) != party.kind:
        raise Invalid(
            _("A person does not become an organization"), code="party.kind", fields={"kind": _("Fixed")}
        )
    with transaction.atomic():
        lifecycle.change(party, version=version, **values)
        # The name is made by the database.
        party.refresh_from_db(fields=["name"])
    return party


def set_party_status(*, party: Party, to: str, reason: str = "") -> Party:
    """Move a party in its lifecycle; raises IllegalMove, also for a status of the other kind (a closed person)."""
    foreign = Party.Status.CLOSED if party.kind == Party.Kind.INDIVIDUAL else Party.Status.DECEASED
    if to == foreign:
        raise type(party).lifecycle.refuse(party.status, to)
    return lifecycle.move(party, to, reason=reason)


def create_customer(
    *,
    party: Party | None = None,
    segment: str = Customer.Segment.RESIDENTIAL,
    credit_class: str = Customer.CreditClass.B,
    status: str = Customer.Status.ACTIVE,
    email: str = "",
    phone: str = "",
    **identity: Unpack[Identity],
) -> Customer:
    """Make a customer out of a party, or of a new one from `identity`, with first contacts where they are given.

    Raises Invalid for bad identity or contacts, or when the party is a customer already.
    """
    from bss.customers.services.contacts import add_contact

    if status not in {Customer.Status.PROSPECT, Customer.Status.ACTIVE}:
        raise Invalid(_("A new customer is a prospect or active"), code="customer.status")
    with transaction.atomic():
        if party is None:
            party = create_party(**identity)
        elif Customer.objects.filter(party=party).exists():
            raise Invalid(_("%(name)s is a customer already") % {"name": party}, code="customer.twice")
        customer = lifecycle.create(
            Customer(party=party, segment=segment, credit_class=credit_class, status=status)
        )
        if email:
            add_contact(party=party, kind="email", value=email, preferred=True, field="email")
        if phone:
            add_contact(party=party, kind="phone", value=phone, preferred=True, field="phone")
    return customer


def change_customer(
    *,
    customer: Customer,
    version: int | None = None,
    segment: str | None = None,
    credit_class: str | None = None,
    **identity: Unpack[Identity],
) -> Customer:
    """Change segment, credit class and identity in one step; raises Invalid and StaleVersion."""
    given: dict[str, Any] = {"segment": segment, "credit_class": credit_class}
    changes = {name: value for name, value in given.items() if value is not None}
    with transaction.atomic():
        lifecycle.change(customer, version=version, **changes)
        if identity:
            change_party(party=customer.party, **identity)
    return customer


def activate_customer(*, customer: Customer, reason: str = "") -> Customer:
    """A prospect buys, or a closed customer comes back."""
    return lifecycle.move(customer, Customer.Status.ACTIVE, reason=reason)


def close_customer(*, customer: Customer, reason: str) -> Customer:
    """End the relation. Raises Invalid while an account is open: close the accounts first."""
    with transaction.atomic():
        if open_accounts := customer.accounts.exclude(status="closed").count():
            raise Invalid(
                _("%(count)d account(s) are still open: close them first") % {"count": open_accounts},
                code="customer.openAccounts",
            )
        return lifecycle.move(customer, Customer.Status.CLOSED, reason=reason)


def remove_party(*, party: Party, reason: str = "") -> None:
    """Forget a party with its contacts and consents; raises ProtectedError while it is a customer or pays an account."""
    lifecycle.remove(party, reason=reason)


def remove_customer(*, customer: Customer, reason: str = "") -> None:
    """Take back a customer entered by mistake; raises ProtectedError once there are accounts, sites, orders or talks."""
    lifecycle.remove(customer, reason=reason)


def _checked(identity: Identity) -> Identity:
    values = identity.copy()
    if values.get("vat_id"):
        values["vat_id"] = validation.vat_id(values["vat_id"])
    if values.get("registration_no"):
        country = values["vat_id"][:2] if values.get("vat_id") else "FR"
        values["registration_no"] = validation.registration_no(values["registration_no"], country=country)
    return values
