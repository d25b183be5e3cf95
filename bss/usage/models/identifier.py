"""Whose usage it is: the identifiers by which the network names a product, each for a period."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from bss.orders.models import Product
from kernel.models import Stamped
from kernel.permissions import OwnedQuerySet


class UsageIdentifierQuerySet(OwnedQuerySet):
    """Identifiers of customers' products."""

    scope_paths = {"customer": "product__customer_id"}


class UsageIdentifier(Stamped):
    """A name the network uses (user name, E.164 number, port, circuit) → the product that pays, in [start, end).

    One name leads to one product at a time (exclusion constraint). Activation writes it, termination ends it.
    """

    class Kind(models.TextChoices):
        USER_NAME = "user_name", _("User name")
        E164 = "e164", _("Telephone number")
        PORT = "port", _("Port")
        CIRCUIT = "circuit", _("Circuit")

    kind = models.CharField(_("kind"), max_length=9, choices=Kind)
    value = models.CharField(_("value"), max_length=80)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="identifiers")
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("until"), null=True, blank=True)

    objects = UsageIdentifierQuerySet.as_manager()

    class Meta:
        verbose_name = _("usage identifier")
        verbose_name_plural = _("usage identifiers")
        ordering = ["kind", "value", "start"]
        constraints = [
            ExclusionConstraint(
                name="bss_identifier_one_product",
                expressions=[
                    ("kind", RangeOperators.EQUAL),
                    ("value", RangeOperators.EQUAL),
                    (Func(F("start"), F("end"), function="tstzrange"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(end=None) | Q(end__gte=F("start")), name="bss_identifier_period"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["user_name", "e164", "port", "circuit"]), name="bss_identifier_kind"
            ),
            models.CheckConstraint(
                condition=~Q(kind="e164") | Q(value__regex=r"^\+[1-9][0-9]{2,14}$"),
                name="bss_identifier_e164",
            ),
        ]
        indexes = [models.Index(fields=["kind", "value"], name="bss_identifier_lookup")]

    def __str__(self) -> str:
        return self.value
