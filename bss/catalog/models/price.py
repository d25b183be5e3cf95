"""Prices of an offering and what they include. A released price is never edited, only superseded (trigger)."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bss.catalog.models.offering import ProductOffering
from bss.catalog.models.tariff import Tariff, Zone
from bss.catalog.models.texts import Bilingual, CatalogQuerySet
from kernel.models import Stamped
from kernel.money import AmountField


class OfferingPriceQuerySet(CatalogQuerySet):
    """Prices of offerings."""

    def in_force(self, day: date) -> OfferingPriceQuerySet:
        """Prices at which one may sell on `day`; a product sold earlier keeps its own."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)


class OfferingPrice(Bilingual, Stamped):
    """One price of one offering revision.

    `code` names the price within its offering; of one code and currency exactly one is in force on a day. A price
    that takes the place of another points at it with `supersedes`. `amount` is net, per unit and per period of
    `period_months`; other models than `per_unit` read `tiers`, `package_size` and `free_units` (see `pricing`).
    Usage is priced by `tariff`. `released` closes the price for editing.
    """

    class Kind(models.TextChoices):
        ONE_OFF = "one_off", _("Once")
        RECURRING = "recurring", _("Recurring")
        USAGE = "usage", _("Usage")

    class Model(models.TextChoices):
        PER_UNIT = "per_unit", _("Per unit")
        FLAT = "flat", _("Flat")
        GRADUATED = "graduated", _("Graduated: each tier prices its own units")
        VOLUME = "volume", _("Volume: the tier reached prices all units")
        PACKAGE = "package", _("Package: a started package counts")

    class Timing(models.TextChoices):
        ADVANCE = "advance", _("In advance")
        ARREARS = "arrears", _("In arrears")

    class Occasion(models.TextChoices):
        ACTIVATION = "activation", _("At activation")
        TERMINATION = "termination", _("At termination")

    class Proration(models.TextChoices):
        ACTUAL = "actual", _("Actual days of the period")
        THIRTY = "thirty", _("Months of 30 days")
        BOTH_ENDS = "both_ends", _("Actual days, first and last day counted")
        FULL = "full", _("Full periods only")

    class TaxCategory(models.TextChoices):
        # Codes of UNCL5305 as EN 16931 uses them (BT-151); the account's tax status may overrule them.
        STANDARD = "S", _("Standard rate")
        REDUCED = "AA", _("Reduced rate")
        ZERO = "Z", _("Zero rate")
        EXEMPT = "E", _("Exempt")
        OUTSIDE = "O", _("Outside the scope of VAT")

    offering = models.ForeignKey(ProductOffering, on_delete=models.CASCADE, related_name="prices")
    code = models.SlugField(_("code"), max_length=60)
    kind = models.CharField(_("kind"), max_length=9, choices=Kind)
    model = models.CharField(_("model"), max_length=9, choices=Model, default=Model.PER_UNIT)
    amount = AmountField(_("amount"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    period_months = models.PositiveSmallIntegerField(_("period in months"), default=0)
    timing = models.CharField(_("charged"), max_length=7, choices=Timing, blank=True)
    occasion = models.CharField(pgettext_lazy("price", "due"), max_length=11, choices=Occasion, blank=True)
    proration = models.CharField(_("part periods"), max_length=9, choices=Proration, default=Proration.ACTUAL)
    package_size = models.PositiveIntegerField(_("units of a package"), default=0)
    free_units = models.PositiveIntegerField(_("free units"), default=0)
    tax_category = models.CharField(
        _("tax category"), max_length=2, choices=TaxCategory, default=TaxCategory.STANDARD
    )
    tariff = models.ForeignKey(
        Tariff,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="prices",
        verbose_name=_("tariff"),
    )
    valid_from = models.DateField(_("in force from"))
    valid_to = models.DateField(_("in force until"), null=True, blank=True)
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="superseded_by"
    )
    released = models.DateTimeField(_("released"), null=True, blank=True, editable=False)

    objects = OfferingPriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["kind", "code", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="one_off", period_months=0, timing="", tariff=None) & ~Q(occasion="")
                | Q(kind="recurring", period_months__gte=1, occasion="", tariff=None) & ~Q(timing="")
                | Q(kind="usage", timing="", occasion="", tariff__isnull=False, amount=0),
                name="bss_price_fits_kind",
            ),
            models.CheckConstraint(
                condition=Q(model__in=["per_unit", "flat", "graduated", "volume"])
                | Q(model="package", package_size__gte=1),
                name="bss_price_model",
            ),
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="bss_price_currency"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="bss_price_period"
            ),
            ExclusionConstraint(
                name="bss_price_one_in_force",
                expressions=[
                    ("offering", RangeOperators.EQUAL),
                    ("code", RangeOperators.EQUAL),
                    ("currency", RangeOperators.EQUAL),
                    (Func(F("valid_from"), F("valid_to"), function="daterange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offering.code} {self.code}"


class PriceTier(Stamped):
    """A tier of a graduated or volume price: units up to and including `up_to` (null = no limit).

    `unit` is charged per unit, `flat` once when the tier is reached; both net, in the price's currency.
    """

    price = models.ForeignKey(OfferingPrice, on_delete=models.CASCADE, related_name="tiers")
    up_to = models.DecimalField(_("up to"), max_digits=18, decimal_places=6, null=True, blank=True)
    unit = AmountField(_("per unit"), default=0)
    flat = AmountField(_("flat"), default=0)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = [F("up_to").asc(nulls_last=True)]
        constraints = [
            models.UniqueConstraint(
                fields=["price", "up_to"], nulls_distinct=False, name="bss_tier_bound_once"
            ),
            models.CheckConstraint(condition=Q(up_to=None) | Q(up_to__gt=0), name="bss_tier_bound_positive"),
        ]

    def __str__(self) -> str:
        return f"≤ {self.up_to}" if self.up_to is not None else "∞"


class Allowance(Bilingual, Stamped):
    """Usage that an offering includes per period: taken before anything is charged.

    `quantity` counts `unit`s; `base_quantity` the seconds, bytes or events that usage records are measured in.
    `shared` = one bucket for all products of the account. `zones` empty = every zone; `priority`: lowest first.
    With `rollover_periods` > 0 what is left lives on for that many further periods.
    """

    class Unit(models.TextChoices):
        MINUTE = "min", _("minutes")
        SECOND = "s", _("seconds")
        MEGABYTE = "MB", _("megabytes")
        GIGABYTE = "GB", _("gigabytes")
        EVENT = "event", _("events")

    BASE = {"min": 60, "s": 1, "MB": 10**6, "GB": 10**9, "event": 1}

    offering = models.ForeignKey(ProductOffering, on_delete=models.CASCADE, related_name="allowances")
    code = models.SlugField(_("code"), max_length=60)
    service = models.CharField(
        _("service"), max_length=8, choices=Tariff.Service, default=Tariff.Service.VOICE
    )
    unit = models.CharField(_("unit"), max_length=5, choices=Unit)
    quantity = models.PositiveIntegerField(_("quantity"))
    period_months = models.PositiveSmallIntegerField(_("period in months"), default=1)
    shared = models.BooleanField(_("shared on the account"), default=False)
    priority = models.PositiveSmallIntegerField(_("priority"), default=100)
    rollover_periods = models.PositiveSmallIntegerField(_("periods it lives on"), default=0)
    zones = models.ManyToManyField(Zone, blank=True, related_name="allowances", verbose_name=_("zones"))

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = _("allowance")
        verbose_name_plural = _("allowances")
        ordering = ["priority", "code"]
        constraints = [
            models.UniqueConstraint(fields=["offering", "code"], name="bss_allowance_once"),
            models.CheckConstraint(
                condition=Q(unit__in=["min", "s"], service="voice")
                | Q(unit__in=["MB", "GB"], service="data")
                | Q(unit="event", service__in=["message", "voice", "data"]),
                name="bss_allowance_unit_fits_service",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, period_months__gte=1), name="bss_allowance_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.unit}"

    @property
    def base_quantity(self) -> int:
        """The quantity in seconds, bytes or events."""
        return self.quantity * self.BASE[self.unit]
