"""Windows in which alarms are expected."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet
from oss.inventory.models import Link, NetworkElement


class MaintenanceQuerySet(OwnedQuerySet):
    """Maintenance windows, as people ask for them."""

    def standing(self) -> Self:
        """Neither over nor called off."""
        return self.filter(status__in=[Maintenance.Status.SCHEDULED, Maintenance.Status.ACTIVE])

    def covering(self, at: datetime) -> Self:
        """Standing windows that contain `at`."""
        return self.standing().filter(start__lte=at, end__gt=at)


class Maintenance(Stamped):
    """A window [start, end) in which alarms of its targets, and of what only they reach, are marked as planned."""

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        ACTIVE = "active", _("Running")
        ENDED = "ended", _("Over")
        CANCELLED = "cancelled", _("Called off")

    MOVES: ClassVar[dict[Any, set[Any]]] = {
        Status.SCHEDULED: {Status.ACTIVE, Status.ENDED, Status.CANCELLED},
        Status.ACTIVE: {Status.ENDED},
        Status.ENDED: set(),
        Status.CANCELLED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("MNT")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.SCHEDULED)
    start = models.DateTimeField(_("starts"))
    end = models.DateTimeField(_("ends"))
    reason = models.CharField(_("reason"), max_length=300)
    change_ref = models.CharField(_("change"), max_length=40, blank=True)
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("planned by"),
    )  # fmt: skip

    objects = MaintenanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("maintenance window")
        verbose_name_plural = _("maintenance windows")
        ordering = ["-start"]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="oss_alarms_maintenance_window"),
            models.CheckConstraint(
                condition=Q(status__in=["scheduled", "active", "ended", "cancelled"]),
                name="oss_alarms_maintenance_status",
            ),
        ]
        indexes = [
            models.Index(
                fields=["start", "end"], name="oss_alarms_maint_standing",
                condition=Q(status__in=["scheduled", "active"]),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.reason}"


class MaintenanceTarget(models.Model):
    """One element or one link of a window; `behind` marks what is only concerned because it lies behind a target."""

    maintenance = models.ForeignKey(Maintenance, on_delete=models.CASCADE, related_name="targets")
    element = models.ForeignKey(NetworkElement, null=True, on_delete=models.PROTECT, related_name="+")
    link = models.ForeignKey(Link, null=True, on_delete=models.PROTECT, related_name="+")
    behind = models.BooleanField(_("lies behind"), default=False)

    class Meta:
        verbose_name = _("maintenance target")
        verbose_name_plural = _("maintenance targets")
        constraints = [
            models.CheckConstraint(
                condition=Q(element__isnull=False, link=None) | Q(element=None, link__isnull=False),
                name="oss_alarms_target_exactly_one",
            ),
            models.UniqueConstraint(
                fields=["maintenance", "element"],
                condition=Q(element__isnull=False),
                name="oss_alarms_target_element",
            ),
            models.UniqueConstraint(
                fields=["maintenance", "link"], condition=Q(link__isnull=False), name="oss_alarms_target_link"
            ),
        ]

    def __str__(self) -> str:
        return str(self.element or self.link)
