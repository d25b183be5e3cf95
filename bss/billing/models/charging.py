"""What is charged regularly or once, and at which rate it is taxed."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from bss.catalog.models import OfferingPrice
from bss.customers.models import BillingAccount
from bss.orders.models import Product
from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.money import AmountField
from kernel.permissions import OwnedQuerySet


class AccountOwnedQuerySet(OwnedQuerySet):
    """Rows of one billing account, seen through its customer."""

    scope_paths: ClassVar[dict[str, str]] = {"customer": "account__customer_id"}


class Subscription(Stamped):
    """A product's price in force: recurring from `start` to `end` (local days, half-open), or one-off due on `start`.

    Billing is by difference: `billed_from`/`billed_to` is the closed span of days that posted invoices cover (for a
    one-off: the day it was billed on, twice). What should be billed less that span is what the next run writes.
    """

    class Kind(models.TextChoices):
        ONE_OFF = "one_off", _("Once")
        RECURRING = "recurring", _("Recurring")

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="subscriptions")
    price = models.ForeignKey(OfferingPrice, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="subscriptions")
    kind = models.CharField(max_length=9, choices=Kind)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    amount = AmountField(_("amount per period, net"))
    currency = models.CharField(max_length=3)
    start = models.DateField(_("from"))
    end = models.DateField(_("until"), null=True)
    billed_from = models.DateField(null=True, editable=False)
    billed_to = models.DateField(null=True, editable=False)

    objects = AccountOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        constraints = [
            models.UniqueConstraint(
                fields=["product", "price"], name="billing_subscription_once", condition=Q(end=None)
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["one_off", "recurring"]), name="billing_subscription_kind"
            ),
            models.CheckConstraint(
                condition=Q(end=None) | Q(end__gte=F("start")), name="billing_subscription_period"
            ),
            models.CheckConstraint(
                condition=Q(billed_from=None, billed_to=None) | Q(billed_to__gte=F("billed_from")),
                name="billing_subscription_billed",
            ),
        ]
        indexes = [models.Index(fields=["account"], name="billing_subscription_account")]

    def __str__(self) -> str:
        return f"{self.product} {self.price}"


class Discount(Stamped):
    """A percentage off the recurring charges of an account, or of one product, whose days lie in [start, end).

    Taken off before tax, as a line of its own per tax category.
    """

    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="discounts")
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, related_name="discounts"
    )
    name_en = models.CharField(_("text (English)"), max_length=120)
    name_fr = models.CharField(_("text (French)"), max_length=120, blank=True)
    percent = models.DecimalField(_("percent"), max_digits=6, decimal_places=3)
    start = models.DateField(_("from"))
    end = models.DateField(_("until"), null=True, blank=True)

    objects = AccountOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("discount")
        verbose_name_plural = _("discounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gt=0, percent__lte=100), name="billing_discount_percent"
            ),
            models.CheckConstraint(
                condition=Q(end=None) | Q(end__gt=F("start")), name="billing_discount_period"
            ),
        ]
        indexes = [models.Index(fields=["account"], name="billing_discount_account")]

    def __str__(self) -> str:
        return self.name_in("en")

    def name_in(self, language: str) -> str:
        """The text in a language; English where the French one is missing."""
        return (self.name_fr if language.startswith("fr") else "") or self.name_en


class TaxRate(Stamped):
    """VAT of a country: percentage of a category (UNCL5305) in a period."""

    country = models.CharField(_("country"), max_length=2)
    category = models.CharField(_("category"), max_length=2)
    percent = models.DecimalField(_("percent"), max_digits=6, decimal_places=3)
    start = models.DateField(_("from"))
    end = models.DateField(_("until"), null=True, blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        constraints = [
            models.CheckConstraint(condition=Q(percent__range=(0, 100)), name="billing_tax_percent"),
            ExclusionConstraint(
                name="billing_tax_one_rate",
                expressions=[
                    ("country", RangeOperators.EQUAL),
                    ("category", RangeOperators.EQUAL),
                    (Func(F("start"), F("end"), function="daterange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.category} {self.percent} %"


class Adjustment(Stamped):
    """Money owed to (negative) or by (positive) a customer outside the price list, with its evidence.

    `evidence_kind` and `evidence_id` name what it rests on (an SLA result, a complaint): the two halves share no
    table, so it is a plain id.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        APPROVED = "approved", _("Approved")
        APPLIED = "applied", _("On an invoice")
        REJECTED = "rejected", _("Rejected")

    MOVES: ClassVar = {
        Status.PROPOSED: {Status.APPROVED, Status.REJECTED},
        Status.APPROVED: {Status.APPLIED, Status.REJECTED},
        Status.APPLIED: set(),
        Status.REJECTED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)
    number = NumberField("ADJ")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="adjustments")
    product = models.ForeignKey(Product, null=True, on_delete=models.PROTECT, related_name="+")
    amount = AmountField(_("amount, net"))
    currency = models.CharField(max_length=3)
    tax_category = models.CharField(max_length=2, default="S")
    reason = models.CharField(_("reason"), max_length=200)
    evidence_kind = models.CharField(max_length=60, blank=True)
    evidence_id = models.UUIDField(null=True)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.PROPOSED)
    proposed_by = models.ForeignKey("kernel.User", null=True, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey("kernel.User", null=True, on_delete=models.PROTECT, related_name="+")

    objects = AccountOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        constraints = [
            models.UniqueConstraint(
                fields=["evidence_kind", "evidence_id"],
                name="billing_adjustment_once",
                condition=Q(evidence_id__isnull=False) & ~Q(status="rejected"),
            ),
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "approved", "applied", "rejected"]),
                name="billing_adjustment_status",
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="billing_adjustment_amount"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("proposed_by")),
                name="billing_adjustment_four_eyes",
            ),
        ]
        indexes = [models.Index(fields=["account", "status"], name="billing_adjustment_account")]
        permissions = [("approve_adjustment", _("Can approve credits and charges"))]

    def __str__(self) -> str:
        return self.number
