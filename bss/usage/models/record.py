"""Rated usage: each record with the explanation of its price, and the totals that are billed."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bss.catalog.models import Tariff
from bss.customers.models import BillingAccount
from bss.orders.models import Product
from bss.usage.models.intake import UsageBatch, UsageSource
from kernel.models import Stamped
from kernel.money import from_micros
from kernel.permissions import OwnedQuerySet


class UsageQuerySet(OwnedQuerySet):
    """Usage of customers' accounts."""

    scope_paths = {"customer": "account__customer_id"}


class SpecificationQuerySet(OwnedQuerySet):
    """Specifications are the same for everybody."""

    open_to_scoped = True


class Kind(models.TextChoices):
    """What was used."""

    VOICE = "voice", _("Call")
    DATA = "data", _("Data")


class UsageSpecification(Stamped):
    """What a record of one kind says (TMF635): the names and types of its characteristics. `code` is a kind."""

    code = models.CharField(_("code"), max_length=8, choices=Kind, unique=True)
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    release = models.CharField(_("version"), max_length=10, default="1.0")
    lifecycle_status = models.CharField(_("status"), max_length=20, default="Active")
    characteristics = models.JSONField(_("characteristics"), default=list, blank=True)

    objects = SpecificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("usage specification")
        verbose_name_plural = _("usage specifications")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class UsageRecord(models.Model):
    """One rated call or data report; inserted once, by COPY, with everything that explains its price.

    `units` are seconds or bytes as measured, `charged` after the tariff's steps, `taken` of these from allowances.
    `bands` is the time band, or seconds by band where a call crossed bands. `micros` is the price in millionths of
    the currency, rounded once (RECORD). References are without database constraints: each would cost a lookup per
    record; the checker of the books proves them instead.
    """

    partition_by: ClassVar[str] = "started"

    class Status(models.TextChoices):
        RATED = "rated", _("Rated")
        RERATED = "rerated", _("Rated again")

    pk = models.CompositePrimaryKey("id", "started")
    id = models.UUIDField()
    started = models.DateTimeField(_("started"))
    source = models.ForeignKey(
        UsageSource, db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="+"
    )
    key = models.CharField(_("record"), max_length=80)
    batch = models.ForeignKey(
        UsageBatch, db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="records"
    )
    line = models.BigIntegerField(_("line"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.RATED)
    account = models.ForeignKey(
        BillingAccount, db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="+"
    )
    product = models.ForeignKey(
        Product, db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="+"
    )
    identifier = models.CharField(_("number or name"), max_length=80)
    other = models.CharField(_("called number"), max_length=32, blank=True)
    seconds = models.BigIntegerField(_("duration"))
    units = models.BigIntegerField(_("measured"))
    charged = models.BigIntegerField(_("counted"))
    steps = models.BigIntegerField(_("steps"))
    taken = models.BigIntegerField(_("from allowances"))
    tariff = models.ForeignKey(
        Tariff, null=True, db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="+"
    )
    zone = models.CharField(_("zone"), max_length=60, blank=True)
    bands = models.CharField(_("bands"), max_length=200, blank=True)
    connect = models.BigIntegerField(_("connect fee in millionths"))
    micros = models.BigIntegerField(_("price in millionths"))
    currency = models.CharField(_("currency"), max_length=3)
    cycle_start = models.DateField(_("billing period from"))
    late = models.BooleanField(_("late"), default=False)

    objects = UsageQuerySet.as_manager()

    class Meta:
        verbose_name = _("usage record")
        verbose_name_plural = _("usage records")
        ordering = ["-started"]
        constraints = [
            models.UniqueConstraint(fields=["source", "key", "started"], name="bss_usage_no_duplicate"),
            models.CheckConstraint(
                condition=Q(units__gte=0, charged__gte=0, taken__gte=0, micros__gte=0),
                name="bss_usage_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["product", "started"], name="bss_usage_product"),
            # Records of one batch lie side by side on disk: a block range index costs almost nothing.
            BrinIndex(fields=["batch"], name="bss_usage_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.identifier} {self.started:%Y-%m-%d %H:%M}"

    @property
    def amount(self) -> Decimal:
        """Price, net."""
        return from_micros(self.micros)


class UsageTotal(models.Model):
    """What one batch added to one product in one zone and billing period: the unit in which usage is billed.

    Append-only but for `line`: the invoice line (of bss.billing) that bills this total, set once when a draft takes it
    and cleared if the draft is thrown away. So no record is billed twice or never, and no record is ever updated. One
    batch writes its totals once, grouped; like records they carry no database references of their own.
    `billable` is false where the product's price includes the usage.
    """

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(
        UsageBatch, db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="totals"
    )
    account = models.ForeignKey(
        BillingAccount, db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="+"
    )
    product = models.ForeignKey(
        Product, db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="usage_totals"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    tariff = models.ForeignKey(
        Tariff, null=True, db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="+"
    )
    zone = models.CharField(max_length=60, blank=True)
    currency = models.CharField(max_length=3)
    cycle_start = models.DateField()
    cycle_end = models.DateField()
    first = models.DateTimeField()
    last = models.DateTimeField()
    records = models.BigIntegerField()
    units = models.BigIntegerField()
    charged = models.BigIntegerField()
    taken = models.BigIntegerField()
    micros = models.BigIntegerField()
    late = models.BooleanField(default=False)
    billable = models.BooleanField(default=True)
    line = models.UUIDField(null=True)

    objects = UsageQuerySet.as_manager()

    class Meta:
        verbose_name = _("usage total")
        verbose_name_plural = _("usage totals")
        constraints = [
            models.CheckConstraint(
                condition=Q(billable=True) | Q(line=None, micros=0), name="bss_usagetotal_billable"
            ),
        ]
        indexes = [
            models.Index(
                fields=["account"], name="bss_usagetotal_unbilled", condition=Q(line=None, billable=True)
            ),
            models.Index(fields=["line"], name="bss_usagetotal_line", condition=Q(line__isnull=False)),
            BrinIndex(fields=["batch"], name="bss_usagetotal_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.zone} {self.cycle_start}"
