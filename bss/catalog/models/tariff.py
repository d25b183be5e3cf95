"""Prices of usage: zones by longest prefix, bands by calendar, rates with connect fee, steps and slots."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from bss.catalog.models.texts import Bilingual, CatalogQuerySet, reference
from kernel.lifecycle import Lifecycle
from kernel.models import Stamped
from kernel.money import AmountField


class ZonePlan(Bilingual, Stamped):
    """A division of the world's numbers into zones; several tariffs may share one."""

    code = models.SlugField(_("code"), max_length=60, unique=True)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("zone plan")
        verbose_name_plural = _("zone plans")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Zone(Bilingual, Stamped):
    """Destinations of one price, such as "National fixed" or "Europe mobile"."""

    plan = models.ForeignKey(ZonePlan, on_delete=models.CASCADE, related_name="zones")
    code = models.SlugField(_("code"), max_length=60)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("zone")
        verbose_name_plural = _("zones")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["plan", "code"], name="bss_zone_once")]

    def __str__(self) -> str:
        return self.name


class ZonePrefix(Stamped):
    """Leading digits of an E.164 number, without `+`. The longest prefix that fits decides, whatever the prices."""

    plan = models.ForeignKey(ZonePlan, on_delete=models.CASCADE, related_name="prefixes")
    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="prefixes")
    prefix = models.CharField(_("prefix"), max_length=15)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("prefix")
        verbose_name_plural = _("prefixes")
        ordering = ["prefix"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "prefix"], name="bss_prefix_once_a_plan"),
            models.CheckConstraint(condition=Q(prefix__regex="^[0-9]+$"), name="bss_prefix_digits"),
        ]

    def __str__(self) -> str:
        return self.prefix


class TariffCalendar(Bilingual, Stamped):
    """When which band is in force: local hours of `time_zone`; public holidays of `country` (blank = none)."""

    code = models.SlugField(_("code"), max_length=60, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Paris")
    country = models.CharField(_("country of holidays"), max_length=2, blank=True)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("tariff calendar")
        verbose_name_plural = _("tariff calendars")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class TimeBand(Bilingual, Stamped):
    """A band of a calendar, such as peak. The default band holds whatever the hours of the others leave."""

    calendar = models.ForeignKey(TariffCalendar, on_delete=models.CASCADE, related_name="bands")
    code = models.SlugField(_("code"), max_length=40)
    is_default = models.BooleanField(_("all other hours"), default=False)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("time band")
        verbose_name_plural = _("time bands")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "code"], name="bss_band_once"),
            models.UniqueConstraint(
                fields=["calendar"], condition=Q(is_default=True), name="bss_band_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TimeBandHours(Stamped):
    """Local hours [start, end) of a band on a weekday, in minutes after midnight. Monday is 0, a public holiday 7."""

    class Day(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")
        HOLIDAY = 7, _("Public holiday")

    calendar = models.ForeignKey(TariffCalendar, on_delete=models.CASCADE, related_name="hours")
    band = models.ForeignKey(TimeBand, on_delete=models.CASCADE, related_name="hours")
    day = models.PositiveSmallIntegerField(_("day"), choices=Day)
    start_minute = models.PositiveSmallIntegerField(_("from minute"), default=0)
    end_minute = models.PositiveSmallIntegerField(_("to minute"), default=1440)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("hours of a band")
        verbose_name_plural = _("hours of bands")
        ordering = ["day", "start_minute"]
        constraints = [
            models.CheckConstraint(
                condition=Q(day__range=(0, 7), start_minute__lt=F("end_minute"), end_minute__lte=1440),
                name="bss_hours_within_a_day",
            ),
            ExclusionConstraint(
                name="bss_hours_one_band_at_a_time",
                expressions=[
                    ("calendar", RangeOperators.EQUAL),
                    ("day", RangeOperators.EQUAL),
                    (Func(F("start_minute"), F("end_minute"), function="int4range"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.start_minute}–{self.end_minute}"


class Tariff(Bilingual, Stamped):
    """One revision of a price list for usage. Once released its rates never change (trigger)."""

    class Service(models.TextChoices):
        VOICE = "voice", _("Calls")
        DATA = "data", _("Data")
        MESSAGE = "message", _("Messages")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        RELEASED = "released", _("Released")
        RETIRED = "retired", _("Retired")

    MOVES: ClassVar = {
        Status.DRAFT: {Status.RELEASED},
        Status.RELEASED: {Status.RETIRED},
        Status.RETIRED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    code = models.SlugField(_("code"), max_length=60)
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    reference = models.GeneratedField(
        expression=reference(), output_field=models.CharField(_("reference"), max_length=72), db_persist=True
    )
    service = models.CharField(_("service"), max_length=8, choices=Service)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.DRAFT, editable=False)
    zone_plan = models.ForeignKey(
        ZonePlan,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tariffs",
        verbose_name=_("zones"),
    )
    calendar = models.ForeignKey(
        TariffCalendar,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tariffs",
        verbose_name=_("bands"),
    )

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("tariff")
        verbose_name_plural = _("tariffs")
        ordering = ["code", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["code", "revision"], name="bss_tariff_revision_once"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "released", "retired"]), name="bss_tariff_status"
            ),
            models.CheckConstraint(
                condition=Q(service__in=["voice", "data", "message"]), name="bss_tariff_service"
            ),
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="bss_tariff_currency"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code} {self.revision})"


class TariffRate(Stamped):
    """What usage costs in one zone and band, from the `from_unit`-th base unit (second, byte, event) on.

    `price` is net per `per` base units (60 = a minute), counted in whole steps: the first of `first_step`, each further
    one of `next_step` base units (30/6, 60/60, 1/1). `connect_fee` falls due once, by the band in force at the start,
    on the rate with `from_unit` 0. Zone or band null = every zone, every band; the more precise rate wins, zone first.
    `minimum` and `maximum` bound the cost of one record (maximum 0 = none).
    """

    tariff = models.ForeignKey(Tariff, on_delete=models.CASCADE, related_name="rates")
    zone = models.ForeignKey(
        Zone, null=True, blank=True, on_delete=models.PROTECT, related_name="rates", verbose_name=_("zone")
    )
    band = models.ForeignKey(
        TimeBand,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="rates",
        verbose_name=_("band"),
    )
    from_unit = models.PositiveBigIntegerField(_("from unit"), default=0)
    connect_fee = AmountField(_("connect fee"), default=0)
    price = AmountField(_("price"), default=0)
    per = models.PositiveBigIntegerField(_("per units"), default=60)
    first_step = models.PositiveBigIntegerField(_("first step"), default=1)
    next_step = models.PositiveBigIntegerField(_("further steps"), default=1)
    minimum = AmountField(_("at least"), default=0)
    maximum = AmountField(_("at most"), default=0)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("rate")
        verbose_name_plural = _("rates")
        ordering = ["zone__code", "band__code", "from_unit"]
        constraints = [
            models.UniqueConstraint(
                fields=["tariff", "zone", "band", "from_unit"], nulls_distinct=False, name="bss_rate_once"
            ),
            models.CheckConstraint(
                condition=Q(per__gte=1, first_step__gte=1, next_step__gte=1), name="bss_rate_steps"
            ),
            models.CheckConstraint(
                condition=Q(connect_fee__gte=0, price__gte=0, minimum__gte=0, maximum__gte=0),
                name="bss_rate_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(from_unit=0) | Q(connect_fee=0), name="bss_rate_connects_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.price}/{self.per}"

    @property
    def steps(self) -> str:
        """Steps as people write them: 30/6."""
        return f"{self.first_step}/{self.next_step}"
