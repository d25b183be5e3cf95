"""Telephone numbers in E.164 form, by range."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import Stamped
from oss.addressing.models.pools import Holdable, HoldableQuerySet, PoolQuerySet, states
from oss.inventory.models import Location

E164 = r"^\+[1-9][0-9]{6,14}$"


class NumberRange(Stamped):
    """A block of telephone numbers from `first` to `last`, given to the operator by the numbering authority."""

    class Kind(models.TextChoices):
        GEOGRAPHIC = "geographic", _("Geographic")
        NON_GEOGRAPHIC = "non_geographic", _("Non-geographic")
        MOBILE = "mobile", _("Mobile")
        FREEPHONE = "freephone", _("Freephone")

    name = models.CharField(_("name"), max_length=80, unique=True)
    first = models.CharField(_("first number"), max_length=16)
    last = models.CharField(_("last number"), max_length=16)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.GEOGRAPHIC)
    location = models.ForeignKey(
        Location,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="number_ranges",
        verbose_name=_("serves"),
    )
    quarantine_days = models.PositiveSmallIntegerField(
        _("quarantine, days"),
        default=90,
        help_text=_("How long a number that was given up is not handed out"),
    )

    objects = PoolQuerySet.as_manager()

    class Meta:
        verbose_name = _("number range")
        verbose_name_plural = _("number ranges")
        ordering = ["first"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first__regex=E164, last__regex=E164), name="oss_addressing_range_e164"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["geographic", "non_geographic", "mobile", "freephone"]),
                name="oss_addressing_range_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} – {self.last}"

    @property
    def size(self) -> int:
        """How many numbers the range holds."""
        return int(self.last) - int(self.first) + 1


class NumberQuerySet(HoldableQuerySet):
    """Telephone numbers, as people ask for them."""

    def rested(self, at: datetime) -> Self:
        """Numbers whose quarantine is over at `at`."""
        return self.filter(status=TelephoneNumber.Status.QUARANTINED, quarantine_until__lte=at)


class TelephoneNumber(Holdable):
    """One telephone number (ITU-T E.164). After use it rests in quarantine before somebody else gets it."""

    class Status(models.TextChoices):
        FREE = "free", _("Free")
        RESERVED = "reserved", _("Reserved")
        ASSIGNED = "assigned", _("Assigned")
        QUARANTINED = "quarantined", _("In quarantine")

    MOVES = {
        Status.FREE: {Status.RESERVED, Status.ASSIGNED},
        Status.RESERVED: {Status.FREE, Status.ASSIGNED},
        Status.ASSIGNED: {Status.QUARANTINED},
        Status.QUARANTINED: {Status.FREE},
    }
    lifecycle = Lifecycle("status", MOVES)

    range = models.ForeignKey(NumberRange, on_delete=models.PROTECT, related_name="numbers")
    e164 = models.CharField(_("number"), max_length=16, unique=True)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.FREE)
    quarantine_until = models.DateTimeField(_("in quarantine until"), null=True, blank=True)

    objects = NumberQuerySet.as_manager()

    class Meta:
        verbose_name = _("telephone number")
        verbose_name_plural = _("telephone numbers")
        ordering = ["e164"]
        constraints = [
            models.CheckConstraint(condition=Q(e164__regex=E164), name="oss_addressing_number_e164"),
            models.CheckConstraint(
                condition=states(quarantine_until=None)
                | Q(status="quarantined", holder=None, reserved_until=None, quarantine_until__isnull=False),
                name="oss_addressing_number_status",
            ),
        ]
        indexes = [
            models.Index(fields=["range", "e164"], name="oss_addr_number_free", condition=Q(status="free")),
            models.Index(fields=["holder"], name="oss_addr_number_holder", condition=Q(holder__isnull=False)),
            models.Index(
                fields=["reserved_until"], name="oss_addr_number_expiry", condition=Q(status="reserved")
            ),
            models.Index(
                fields=["quarantine_until"], name="oss_addr_number_rest", condition=Q(status="quarantined")
            ),
        ]

    def __str__(self) -> str:
        return self.e164
