"""Offers made to one customer (TMF648): revisions, an end of validity, and the prices of the day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bss.catalog.models import OfferingPrice, ProductOffering
from bss.customers.models import BillingAccount, Customer, CustomerOwnedQuerySet, CustomerSite
from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet


class Quote(Stamped):
    """One revision of a quote. A new revision shares the `family` of the first one and cancels its predecessor."""

    class Status(models.TextChoices):
        IN_PROGRESS = "in_progress", _("Being prepared")
        PENDING = "pending", _("Waiting for approval")
        APPROVED = "approved", _("Sent to the customer")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Declined")
        CANCELLED = "cancelled", _("Cancelled")

    MOVES: ClassVar = {
        Status.IN_PROGRESS: {Status.PENDING, Status.APPROVED, Status.CANCELLED},
        Status.PENDING: {Status.IN_PROGRESS, Status.APPROVED, Status.REJECTED, Status.CANCELLED},
        Status.APPROVED: {Status.ACCEPTED, Status.REJECTED, Status.CANCELLED},
        Status.ACCEPTED: set(),
        Status.REJECTED: set(),
        Status.CANCELLED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("QUO")
    family = models.UUIDField(_("family"), editable=False)
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="quotes")
    account = models.ForeignKey(
        BillingAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="quotes"
    )
    status = models.CharField(
        _("status"), max_length=11, choices=Status, default=Status.IN_PROGRESS, editable=False
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    quoted = models.DateTimeField(_("date"))
    valid_until = models.DateField(_("valid until"))
    note = models.TextField(_("note"), blank=True)

    objects = CustomerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["family", "revision"], name="bss_quote_revision_once"),
            models.UniqueConstraint(
                fields=["family"],
                condition=Q(status__in=["in_progress", "pending", "approved", "accepted"]),
                name="bss_quote_one_alive",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["in_progress", "pending", "approved", "accepted", "rejected", "cancelled"]
                ),
                name="bss_quote_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} ({self.revision})"


class QuoteItemQuerySet(OwnedQuerySet):
    """Items of customers' quotes."""

    scope_paths = {"customer": "quote__customer_id"}


class QuoteItem(Stamped):
    """An offering in a quote, with the prices it was quoted at."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="items")
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="members"
    )
    position = models.CharField(_("position"), max_length=20)
    offering = models.ForeignKey(ProductOffering, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(CustomerSite, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    characteristics = models.JSONField(_("characteristics"), default=dict, blank=True)
    prices = models.ManyToManyField(OfferingPrice, related_name="+")

    objects = QuoteItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("item of a quote")
        verbose_name_plural = _("items of a quote")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["quote", "position"], name="bss_quote_position_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="bss_quote_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.quote.number} {self.position}"
