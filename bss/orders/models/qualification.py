"""Whether an offer can be delivered at a site (TMF679)."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bss.catalog.models import ProductOffering
from bss.customers.models import Customer, CustomerOwnedQuerySet, CustomerSite
from kernel.models import NumberField, Stamped


class Qualification(Stamped):
    """One answer about one offer at one site: it holds until `valid_until`, then the network is asked again.

    `lead_days` are calendar days from the order to the earliest delivery.
    """

    class Result(models.TextChoices):
        QUALIFIED = "qualified", _("Deliverable")
        UNQUALIFIED = "unqualified", _("Not deliverable")

    number = NumberField("QUA")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="qualifications")
    site = models.ForeignKey(CustomerSite, on_delete=models.CASCADE, related_name="qualifications")
    offering = models.ForeignKey(ProductOffering, on_delete=models.PROTECT, related_name="qualifications")
    result = models.CharField(_("result"), max_length=11, choices=Result)
    technology = models.CharField(_("technology"), max_length=60, blank=True)
    lead_days = models.PositiveSmallIntegerField(_("lead time in days"), default=0)
    explanation = models.TextField(_("explanation"), blank=True)
    resources = models.JSONField(_("resources"), default=dict, blank=True)
    at = models.DateTimeField(_("asked"))
    valid_until = models.DateTimeField(_("holds until"))

    objects = CustomerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("qualification")
        verbose_name_plural = _("qualifications")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(result__in=["qualified", "unqualified"]), name="bss_qualification_result"
            ),
            models.CheckConstraint(
                condition=Q(result="qualified") | ~Q(explanation=""), name="bss_qualification_says_why_not"
            ),
        ]
        indexes = [models.Index(fields=["site", "offering", "-at"], name="bss_qualification_latest")]

    def __str__(self) -> str:
        return f"{self.number} {self.offering.code}"

    def holds(self, at: datetime) -> bool:
        """Whether one may still order on this answer."""
        return self.result == self.Result.QUALIFIED and at < self.valid_until
