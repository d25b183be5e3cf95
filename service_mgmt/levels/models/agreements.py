"""Classes of service level (TMF657 serviceLevelSpecification) and the services they are promised for."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from bss.catalog.models.texts import Bilingual
from bss.customers.models import Customer
from bss.orders.models import Product
from kernel.models import BusinessCalendar, NumberField, Stamped
from kernel.permissions import OwnedQuerySet
from service_mgmt.services.models import Service


class SlaDefinition(Bilingual, Stamped):
    """A class of service level, by the code that offerings and contracts name it with.

    Availability is a percentage of the agreed time of a calendar month: the hours of `calendar` (none = 24 × 7) less
    pauses. Downtime inside planned work does not count if the customer had notice `maintenance_notice` ahead. Credits
    are percentages of the service's monthly recurring fee, together at most `cap_percent` of it; `pre_agreed` ones
    within the cap need nobody's approval.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    availability_target = models.DecimalField(_("availability target, %"), max_digits=7, decimal_places=4)
    calendar = models.ForeignKey(
        BusinessCalendar,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("agreed hours"),
    )
    time_to_restore = models.DurationField(_("time to restore"), null=True, blank=True)
    late_repair_percent = models.DecimalField(
        _("credit per late repair, %"), max_digits=6, decimal_places=3, default=0
    )
    exclude_maintenance = models.BooleanField(_("planned work does not count"), default=True)
    maintenance_notice = models.DurationField(_("notice of planned work"), default=timedelta(days=5))
    cap_percent = models.DecimalField(
        _("most that is credited a month, %"), max_digits=6, decimal_places=3, default=100
    )
    pre_agreed = models.BooleanField(_("credited without approval"), default=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("service level")
        verbose_name_plural = _("service levels")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(availability_target__gt=0, availability_target__lte=100),
                name="levels_definition_target",
            ),
            models.CheckConstraint(
                condition=Q(cap_percent__range=(0, 100), late_repair_percent__range=(0, 100)),
                name="levels_definition_percents",
            ),
        ]


class CreditBand(Stamped):
    """Availability below `below` percent is worth `credit_percent` of the monthly fee; the lowest band met counts."""

    definition = models.ForeignKey(SlaDefinition, on_delete=models.CASCADE, related_name="bands")
    below = models.DecimalField(_("availability below, %"), max_digits=7, decimal_places=4)
    credit_percent = models.DecimalField(_("credit, % of the monthly fee"), max_digits=6, decimal_places=3)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit band")
        verbose_name_plural = _("credit bands")
        ordering = ["-below"]
        constraints = [
            models.UniqueConstraint(fields=["definition", "below"], name="levels_band_once"),
            models.CheckConstraint(
                condition=Q(below__gt=0, below__lte=100, credit_percent__gt=0, credit_percent__lte=100),
                name="levels_band_percents",
            ),
        ]

    def __str__(self) -> str:
        return f"< {self.below.normalize():f} % → {self.credit_percent.normalize():f} %"


class AgreementQuerySet(OwnedQuerySet):
    """Agreements, seen through their customer."""

    scope_paths: ClassVar[dict[str, str]] = {"customer": "customer_id"}


class SlaAgreement(Stamped):
    """A service level promised for one customer-facing service, in the half-open period [starts, ends).

    Months are those of `time_zone`, the one of the customer's account.
    """

    number = NumberField("SLA")
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="sla_agreements", verbose_name=_("service")
    )
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="sla_agreements", verbose_name=_("product")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="sla_agreements", verbose_name=_("customer")
    )
    definition = models.ForeignKey(
        SlaDefinition, on_delete=models.PROTECT, related_name="agreements", verbose_name=_("service level")
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Paris")
    starts = models.DateTimeField(_("from"))
    ends = models.DateTimeField(_("until"), null=True, blank=True)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("service level agreement")
        verbose_name_plural = _("service level agreements")
        ordering = ["-starts", "-id"]
        constraints = [
            ExclusionConstraint(
                name="levels_agreement_one_at_a_time",
                expressions=[
                    ("service", RangeOperators.EQUAL),
                    (Func(F("starts"), F("ends"), function="tstzrange"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(ends=None) | Q(ends__gte=F("starts")), name="levels_agreement_period"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-starts"], name="levels_agreement_customer"),
            models.Index(fields=["product"], name="levels_agreement_product"),
            models.Index(fields=["-starts", "-id"], name="levels_agreement_newest"),
        ]

    def __str__(self) -> str:
        return self.number
