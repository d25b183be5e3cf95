"""Doors of service levels: their definitions, and the agreements that services get by them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from bss.customers.models import Customer
from bss.orders.models import Product
from kernel import clock, lifecycle
from kernel.errors import Invalid
from service_mgmt.levels.models import CreditBand, SlaAgreement, SlaDefinition
from service_mgmt.services.models import Service

logger = logging.getLogger(__name__)

Bands = Iterable[tuple[Decimal, Decimal]]

# Classes to start with: code → (English, French, target, bands, further terms).
STANDARD: Mapping[str, tuple[str, str, str, tuple[tuple[str, str], ...], dict[str, Any]]] = {
    "business-999": (
        "Business 99.9 %",
        "Entreprise 99,9 %",
        "99.9",
        (("99.9", "5"), ("99.5", "10"), ("99.0", "25")),
        {
            "time_to_restore": timedelta(hours=8),
            "late_repair_percent": Decimal(5),
            "cap_percent": Decimal(50),
            "pre_agreed": True,
        },
    ),
    "enterprise-9995": (
        "Enterprise 99.95 %",
        "Grands comptes 99,95 %",
        "99.95",
        (("99.95", "10"), ("99.5", "25"), ("99.0", "50")),
        {
            "time_to_restore": timedelta(hours=4),
            "late_repair_percent": Decimal(10),
            "cap_percent": Decimal(100),
        },
    ),
    "residential-99": (
        "Residential 99 %",
        "Particuliers 99 %",
        "99",
        (("99", "10"), ("95", "25")),
        {"cap_percent": Decimal(50), "pre_agreed": True, "maintenance_notice": timedelta(days=2)},
    ),
}


def install_definitions(*, codes: Iterable[str] = STANDARD) -> list[SlaDefinition]:
    """Create those of our standard classes (of `codes`) that are missing; returns the new ones."""
    wanted = set(codes)
    known = set(SlaDefinition.objects.values_list("code", flat=True))
    return [
        define(
            code=code,
            name_en=english,
            name_fr=french,
            availability_target=Decimal(target),
            bands=[(Decimal(below), Decimal(percent)) for below, percent in bands],
            **terms,
        )
        for code, (english, french, target, bands, terms) in STANDARD.items()
        if code in wanted and code not in known
    ]


def define(*, code: str, availability_target: Decimal, bands: Bands = (), **terms: Any) -> SlaDefinition:
    """Define a class of service level. `bands`: (availability below, credit percent), in percent.

    Raises Invalid for a code that is taken or bands that do not fit: each below the target or at it, and the lower the
    availability the higher the credit.
    """
    if SlaDefinition.objects.filter(code=code).exists():
        raise Invalid(_("This code is taken"), code="sla.code", fields={"code": _("Taken")})
    rows = _checked(availability_target, bands)
    with transaction.atomic():
        definition = lifecycle.create(
            SlaDefinition(code=code, availability_target=availability_target, **terms)
        )
        lifecycle.create_many(
            [
                CreditBand(definition=definition, below=below, credit_percent=percent)
                for below, percent in rows
            ]
        )
    return definition


def change_definition(
    *, definition: SlaDefinition, bands: Bands | None = None, version: int | None = None, **changes: Any
) -> SlaDefinition:
    """Change a class; months that are closed keep their results. Raises Invalid as `define`, StaleVersion."""
    target = changes.get("availability_target", definition.availability_target)
    present = definition.bands.values_list("below", "credit_percent")
    rows = _checked(target, list(present) if bands is None else bands)
    with transaction.atomic():
        lifecycle.change(definition, version=version, **changes)
        known = {band.below: band for band in definition.bands.all()}
        for below, percent in rows:
            band = known.pop(below, None)
            if band is None:
                lifecycle.create(CreditBand(definition=definition, below=below, credit_percent=percent))
            elif band.credit_percent != percent:
                lifecycle.change(band, credit_percent=percent)
        for band in known.values():
            lifecycle.remove(band)
    return definition


def agree(
    *, service: Service, definition: SlaDefinition, product: Product, at: datetime | None = None
) -> SlaAgreement:
    """Promise a level for a service from `at` on; an agreement that runs is returned, or ended when it is of another class.

    Safe to call twice.
    """
    at = at or clock.now()
    with transaction.atomic():
        running = SlaAgreement.objects.locked().filter(service=service, ends=None).first()
        if running is not None:
            if running.definition_id == definition.pk:
                return running
            lifecycle.change(running, verb="ended", ends=max(at, running.starts))
        return lifecycle.create(
            SlaAgreement(
                service=service,
                product=product,
                customer=service.customer,
                definition=definition,
                time_zone=product.account.time_zone,
                starts=at,
            )
        )


def agree_by_class(*, service_id: UUID, at: datetime) -> SlaAgreement | None:
    """Promise a new service what its contract or its offering says; None where neither names a class we have.

    The contract goes before the offering, the product itself before the bundle it is part of. A standard class that
    nobody has defined yet is defined when it is first named.
    """
    service = Service.objects.select_related("customer", "product__account").get(pk=service_id)
    if service.product is None:
        return None
    product = Product.objects.select_related(
        "account", "agreement", "offering", "parent__agreement", "parent__offering"
    ).get(pk=service.product_id)
    code = class_of(product)
    if not code:
        return None
    definition = SlaDefinition.objects.filter(code=code).first()
    if definition is None:
        definition = next(iter(install_definitions(codes=[code])), None)
    if definition is None:
        logger.warning("%s is promised %s, which no service level is called", service.number, code)
        return None
    return agree(service=service, definition=definition, product=product, at=at)


def class_of(product: Product) -> str:
    """The class of service level that a product's contract, or else its offering, names; empty for none."""
    whole = [product, *([product.parent] if product.parent else [])]
    contracts = [one.agreement.sla_class for one in whole if one.agreement]
    return next((code for code in [*contracts, *(one.offering.sla_class for one in whole)] if code), "")


def classes_of(service_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Service id → the class that is promised for it now, in one query; services without a promise are left out."""
    running = SlaAgreement.objects.filter(service__in=list(service_ids), ends=None)
    return dict(running.values_list("service_id", "definition__code"))


def end_agreements(*, product_id: UUID, at: datetime) -> int:
    """The product is gone: nothing is promised from `at` on. Returns how many agreements ended."""
    with transaction.atomic():
        rows = SlaAgreement.objects.filter(product_id=product_id, ends=None).locked()
        for row in rows:
            lifecycle.change(row, verb="ended", ends=max(at, row.starts))
        return len(rows)


def merge(keep: Customer, drop: Customer) -> None:
    """Agreements of a customer who was taken over become those of the other."""
    SlaAgreement.objects.filter(customer=drop).update(customer=keep)


def _checked(target: Decimal, bands: Bands) -> list[tuple[Decimal, Decimal]]:
    rows = sorted(bands, reverse=True)
    if any(below > target for below, _percent in rows):
        raise Invalid(
            _("A credit band cannot begin above the target"),
            code="sla.bands",
            fields={"bands": _("Above the target")},
        )
    percents = [percent for _below, percent in rows]
    if percents != sorted(percents) or len({below for below, _percent in rows}) != len(rows):
        raise Invalid(
            _("The lower the availability, the higher the credit"),
            code="sla.bands",
            fields={"bands": _("Not in order")},
        )
    return rows
