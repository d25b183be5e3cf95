"""Doors of sites and agreements."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bss.customers.models import Agreement, Customer, CustomerSite
from bss.customers.services import validation
from kernel import clock, lifecycle
from kernel.errors import Invalid


def add_site(
    *,
    customer: Customer,
    name: str,
    street: str,
    postcode: str,
    city: str,
    country: str = "FR",
    location_code: str = "",
    latitude: Decimal | None = None,
    longitude: Decimal | None = None,
    access_notes: str = "",
) -> CustomerSite:
    """Add a place to be served at; coordinates in degrees, both or none. Raises Invalid for a name used twice."""
    if CustomerSite.objects.filter(customer=customer, name=name).exists():
        raise Invalid(
            _("The customer has a site of this name"), code="site.twice", fields={"name": _("Used already")}
        )
    _paired(latitude, longitude)
    return lifecycle.create(
        CustomerSite(
            customer=customer,
            name=name,
            street=street,
            postcode=postcode,
            city=city,
            country=validation.country(country),
            location_code=location_code,
            latitude=latitude,
            longitude=longitude,
            access_notes=access_notes,
        )
    )


def change_site(*, site: CustomerSite, version: int | None = None, **values: Any) -> CustomerSite:
    """Correct a site. Raises Invalid for a bad country or half a coordinate, StaleVersion."""
    if "country" in values:
        values["country"] = validation.country(values["country"])
    _paired(values.get("latitude", site.latitude), values.get("longitude", site.longitude))
    return lifecycle.change(site, version=version, **values)


def sign_agreement(
    *,
    customer: Customer,
    name: str,
    start: date,
    term_months: int = 0,
    notice_months: int = 1,
    early_termination_fee: Decimal = Decimal(0),
    currency: str = "EUR",
    sla_class: str = "",
    signed_by: str = "",
    approve: bool = True,
) -> Agreement:
    """Put a contract on record, in force at once unless `approve` is False; the fee is in `currency`, net."""
    if early_termination_fee < 0:
        raise Invalid(
            _("A fee is not negative"), code="agreement.fee", fields={"early_termination_fee": _("≥ 0")}
        )
    with transaction.atomic():
        agreement = lifecycle.create(
            Agreement(
                customer=customer,
                name=name,
                start=start,
                term_months=term_months,
                notice_months=notice_months,
                early_termination_fee=early_termination_fee,
                currency=validation.currency(currency),
                sla_class=sla_class,
                signed_by=signed_by,
            )
        )
        return approve_agreement(agreement=agreement) if approve else agreement


def approve_agreement(*, agreement: Agreement) -> Agreement:
    """Both sides have signed."""
    return lifecycle.move(agreement, Agreement.Status.APPROVED)


def reject_agreement(*, agreement: Agreement, reason: str) -> Agreement:
    """It does not come about."""
    return lifecycle.move(agreement, Agreement.Status.REJECTED, reason=reason)


def end_agreement(*, agreement: Agreement, on: date | None = None, reason: str) -> Agreement:
    """End a contract on a day (default: today, in UTC); raises Invalid before its start."""
    day = on or clock.today()
    if day < agreement.start:
        raise Invalid(
            _("It cannot end before it starts"), code="agreement.period", fields={"on": _("Too early")}
        )
    return lifecycle.move(agreement, Agreement.Status.ENDED, reason=reason, ended_on=day)


def _paired(latitude: Decimal | None, longitude: Decimal | None) -> None:
    if (latitude is None) != (longitude is None):
        raise Invalid(
            _("Coordinates come in pairs"),
            code="site.coordinates",
            fields={"longitude" if longitude is None else "latitude": _("Missing")},
        )
