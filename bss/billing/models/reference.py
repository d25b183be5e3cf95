"""What the standard calls cycles, formats and media of bills: views of the database, for nobody to keep in step."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel.permissions import OwnedQuerySet


class ReferenceQuerySet(OwnedQuerySet):
    """What is the same for every customer."""

    open_to_scoped = True


class BillingCycle(models.Model):
    """A billing day of the month and how many accounts have it (TMF666 BillingCycleSpecification)."""

    code = models.CharField(_("code"), max_length=20, primary_key=True)
    day = models.PositiveSmallIntegerField(_("billing day"))
    name = models.CharField(_("name"), max_length=40)
    accounts = models.PositiveIntegerField(_("accounts"))

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "bss_billing_cycle"
        verbose_name = _("billing cycle")

    def __str__(self) -> str:
        return self.name


class BillFormat(models.Model):
    """A form in which the product renders a document (TMF666 BillFormat)."""

    code = models.CharField(_("code"), max_length=20, primary_key=True)
    name = models.CharField(_("name"), max_length=40)
    description = models.CharField(_("description"), max_length=200)

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "bss_billing_format"
        verbose_name = _("bill format")

    def __str__(self) -> str:
        return self.name


class BillMedia(models.Model):
    """A way bills reach customers, as accounts name it (TMF666 BillPresentationMedia)."""

    code = models.CharField(_("code"), max_length=20, primary_key=True)
    name = models.CharField(_("name"), max_length=40)
    description = models.CharField(_("description"), max_length=200)

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "bss_billing_media"
        verbose_name = _("bill presentation media")

    def __str__(self) -> str:
        return self.name
