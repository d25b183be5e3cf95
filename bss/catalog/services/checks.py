"""What stands between an offer and its launch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from bss.catalog.models import OfferingPrice, ProductOffering, ProductSpecification, Tariff
from kernel.slots import slot

# Filled by the apps above: offering → texts saying what is missing before it can be sold, e.g. a network profile.
PUBLISH_CHECK = slot("bss_catalog.publish_check")

_UNFIT = {"in_study", "rejected", "retired", "obsolete"}


def problems(offering: ProductOffering, *, at: datetime) -> list[str]:
    """Everything that is missing, in words; an empty list means that the offer may be released at `at`."""
    found = [*_of_texts(offering, at), *_of_content(offering), *_of_prices(offering, at)]
    for texts in PUBLISH_CHECK.call(offering):
        found.extend(str(text) for text in texts)
    return found


def _of_texts(offering: ProductOffering, at: datetime) -> Iterator[str]:
    if not offering.name_fr:
        yield _("The French name is missing")
    if offering.valid_from > at.date():
        yield _("Sale starts on %(day)s: release it then") % {"day": offering.valid_from}
    if offering.valid_to is not None and offering.valid_to <= at.date():
        yield _("Sale ended on %(day)s") % {"day": offering.valid_to}


def _of_content(offering: ProductOffering) -> Iterator[str]:
    if offering.is_bundle:
        yield from _of_bundle(offering)
    elif offering.specification is None:
        yield _("It has no specification")
    else:
        yield from _of_specification(offering, offering.specification)


def _of_bundle(offering: ProductOffering) -> Iterator[str]:
    items = list(offering.items.select_related("offering"))
    if not items:
        yield _("The bundle is empty")
    for item in items:
        if item.offering.status != ProductOffering.Status.LAUNCHED:
            yield _("%(offer)s is not on sale") % {"offer": item.offering}


def _of_specification(offering: ProductOffering, specification: ProductSpecification) -> Iterator[str]:
    if specification.status in _UNFIT:
        yield _("The specification %(code)s is not ready") % {"code": specification.code}
    for entry in specification.characteristics:
        settled = entry["name"] in offering.characteristics or entry.get("default") is not None
        if entry.get("required") and not settled and not entry.get("configurable", False):
            yield _("Nobody gives a value to %(name)s") % {"name": entry["name"]}


def _of_prices(offering: ProductOffering, at: datetime) -> Iterator[str]:
    prices = list(offering.prices.in_force(at.date()).select_related("tariff").prefetch_related("tiers"))
    if not prices and not offering.is_bundle:
        yield _("It has no price in force")
    for price in prices:
        if not price.name_fr:
            yield _("The price %(code)s has no French name") % {"code": price.code}
        if price.model in {OfferingPrice.Model.GRADUATED, OfferingPrice.Model.VOLUME}:
            bounds = [tier.up_to for tier in price.tiers.all()]
            if None not in bounds:
                yield _("The tiers of %(code)s end: the last one needs no limit") % {"code": price.code}
        if price.tariff is not None:
            yield from _of_tariff(price.tariff, price.currency)


def _of_tariff(tariff: Tariff, currency: str) -> Iterator[str]:
    if tariff.currency != currency:
        yield _("The tariff %(code)s is in another currency") % {"code": tariff.code}
    rates = list(tariff.rates.filter(from_unit=0).values_list("zone_id", "band_id"))
    if not rates:
        yield _("The tariff %(code)s has no rate") % {"code": tariff.code}
        return
    bands = set(tariff.calendar.bands.values_list("pk", flat=True)) if tariff.calendar else {None}
    zones = dict(tariff.zone_plan.zones.values_list("pk", "code")) if tariff.zone_plan else {None: ""}
    for zone, code in zones.items():
        # A rate for any zone or any band covers what has no rate of its own.
        covered = {band for rated_zone, band in rates if rated_zone in {zone, None}}
        if None not in covered and not bands <= covered:
            yield _("The tariff %(tariff)s has no rate for %(zone)s at all hours") % {
                "tariff": tariff.code,
                "zone": code or _("usage"),
            }
