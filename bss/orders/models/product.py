"""What a customer has (TMF637): an offering in one place, with the prices agreed for it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bss.catalog.models import OfferingPrice, ProductOffering
from bss.customers.models import Agreement, BillingAccount, Customer, CustomerSite
from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet


class ProductQuerySet(OwnedQuerySet):
    """Products of customers."""

    scope_paths = {"customer": "customer_id"}

    def live(self) -> ProductQuerySet:
        """Products that are delivered now, paused ones among them."""
        return self.filter(
            status__in=[Product.Status.ACTIVE, Product.Status.SUSPENDED, Product.Status.PENDING_TERMINATE]
        )


class Product(Stamped):
    """One product instance, there from the order on (`created`), billed from `active_from` to `terminated_at`.

    The product of a bundle is the `parent` of its members and is active as soon as all of them are. `characteristics`
    hold every value in force: those of the specification, the offering and the order, the last one winning.
    """

    class Status(models.TextChoices):
        CREATED = "created", _("Ordered")
        PENDING_ACTIVE = "pending_active", _("Being delivered")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        PENDING_TERMINATE = "pending_terminate", _("Being terminated")
        TERMINATED = "terminated", _("Terminated")
        CANCELLED = "cancelled", _("Cancelled")
        ABORTED = "aborted", _("Aborted")

    MOVES: ClassVar = {
        Status.CREATED: {Status.PENDING_ACTIVE, Status.ACTIVE, Status.CANCELLED, Status.ABORTED},
        Status.PENDING_ACTIVE: {Status.ACTIVE, Status.CANCELLED, Status.ABORTED},
        Status.ACTIVE: {Status.SUSPENDED, Status.PENDING_TERMINATE, Status.TERMINATED},
        Status.SUSPENDED: {Status.ACTIVE, Status.PENDING_TERMINATE, Status.TERMINATED},
        Status.PENDING_TERMINATE: {Status.ACTIVE, Status.SUSPENDED, Status.TERMINATED},
        Status.TERMINATED: set(),
        Status.CANCELLED: set(),
        Status.ABORTED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("PRD")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="products")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="products")
    offering = models.ForeignKey(ProductOffering, on_delete=models.PROTECT, related_name="products")
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="members"
    )
    site = models.ForeignKey(
        CustomerSite, null=True, blank=True, on_delete=models.PROTECT, related_name="products"
    )
    agreement = models.ForeignKey(
        Agreement, null=True, blank=True, on_delete=models.PROTECT, related_name="products"
    )
    status = models.CharField(
        _("status"), max_length=17, choices=Status, default=Status.CREATED, editable=False
    )
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    characteristics = models.JSONField(_("characteristics"), default=dict, blank=True)
    ordered = models.DateTimeField(_("ordered"))
    active_from = models.DateTimeField(_("active from"), null=True, blank=True, editable=False)
    suspended_at = models.DateTimeField(_("suspended since"), null=True, blank=True, editable=False)
    suspension_reason = models.CharField(_("reason of suspension"), max_length=60, blank=True, editable=False)
    terminated_at = models.DateTimeField(_("terminated"), null=True, blank=True, editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "created",
                        "pending_active",
                        "active",
                        "suspended",
                        "pending_terminate",
                        "terminated",
                        "cancelled",
                        "aborted",
                    ]
                ),
                name="bss_product_status",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["created", "pending_active", "cancelled", "aborted"], active_from=None
                )
                | Q(
                    status__in=["active", "suspended", "pending_terminate", "terminated"],
                    active_from__isnull=False,
                ),
                name="bss_product_active_from",
            ),
            models.CheckConstraint(
                condition=Q(
                    status="terminated", terminated_at__isnull=False, terminated_at__gte=F("active_from")
                )
                | ~Q(status="terminated") & Q(terminated_at=None),
                name="bss_product_terminated_at",
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="bss_product_quantity"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="bss_product_not_own_parent"),
        ]
        indexes = [
            models.Index(fields=["customer", "status"], name="bss_product_customer"),
            models.Index(fields=["account", "status"], name="bss_product_account"),
            models.Index(fields=["offering", "status"], name="bss_product_offering"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.offering.name}"

    @property
    def name(self) -> str:
        """The offering's name in the language of the page."""
        return self.offering.name


class ProductPriceQuerySet(OwnedQuerySet):
    """Agreed prices of customers' products."""

    scope_paths = {"customer": "product__customer_id"}


class ProductPrice(Stamped):
    """A price agreed for a product: it stays in force for this product whatever the catalogue does later."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="prices")
    price = models.ForeignKey(OfferingPrice, on_delete=models.PROTECT, related_name="+")

    objects = ProductPriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreed price")
        verbose_name_plural = _("agreed prices")
        constraints = [models.UniqueConstraint(fields=["product", "price"], name="bss_product_price_once")]

    def __str__(self) -> str:
        return f"{self.product.number} {self.price.code}"
