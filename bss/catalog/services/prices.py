"""Doors of prices: edited while open, superseded once released."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from bss.catalog.events import PriceSuperseded
from bss.catalog.models import OfferingPrice, PriceTier, ProductOffering
from bss.catalog.services import pricing
from bss.catalog.services.offerings import create_offering
from kernel import clock, lifecycle
from kernel.errors import DomainError, Invalid

Kind, Model = OfferingPrice.Kind, OfferingPrice.Model
# What a successor takes over from the price it supersedes unless told otherwise.
_KEPT = (
    "offering", "code", "kind", "model", "amount", "currency", "period_months", "timing", "occasion", "proration",
    "package_size", "free_units", "tax_category", "tariff", "name_en", "name_fr", "description_en", "description_fr",
)  # fmt: skip


def add_price(
    *, offering: ProductOffering, code: str, kind: str, tiers: Sequence[pricing.Tier] = (), **values: Any
) -> OfferingPrice:
    """Add a price to an offer that was never on sale; amounts are net.

    Fills in what its kind implies (a recurring price is monthly in advance, a one-off one due at activation). Raises
    Invalid for fields of another kind, tiers out of order, an unknown currency, or a code that is in force already.
    """
    _open(offering)
    if kind == Kind.RECURRING:
        values = {"period_months": 1, "timing": OfferingPrice.Timing.ADVANCE, **values}
    elif kind == Kind.ONE_OFF:
        values = {"occasion": OfferingPrice.Occasion.ACTIVATION, **values}
    price = OfferingPrice(
        offering=offering, code=code, kind=kind, **{"valid_from": offering.valid_from, **values}
    )
    return _save(price, tiers)


# Offer in study that holds prices made before anybody said which offer they are for.
DRAWER = "price-drafts"


def draft_price(*, name_en: str, kind: str = Kind.ONE_OFF, code: str = "", **values: Any) -> OfferingPrice:
    """Note a price before there is an offer for it; `assign_price` moves it to one."""
    drawer = ProductOffering.objects.filter(code=DRAWER).first() or create_offering(
        code=DRAWER,
        name_en="Prices without an offer",
        name_fr="Prix sans offre",
        status=ProductOffering.Status.IN_STUDY,
        is_sellable=False,
    )
    taken = set(drawer.prices.values_list("code", flat=True))
    stem = code or slugify(name_en)[:50] or "price"
    candidates = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(taken) + 2))
    free = next(candidate for candidate in candidates if candidate not in taken)
    return add_price(offering=drawer, code=free, kind=kind, name_en=name_en, **values)


def assign_price(*, price: OfferingPrice, offering: ProductOffering) -> OfferingPrice:
    """Move an open price to another open offer; raises Invalid when either was on sale, or the code is in force there."""
    _open(offering)
    if price.released is not None:
        raise Invalid(_("A sold price is never edited: supersede it"), code="price.released")
    if price.offering_id == offering.pk:
        return price
    price.offering = offering
    if _overlaps(price):
        raise Invalid(
            _("The offer has a price of this code"), code="price.twice", fields={"code": _("In force")}
        )
    fresh = OfferingPrice.objects.get(pk=price.pk)
    return lifecycle.change(fresh, offering=offering)


def change_price(
    *,
    price: OfferingPrice,
    version: int | None = None,
    tiers: Sequence[pricing.Tier] | None = None,
    **values: Any,
) -> OfferingPrice:
    """Edit a price that is not released; raises Invalid afterwards (use `supersede_price`), StaleVersion."""
    if price.released is not None:
        raise Invalid(_("A sold price is never edited: supersede it"), code="price.released")
    for name, value in values.items():
        setattr(price, name, value)
    _check(price, tiers if tiers is not None else pricing.tiers_of(price))
    fresh = OfferingPrice.objects.get(pk=price.pk)
    with transaction.atomic():
        lifecycle.change(fresh, version=version, **values)
        if tiers is not None:
            fresh.tiers.all().delete()
            _add_tiers(fresh, tiers)
    return fresh


def remove_price(*, price: OfferingPrice, reason: str = "") -> None:
    """Take a price back that is not released; raises DomainError (409) afterwards."""
    if price.released is not None:
        raise DomainError(_("A sold price is never removed: let it end"), code="price.released")
    lifecycle.remove(price, reason=reason)


def supersede_price(
    *,
    price: OfferingPrice,
    day: date,
    tiers: Sequence[pricing.Tier] = (),
    at: datetime | None = None,
    reason: str = "",
    **values: Any,
) -> OfferingPrice:
    """Sell at a new price from `day` on. The old price ends that day for new sales; products sold at it keep it.

    `values` are what differs (amount, tariff, proration, …). Raises Invalid for a price that is not released or has
    ended, and for a day in the past: what was sold was sold.
    """
    at = at or clock.now()
    if price.released is None:
        raise Invalid(_("This price was never released: edit it"), code="price.open")
    if day < at.date() or day <= price.valid_from:
        raise Invalid(
            _("A price changes today or later"), code="price.past", fields={"day": _("In the past")}
        )
    with transaction.atomic():
        old = OfferingPrice.objects.locked().get(pk=price.pk)
        if old.valid_to is not None and old.valid_to <= day:
            raise Invalid(
                _("This price has ended by then"), code="price.ended", fields={"day": _("Too late")}
            )
        last = old.valid_to
        lifecycle.change(old, valid_to=day, reason=reason)
        kept = {name: getattr(old, name) for name in _KEPT}
        new = OfferingPrice(**{**kept, **values, "valid_from": day, "valid_to": last, "supersedes": old})
        _save(new, tiers or pricing.tiers_of(old))
        lifecycle.change(new, released=at, verb="released", events_too=[PriceSuperseded(new.pk, old.pk, day)])
    return new


def end_price(*, price: OfferingPrice, day: date, reason: str = "") -> OfferingPrice:
    """Let a price end on `day` without a successor; raises Invalid for a day in the past."""
    if day < clock.today() or day < price.valid_from:
        raise Invalid(_("A price ends today or later"), code="price.past", fields={"day": _("In the past")})
    return lifecycle.change(price, valid_to=day, reason=reason)


def _open(offering: ProductOffering) -> None:
    if not offering.is_open:
        raise Invalid(
            _("This offer was on sale: supersede its prices or make a new revision"), code="catalog.sold"
        )


def _save(price: OfferingPrice, tiers: Sequence[pricing.Tier]) -> OfferingPrice:
    _check(price, tiers)
    with transaction.atomic():
        if _overlaps(price):
            raise Invalid(
                _("A price %(code)s is in force in this time already") % {"code": price.code},
                code="price.twice",
                fields={"code": _("In force already")},
            )
        lifecycle.create(price)
        _add_tiers(price, tiers)
    return price


def _add_tiers(price: OfferingPrice, tiers: Sequence[pricing.Tier]) -> None:
    PriceTier.objects.bulk_create(
        PriceTier(price=price, up_to=tier.up_to, unit=tier.unit, flat=tier.flat) for tier in tiers
    )


def _overlaps(price: OfferingPrice) -> bool:
    others = OfferingPrice.objects.filter(
        offering=price.offering, code=price.code, currency=price.currency
    ).exclude(pk=price.pk)
    if price.valid_to is not None:
        others = others.filter(valid_from__lt=price.valid_to)
    return any(row.valid_to is None or row.valid_to > price.valid_from for row in others)


def _check(price: OfferingPrice, tiers: Sequence[pricing.Tier]) -> None:
    fields = {name: message for name, broken, message in _rules(price, tiers) if broken}
    if fields:
        raise Invalid(_("This price does not hold together"), code="price.invalid", fields=fields)
    if tiers:
        pricing.volume(tiers, Decimal(0))


def _rules(price: OfferingPrice, tiers: Sequence[pricing.Tier]) -> list[tuple[str, bool, str]]:
    recurring, usage, once = (price.kind == kind for kind in (Kind.RECURRING, Kind.USAGE, Kind.ONE_OFF))
    tiered = price.model in {Model.GRADUATED, Model.VOLUME}
    needed, foreign = _("This is needed"), _("Not for this kind of price")
    return [
        ("kind", not (recurring or usage or once), _("Unknown kind")),
        ("period_months", recurring and price.period_months < 1, needed),
        ("period_months", once and price.period_months > 0, foreign),
        ("timing", recurring != bool(price.timing), needed if recurring else foreign),
        ("occasion", once != bool(price.occasion), needed if once else foreign),
        ("tariff", usage != (price.tariff is not None), needed if usage else foreign),
        ("amount", usage and price.amount != 0, foreign),
        ("amount", price.amount < 0, _("A price is not negative: give a credit")),
        ("tiers", tiered != bool(tiers), needed if tiered else foreign),
        ("package_size", (price.model == Model.PACKAGE) != (price.package_size > 0), needed),
        ("currency", len(price.currency) != 3 or not price.currency.isupper(), _("A code of three letters")),
        ("valid_to", price.valid_to is not None and price.valid_to < price.valid_from, _("Before the start")),
    ]
