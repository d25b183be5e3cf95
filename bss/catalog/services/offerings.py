"""Doors of specifications and offerings: made, revised, put on sale, taken off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from bss.catalog.events import OfferingLaunched, OfferingRetired
from bss.catalog.models import (
    Allowance,
    BundleItem,
    OfferingRelation,
    ProductOffering,
    ProductSpecification,
    Tariff,
)
from bss.catalog.services import characteristics, checks, codes
from kernel import clock, lifecycle, locks
from kernel.errors import DomainError, Invalid

# Each step a new offer goes through on its way to sale.
_PATH = (
    ProductOffering.Status.IN_STUDY,
    ProductOffering.Status.IN_DESIGN,
    ProductOffering.Status.IN_TEST,
    ProductOffering.Status.ACTIVE,
    ProductOffering.Status.LAUNCHED,
)
# What may still change once an offer was on sale: how it is told, shelved, and whom it is sold to.
ALWAYS = frozenset(
    {
        "name_en", "name_fr", "description_en", "description_fr", "category", "is_sellable", "segments",
        "credit_classes", "areas", "valid_to",
    }
)  # fmt: skip


def create_specification(*, name_en: str, code: str = "", **values: Any) -> ProductSpecification:
    """Make a specification; raises Invalid for a schema of characteristics that makes no sense or a code in use."""
    values["characteristics"] = characteristics.check_schema(values.get("characteristics", []))
    code = codes.free(ProductSpecification, code, name_en)
    return lifecycle.create(ProductSpecification(code=code, name_en=name_en, **values))


def change_specification(
    *, specification: ProductSpecification, version: int | None = None, **values: Any
) -> ProductSpecification:
    """Change a specification. Raises Invalid for other characteristics while an offer that was on sale stands on it."""
    if "characteristics" in values:
        values["characteristics"] = characteristics.check_schema(values["characteristics"])
        changed = values["characteristics"] != specification.characteristics
        if changed and specification.offerings.exclude(launched=None).exists():
            raise Invalid(
                _("Offers on sale stand on this specification: make another one"), code="catalog.sold",
                fields={"characteristics": _("Sold")},
            )  # fmt: skip
    return lifecycle.change(specification, version=version, **values)


def move_specification(*, specification: ProductSpecification, to: str) -> ProductSpecification:
    """Move a specification in its lifecycle; raises IllegalMove."""
    return lifecycle.move(specification, to)


def create_offering(
    *, name_en: str, code: str = "", valid_from: date | None = None, status: str = "in_design", **values: Any
) -> ProductOffering:
    """Make the first revision of an offer, in study or in design; without a code one is made from the name.

    Raises Invalid for a code in use, values outside the specification, or an offer beyond study that is neither a bundle
    nor stands on a specification.
    """
    code = codes.free(ProductOffering, code, name_en)
    if status not in {ProductOffering.Status.IN_STUDY, ProductOffering.Status.IN_DESIGN}:
        raise Invalid(_("A new offer is in study or in design"), code="catalog.status")
    specification = values.get("specification")
    values["characteristics"] = characteristics.fixed(specification, values.get("characteristics", {}))
    offering = ProductOffering(
        code=code, name_en=name_en, valid_from=valid_from or clock.today(), status=status, **values
    )
    _whole(offering)
    return lifecycle.create(offering)


def change_offering(
    *, offering: ProductOffering, version: int | None = None, **values: Any
) -> ProductOffering:
    """Change an offer: everything while it was never on sale, afterwards only texts, shelf and whom it is sold to.

    Raises Invalid for anything else, StaleVersion.
    """
    if not offering.is_open and (sealed := set(values) - ALWAYS):
        raise Invalid(
            _("This offer was on sale: make a new revision to change %(names)s")
            % {"names": ", ".join(sorted(sealed))},
            code="catalog.sold",
            fields=dict.fromkeys(sealed, _("Sold")),
        )
    if "characteristics" in values:
        specification = values.get("specification", offering.specification)
        values["characteristics"] = characteristics.fixed(specification, values["characteristics"])
    start, end = values.get("valid_from", offering.valid_from), values.get("valid_to", offering.valid_to)
    if end is not None and end < start:
        raise Invalid(
            _("It ends before it starts"), code="catalog.period", fields={"valid_to": _("Before the start")}
        )
    return lifecycle.change(offering, version=version, **values)


def set_bundle(*, bundle: ProductOffering, items: Sequence[Mapping[str, Any]]) -> list[BundleItem]:
    """Say what a bundle holds: `{offering, minimum, default, maximum}` each, in order; the former list goes.

    Raises Invalid for an offer that is no bundle, was on sale, holds itself, or has impossible counts.
    """
    if not bundle.is_bundle or not bundle.is_open:
        raise Invalid(_("Only a bundle that was never on sale can be filled"), code="catalog.bundle")
    with transaction.atomic():
        for old in bundle.items.all():
            lifecycle.remove(old)
        rows = []
        for position, item in enumerate(items, start=1):
            row = BundleItem(bundle=bundle, position=position, **item)
            if not row.minimum <= row.default <= row.maximum or row.maximum < 1:
                raise Invalid(_("At least ≤ by default ≤ at most"), code="catalog.cardinality")
            if row.offering_id == bundle.pk or row.offering.is_bundle:
                raise Invalid(_("A bundle holds simple offers"), code="catalog.nested")
            rows.append(row)
        return lifecycle.create_many(rows)


def set_relations(
    *, offering: ProductOffering, requires: list[str] | None = None, excludes: list[str] | None = None
) -> None:
    """Say by code which offers this one needs and which it cannot stand beside; None leaves that kind as it is."""
    wanted = {OfferingRelation.Kind.REQUIRES: requires, OfferingRelation.Kind.EXCLUDES: excludes}
    with transaction.atomic():
        for kind, codes in wanted.items():
            if codes is None:
                continue
            if offering.code in codes:
                raise Invalid(_("An offer has no rule about itself"), code="catalog.relation")
            for old in offering.relations.filter(kind=kind).exclude(other_code__in=codes):
                lifecycle.remove(old)
            known = set(offering.relations.filter(kind=kind).values_list("other_code", flat=True))
            lifecycle.create_many(
                [
                    OfferingRelation(offering=offering, kind=kind, other_code=code)
                    for code in codes
                    if code not in known
                ]
            )


def add_allowance(*, offering: ProductOffering, zones: Any = (), **values: Any) -> Allowance:
    """Include usage in an offer that was never on sale; raises Invalid otherwise, and for a unit of another service."""
    if not offering.is_open:
        raise Invalid(_("This offer was on sale: make a new revision"), code="catalog.sold")
    allowance = Allowance(offering=offering, **values)
    units = {"voice": {"min", "s", "event"}, "data": {"MB", "GB", "event"}, "message": {"event"}}
    if allowance.unit not in units.get(allowance.service, set()):
        raise Invalid(
            _("This service is not counted in this unit"),
            code="catalog.unit",
            fields={"unit": _("Does not fit")},
        )
    with transaction.atomic():
        lifecycle.create(allowance)
        allowance.zones.set(zones)
    return allowance


def new_version(*, offering: ProductOffering, at: datetime | None = None) -> ProductOffering:
    """Copy an offer, its prices in force, content and rules into the next revision, in design and open for edits."""
    day = (at or clock.now()).date()
    with transaction.atomic():
        locks.advisory(locks.key_of("bss_catalog.offering", offering.code))
        last = ProductOffering.objects.filter(code=offering.code).aggregate(last=Max("revision"))["last"]
        copy = lifecycle.create(
            _copy(
                offering,
                revision=last + 1,
                status=ProductOffering.Status.IN_DESIGN,
                valid_from=max(day, offering.valid_from),
                valid_to=None,
                launched=None,
                retired=None,
            )
        )
        for price in offering.prices.in_force(day).prefetch_related("tiers"):
            twin = lifecycle.create(
                _copy(price, offering=copy, valid_from=day, valid_to=None, supersedes=None, released=None)
            )
            lifecycle.create_many([_copy(tier, price=twin) for tier in price.tiers.all()])
        for allowance in offering.allowances.prefetch_related("zones"):
            lifecycle.create(twin_allowance := _copy(allowance, offering=copy))
            twin_allowance.zones.set(allowance.zones.all())
        lifecycle.create_many([_copy(item, bundle=copy) for item in offering.items.all()])
        lifecycle.create_many([_copy(rule, offering=copy) for rule in offering.relations.all()])
    return copy


def move_offering(*, offering: ProductOffering, to: str, reason: str = "") -> ProductOffering:
    """Move an offer before its launch, or make a retired one obsolete. `release` and `retire` do the rest."""
    if to in {ProductOffering.Status.LAUNCHED, ProductOffering.Status.RETIRED}:
        raise ProductOffering.lifecycle.refuse(offering.status, to)
    if to == ProductOffering.Status.IN_DESIGN:
        _whole(offering)
    return lifecycle.move(offering, to, reason=reason)


def remove_offering(*, offering: ProductOffering, reason: str = "") -> None:
    """Forget a revision never on sale. Raises DomainError (409) otherwise, ProtectedError while a bundle holds it."""
    if offering.launched is not None:
        raise DomainError(_("What was on sale stays on record: retire it"), code="catalog.sold")
    lifecycle.remove(offering, reason=reason)


def remove_specification(*, specification: ProductSpecification, reason: str = "") -> None:
    """Forget a specification; raises ProtectedError while an offer stands on it."""
    lifecycle.remove(specification, reason=reason)


def release(*, offering: ProductOffering, at: datetime | None = None) -> ProductOffering:
    """Put a revision on sale: close its prices and tariffs for editing and retire the revision sold until now.

    Raises Invalid with every open point that `checks.problems` and the slot `bss_catalog.publish_check` name, or
    IllegalMove from a state that leads nowhere near a launch.
    """
    at = at or clock.now()
    with transaction.atomic():
        ProductOffering.objects.filter(pk=offering.pk).locked().get()
        offering.refresh_from_db()
        if offering.status not in _PATH[:-1]:
            raise ProductOffering.lifecycle.refuse(offering.status, ProductOffering.Status.LAUNCHED)
        if problems := checks.problems(offering, at=at):
            raise Invalid("; ".join(problems), code="catalog.notReady", problems=problems)
        for earlier in ProductOffering.objects.filter(code=offering.code, status="launched").locked():
            retire(
                offering=earlier, at=at, reason=_("Revision %(n)s took its place") % {"n": offering.revision}
            )
        for price in offering.prices.filter(released=None).select_related("tariff"):
            lifecycle.change(price, released=at, verb="released")
        for tariff in Tariff.objects.filter(prices__offering=offering, status="draft").distinct():
            lifecycle.move(tariff, Tariff.Status.RELEASED)
        for step in _PATH[_PATH.index(ProductOffering.Status(offering.status)) + 1 : -1]:
            lifecycle.move(offering, step)
        return lifecycle.move(
            offering,
            ProductOffering.Status.LAUNCHED,
            launched=at,
            events_too=[OfferingLaunched(offering.pk, offering.code, at)],
        )


def retire(*, offering: ProductOffering, at: datetime | None = None, reason: str = "") -> ProductOffering:
    """Sell it no longer, from the day of `at` on. Products already sold keep it with their prices."""
    at = at or clock.now()
    end = max(at.date(), offering.valid_from)
    return lifecycle.move(
        offering,
        ProductOffering.Status.RETIRED,
        reason=reason,
        retired=at,
        valid_to=min(offering.valid_to or end, end),
        events_too=[OfferingRetired(offering.pk, offering.code, at)],
    )


def _copy(row: Any, **changes: Any) -> Any:
    """A new unsaved row with the values of `row`, but its own identity."""
    own = {"id", "created", "updated", "version", "reference"}
    values = {
        field.name: getattr(row, field.name) for field in row._meta.concrete_fields if field.name not in own
    }
    return type(row)(**{**values, **changes})


def _whole(offering: ProductOffering) -> None:
    study = offering.status == ProductOffering.Status.IN_STUDY and offering._state.adding
    if not offering.is_bundle and offering.specification is None and not study:
        raise Invalid(
            _("An offer is a bundle or stands on a specification"), code="catalog.specification",
            fields={"specification": _("This is needed")},
        )  # fmt: skip
    if offering.valid_to is not None and offering.valid_to < offering.valid_from:
        raise Invalid(
            _("It ends before it starts"), code="catalog.period", fields={"valid_to": _("Before the start")}
        )
