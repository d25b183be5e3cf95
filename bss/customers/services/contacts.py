"""Doors of contacts and consents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, IntegerField, Value, When
from django.utils.translation import gettext as _

from bss.customers.models import BillingAccount, Consent, ContactMedium, Party
from bss.customers.services import validation
from kernel import clock, lifecycle
from kernel.errors import Invalid


def add_contact(
    *,
    party: Party,
    kind: str,
    value: str = "",
    role: str = ContactMedium.Role.GENERAL,
    person: str = "",
    street: str = "",
    postcode: str = "",
    city: str = "",
    country: str = "FR",
    preferred: bool = False,
    field: str = "value",
) -> ContactMedium:
    """Add an e-mail address, a telephone number or a postal address (street, city, country) in its stored form.

    The first contact of a kind is the preferred one. Raises Invalid, at the input called `field`, for a value that does
    not fit or is known already.
    """
    contact = ContactMedium(
        party=party,
        kind=kind,
        role=role,
        person=person,
        **_stored(kind, value, street, postcode, city, country, field),
    )
    with transaction.atomic():
        Party.objects.filter(pk=party.pk).locked().get()
        mine = ContactMedium.objects.filter(party=party, kind=kind)
        if mine.filter(role=role, value=contact.value).exists():
            raise Invalid(
                _("This contact is known already"), code="contact.twice", fields={field: _("Known already")}
            )
        contact.preferred = not mine.filter(preferred=True).exists()
        lifecycle.create(contact)
        if preferred and not contact.preferred:
            prefer_contact(contact=contact)
    return contact


def change_contact(
    *, contact: ContactMedium, version: int | None = None, preferred: bool = False, **values: Any
) -> ContactMedium:
    """Correct a contact (its kind stays); raises Invalid as `add_contact` does, StaleVersion."""
    parts = ("value", "street", "postcode", "city", "country")
    value, street, postcode, city, country = (values.get(name, getattr(contact, name)) for name in parts)
    changes: dict[str, Any] = {name: values[name] for name in ("role", "person") if name in values}
    changes.update(_stored(contact.kind, value, street, postcode, city, country, "value"))
    with transaction.atomic():
        lifecycle.change(contact, version=version, **changes)
        if preferred and not contact.preferred:
            prefer_contact(contact=contact)
    return contact


def prefer_contact(*, contact: ContactMedium) -> ContactMedium:
    """Make this the contact of its kind that is used first."""
    with transaction.atomic():
        Party.objects.filter(pk=contact.party_id).locked().get()
        others = ContactMedium.objects.filter(party=contact.party_id, kind=contact.kind, preferred=True)
        for other in others.exclude(pk=contact.pk):
            lifecycle.change(other, preferred=False)
        return lifecycle.change(contact, preferred=True)


def remove_contact(*, contact: ContactMedium, reason: str = "") -> None:
    """Forget a contact. Raises Invalid when an account's bills go there."""
    with transaction.atomic():
        if BillingAccount.objects.filter(billing_address=contact).exists():
            raise Invalid(_("Bills are addressed here: choose another address first"), code="contact.inUse")
        lifecycle.remove(contact, reason=reason)


def reach(*, party: Party, kind: str, role: str = ContactMedium.Role.GENERAL) -> ContactMedium | None:
    """The contact to use for a purpose: of that role first, then the preferred one, then any."""
    ranked = party.contacts.filter(kind=kind).annotate(
        rank=Case(When(role=role, then=Value(0)), default=Value(1), output_field=IntegerField())
    )
    best: ContactMedium | None = ranked.order_by("rank", "-preferred", "id").first()
    return best


def masked(contact: ContactMedium) -> str:
    """A contact as it is shown to people who may not see personal data: enough to recognise, too little to use."""
    if contact.kind == ContactMedium.Kind.EMAIL:
        local, _at, domain = contact.value.partition("@")
        return f"{local[:1]}…@{domain[:1]}…"
    if contact.kind == ContactMedium.Kind.PHONE:
        return f"…{contact.value[-3:]}"
    return f"… {contact.city}"


def record_consent(
    *, party: Party, purpose: str, granted: bool, source: str, at: datetime | None = None
) -> Consent:
    """Keep a decision as evidence; the latest one of a purpose rules."""
    if purpose not in Consent.Purpose.values:
        raise Invalid(_("Unknown purpose"), code="consent.purpose", fields={"purpose": _("Unknown purpose")})
    return lifecycle.create(
        Consent(party=party, purpose=purpose, granted=granted, source=source, at=at or clock.now())
    )


def consents_of(party: Party) -> dict[str, Consent]:
    """The ruling decision per purpose; a purpose that was never decided is absent, which means no."""
    latest = Consent.objects.filter(party=party).order_by("purpose", "-at", "-id").distinct("purpose")
    return {consent.purpose: consent for consent in latest}


def _stored(
    kind: str, value: str, street: str, postcode: str, city: str, country: str, field: str
) -> dict[str, str]:
    if kind == ContactMedium.Kind.EMAIL:
        return {"value": validation.email(value, field=field)}
    if kind == ContactMedium.Kind.PHONE:
        return {"value": validation.phone(value, country=country or "FR", field=field)}
    if kind != ContactMedium.Kind.ADDRESS:
        raise Invalid(_("Unknown kind of contact"), code="contact.kind", fields={"kind": _("Unknown")})
    missing = {name: _("This is needed") for name, part in (("street", street), ("city", city)) if not part}
    if missing:
        raise Invalid(_("An address needs street and city"), code="contact.address", fields=missing)
    country = validation.country(country)
    line = f"{street}, {postcode} {city}, {country}"
    return {"value": line, "street": street, "postcode": postcode, "city": city, "country": country}
