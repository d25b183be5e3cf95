"""What is left of the usage that offers include."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bss.catalog.models import Allowance
from bss.customers.models import BillingAccount
from bss.orders.models import Product
from kernel.models import Identified
from kernel.permissions import OwnedQuerySet


class BucketQuerySet(OwnedQuerySet):
    """Buckets of customers' accounts."""

    scope_paths = {"customer": "account__customer_id"}


class Bucket(Identified):
    """An allowance in one period: of a product, or shared by all products of the account (`product` null).

    Quantities are in base units: seconds, bytes or events. `expires` is the first day on which what is left is gone
    (later than `end` where the allowance rolls over). Days are local days of the account.
    """

    allowance = models.ForeignKey(Allowance, on_delete=models.PROTECT, related_name="buckets")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="buckets")
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, related_name="buckets"
    )
    start = models.DateField(_("from"))
    end = models.DateField(_("until"))
    expires = models.DateField(_("expires"))
    quantity = models.BigIntegerField(_("included"))
    used = models.BigIntegerField(_("used"), default=0)

    objects = BucketQuerySet.as_manager()

    class Meta:
        verbose_name = _("allowance account")
        verbose_name_plural = _("allowance accounts")
        ordering = ["-start", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "allowance", "product", "start"],
                nulls_distinct=False,
                name="bss_bucket_once",
            ),
            models.CheckConstraint(
                condition=Q(used__gte=0, used__lte=F("quantity")), name="bss_bucket_never_overdrawn"
            ),
            models.CheckConstraint(
                condition=Q(end__gt=F("start"), expires__gte=F("end")), name="bss_bucket_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.allowance} {self.start}"

    @property
    def left(self) -> int:
        """Base units not used yet."""
        return int(self.quantity - self.used)

    def in_units(self, quantity: int) -> Any:
        """A base quantity in the allowance's own unit."""
        return quantity / self.allowance.BASE[self.allowance.unit]
