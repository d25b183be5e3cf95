"""The party in its role as customer (TMF629), the places it is served at, and what it has signed (TMF651)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bss.customers.models.party import Party
from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.money import AmountField
from kernel.periods import Period, add_months
from kernel.permissions import OwnedQuerySet


class CustomerQuerySet(OwnedQuerySet):
    """Customers; a self-care user sees the own one."""

    scope_paths = {"customer": "id"}


class Customer(Stamped):
    """A party we sell to. One customer role per party; a merged customer points at the one that took it over."""

    class Segment(models.TextChoices):
        RESIDENTIAL = "residential", _("Residential")
        BUSINESS = "business", _("Business")
        ENTERPRISE = "enterprise", _("Enterprise")
        WHOLESALE = "wholesale", _("Wholesale")

    class CreditClass(models.TextChoices):
        A = "A", _("A – no limit")
        B = "B", _("B – normal")
        C = "C", _("C – deposit")
        D = "D", _("D – prepaid only")

    class Status(models.TextChoices):
        PROSPECT = "prospect", _("Prospect")
        ACTIVE = "active", _("Active")
        CLOSED = "closed", _("Closed")
        MERGED = "merged", _("Merged")

    MOVES: ClassVar = {
        Status.PROSPECT: {Status.ACTIVE, Status.CLOSED, Status.MERGED},
        Status.ACTIVE: {Status.CLOSED, Status.MERGED},
        Status.CLOSED: {Status.ACTIVE, Status.MERGED},
        Status.MERGED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("CUS")
    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="customer")
    segment = models.CharField(_("segment"), max_length=12, choices=Segment, default=Segment.RESIDENTIAL)
    credit_class = models.CharField(
        _("credit class"), max_length=1, choices=CreditClass, default=CreditClass.B
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.PROSPECT, editable=False
    )
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="merged"
    )

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["prospect", "active", "closed", "merged"]), name="bss_customer_status"
            ),
            models.CheckConstraint(
                condition=Q(status="merged", merged_into__isnull=False)
                | ~Q(status="merged") & Q(merged_into=None),
                name="bss_customer_merged_into",
            ),
            models.CheckConstraint(
                condition=Q(segment__in=["residential", "business", "enterprise", "wholesale"]),
                name="bss_customer_segment",
            ),
        ]
        indexes = [models.Index(fields=["status", "segment"], name="bss_customer_list")]
        permissions = [
            ("verify_caller", _("Can verify a caller")),
            ("merge_customer", _("Can merge customers")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.party}"

    @property
    def name(self) -> str:
        """The party's name."""
        return str(self.party)


class CustomerOwnedQuerySet(OwnedQuerySet):
    """Rows that belong to one customer."""

    scope_paths = {"customer": "customer_id"}


class CustomerSite(Stamped):
    """A place where a customer is or may be served.

    `location_code` is the code of the network location that serves it, as plain text: the two halves share no
    table. Empty = not yet known. Coordinates are WGS 84 degrees.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="sites")
    name = models.CharField(_("name"), max_length=120)
    street = models.CharField(_("street and number"), max_length=160)
    postcode = models.CharField(_("postcode"), max_length=12)
    city = models.CharField(_("city"), max_length=80)
    country = models.CharField(_("country"), max_length=2, default="FR")
    location_code = models.CharField(_("serving location"), max_length=64, blank=True)
    latitude = models.DecimalField(_("latitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    access_notes = models.TextField(_("access notes"), blank=True)

    objects = CustomerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "name"], name="bss_site_name_once"),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="bss_site_coordinates",
            ),
            models.CheckConstraint(condition=Q(country__regex="^[A-Z]{2}$"), name="bss_site_country"),
        ]
        indexes = [
            models.Index(fields=["location_code"], name="bss_site_location"),
            models.Index(fields=["postcode"], name="bss_site_postcode"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}"

    @property
    def address(self) -> str:
        """The postal address on one line."""
        return f"{self.street}, {self.postcode} {self.city}, {self.country}"


class Agreement(Stamped):
    """A contract: its term, what leaving early costs, and the class of service level it promises.

    `sla_class` is a code that service_mgmt.levels resolves. The term runs by calendar months from `start`.
    """

    class Status(models.TextChoices):
        IN_PROCESS = "in_process", _("In process")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        ENDED = "ended", _("Ended")

    MOVES: ClassVar = {
        Status.IN_PROCESS: {Status.APPROVED, Status.REJECTED},
        Status.APPROVED: {Status.ENDED},
        Status.REJECTED: set(),
        Status.ENDED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("AGR")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="agreements")
    name = models.CharField(_("name"), max_length=160)
    kind = models.CharField(_("kind"), max_length=40, default="commercial")
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.IN_PROCESS, editable=False
    )
    start = models.DateField(_("start"))
    term_months = models.PositiveSmallIntegerField(_("term in months"), default=0)
    notice_months = models.PositiveSmallIntegerField(_("notice in months"), default=1)
    early_termination_fee = AmountField(_("early termination fee"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    sla_class = models.CharField(_("service level class"), max_length=40, blank=True)
    signed_by = models.CharField(_("signed by"), max_length=120, blank=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True, editable=False)

    objects = CustomerOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["-start"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["in_process", "approved", "rejected", "ended"]),
                name="bss_agreement_status",
            ),
            models.CheckConstraint(
                condition=Q(early_termination_fee__gte=0), name="bss_agreement_fee_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(ended_on__gte=F("start")),
                name="bss_agreement_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def period(self) -> Period:
        """[start, end): open-ended without a term."""
        end = self.ended_on or (add_months(self.start, self.term_months) if self.term_months else None)
        return Period(self.start, end)

    def bound_on(self, day: date) -> bool:
        """Whether the minimum term still runs on `day`."""
        return self.status == self.Status.APPROVED and bool(self.term_months) and day in self.period
