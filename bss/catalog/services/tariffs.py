"""Doors of tariffs: zones by prefix, bands by hours, rates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Max, TextField, Value
from django.db.models.functions import Length
from django.utils.translation import gettext as _

from bss.catalog.models import (
    OfferingPrice,
    Tariff,
    TariffCalendar,
    TariffRate,
    TimeBand,
    TimeBandHours,
    Zone,
    ZonePlan,
    ZonePrefix,
)
from kernel import journal, lifecycle, locks
from kernel.errors import Invalid


def create_zone_plan(*, code: str, name_en: str, name_fr: str = "") -> ZonePlan:
    """Start an empty division of numbers into zones."""
    return lifecycle.create(ZonePlan(code=code, name_en=name_en, name_fr=name_fr))


def add_zone(
    *, plan: ZonePlan, code: str, name_en: str, name_fr: str = "", prefixes: Iterable[str] = ()
) -> Zone:
    """Add a zone with its prefixes (digits of E.164 without +). Raises Invalid for a prefix of another zone."""
    with transaction.atomic():
        zone = lifecycle.create(Zone(plan=plan, code=code, name_en=name_en, name_fr=name_fr))
        set_prefixes(zone=zone, prefixes=prefixes)
    return zone


def set_prefixes(*, zone: Zone, prefixes: Iterable[str]) -> int:
    """Give a zone exactly these prefixes; returns how many. Raises Invalid for other characters than digits, or for a
    prefix that leads to another zone of the plan.
    """
    wanted = {text.strip().removeprefix("+") for text in prefixes}
    if wrong := sorted(text for text in wanted if not text.isdecimal() or len(text) > 15):
        raise Invalid(_("Not a prefix: %(texts)s") % {"texts": ", ".join(wrong[:10])}, code="zone.prefix")
    with transaction.atomic():
        locks.advisory(locks.key_of("bss_catalog.zone_plan", zone.plan_id))
        taken = ZonePrefix.objects.filter(plan=zone.plan, prefix__in=wanted).exclude(zone=zone)
        if names := [f"{row.prefix} ({row.zone.code})" for row in taken.select_related("zone")[:10]]:
            raise Invalid(
                _("In another zone: %(names)s") % {"names": ", ".join(names)}, code="zone.prefixTaken"
            )
        zone.prefixes.exclude(prefix__in=wanted).delete()
        ZonePrefix.objects.bulk_create(
            [ZonePrefix(plan=zone.plan, zone=zone, prefix=prefix) for prefix in sorted(wanted)],
            ignore_conflicts=True,
            batch_size=5000,
        )
        journal.record("zone.prefixes", zone, after={"prefixes": len(wanted)})
    return len(wanted)


def zone_of(*, plan: ZonePlan, number: str) -> Zone | None:
    """The zone of an E.164 number: its longest prefix decides, by length and never by price; None when none fits."""
    digits = number.removeprefix("+")
    row = (
        ZonePrefix.objects.filter(plan=plan)
        .annotate(number=Value(digits, output_field=TextField()))
        .filter(number__startswith=F("prefix"))
        .order_by(Length("prefix").desc())
        .select_related("zone")
        .first()
    )
    return row.zone if row else None


def create_calendar(
    *,
    code: str,
    name_en: str,
    bands: Mapping[str, Mapping[str, Any]],
    name_fr: str = "",
    time_zone: str = "Europe/Paris",
    country: str = "",
) -> TariffCalendar:
    """Make a calendar. `bands`: code → `{"name_en", "name_fr", "hours": [(day, start_minute, end_minute), …]}`, local
    time, Monday 0 … Sunday 6, public holiday 7; exactly one band without hours takes what the others leave.

    Raises Invalid for no or several bands without hours, or hours that overlap.
    """
    rest = [band for band, values in bands.items() if not values.get("hours")]
    if len(rest) != 1:
        raise Invalid(_("Exactly one band has no hours: it holds all others"), code="calendar.default")
    with transaction.atomic():
        calendar = lifecycle.create(
            TariffCalendar(code=code, name_en=name_en, name_fr=name_fr, time_zone=time_zone, country=country)
        )
        taken: list[tuple[int, int, int]] = []
        for band_code, values in bands.items():
            band = lifecycle.create(
                TimeBand(
                    calendar=calendar,
                    code=band_code,
                    name_en=values["name_en"],
                    name_fr=values.get("name_fr", ""),
                    is_default=band_code in rest,
                )
            )
            for day, start, end in values.get("hours", ()):
                _free(taken, day, start, end)
                lifecycle.create(
                    TimeBandHours(calendar=calendar, band=band, day=day, start_minute=start, end_minute=end)
                )
    return calendar


def create_tariff(*, code: str, name_en: str, service: str, **values: Any) -> Tariff:
    """Start the first revision of a tariff, in draft. Raises Invalid for a code in use."""
    if Tariff.objects.filter(code=code).exists():
        raise Invalid(_("This code is taken"), code="catalog.code", fields={"code": _("Taken")})
    return lifecycle.create(Tariff(code=code, name_en=name_en, service=service, **values))


def set_rates(*, tariff: Tariff, rates: Sequence[Mapping[str, Any]]) -> list[TariffRate]:
    """Give a draft tariff exactly these rates (fields of TariffRate). Raises Invalid for a released tariff, a zone or
    band of another plan or calendar, two rates for the same usage, or steps below one.
    """
    if tariff.status != Tariff.Status.DRAFT:
        raise Invalid(_("A released tariff never changes: make a new revision"), code="tariff.released")
    rows = [TariffRate(tariff=tariff, **values) for values in rates]
    places = [(row.zone_id, row.band_id, row.from_unit) for row in rows]
    if len(set(places)) != len(places):
        raise Invalid(_("Two rates for the same usage"), code="tariff.twice")
    for row in rows:
        if row.zone is not None and row.zone.plan_id != tariff.zone_plan_id:
            raise Invalid(_("%(zone)s is a zone of another plan") % {"zone": row.zone}, code="tariff.zone")
        if row.band is not None and row.band.calendar_id != tariff.calendar_id:
            raise Invalid(
                _("%(band)s is a band of another calendar") % {"band": row.band}, code="tariff.band"
            )
        if min(row.per, row.first_step, row.next_step) < 1 or min(row.price, row.connect_fee) < 0:
            raise Invalid(_("Steps are at least 1, prices not negative"), code="tariff.rate")
    with transaction.atomic():
        tariff.rates.all().delete()
        made = TariffRate.objects.bulk_create(rows)
        journal.record("tariff.rates", tariff, after={"rates": len(made)})
    return made


def new_tariff_revision(*, tariff: Tariff) -> Tariff:
    """Copy a tariff with its rates into the next revision, in draft."""
    with transaction.atomic():
        locks.advisory(locks.key_of("bss_catalog.tariff", tariff.code))
        last = Tariff.objects.filter(code=tariff.code).aggregate(last=Max("revision"))["last"]
        names = ["code", "service", "currency", "zone_plan", "calendar"]
        names += ["name_en", "name_fr", "description_en", "description_fr"]
        copy = lifecycle.create(Tariff(revision=last + 1, **{name: getattr(tariff, name) for name in names}))
        skip = {"id", "created", "updated", "version", "tariff"}
        columns = [field.name for field in TariffRate._meta.concrete_fields if field.name not in skip]
        TariffRate.objects.bulk_create(
            TariffRate(tariff=copy, **{name: getattr(rate, name) for name in columns})
            for rate in tariff.rates.select_related("zone", "band")
        )
    return copy


def retire_tariff(*, tariff: Tariff) -> Tariff:
    """Give a tariff to no further price. Raises Invalid while a price in force for new sales uses it."""
    if OfferingPrice.objects.filter(tariff=tariff, valid_to=None, offering__status="launched").exists():
        raise Invalid(_("Offers on sale still use this tariff"), code="tariff.inUse")
    return lifecycle.move(tariff, Tariff.Status.RETIRED)


def _free(taken: list[tuple[int, int, int]], day: int, start: int, end: int) -> None:
    if not 0 <= day <= 7 or not 0 <= start < end <= 1440:
        raise Invalid(_("Hours lie within one day"), code="calendar.hours")
    if any(day == other and start < upper and lower < end for other, lower, upper in taken):
        raise Invalid(_("Two bands at the same hour"), code="calendar.overlap")
    taken.append((day, start, end))
