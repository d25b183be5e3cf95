"""The log that service levels are measured from, and what each incident did to which service."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel.models import Identified, Stamped
from kernel.permissions import OwnedQuerySet
from oss.incidents.models import Incident
from service_mgmt.services.models import Service


class ServiceOwnedQuerySet(OwnedQuerySet):
    """Rows about one service, seen through its customer."""

    scope_paths: ClassVar[dict[str, str]] = {"customer": "service__customer_id"}


class SlaClockEvent(Identified):
    """One thing that happened to a service's clock. Append-only: a mistake is taken back by a `void` of its row.

    `at` is when it happened, `recorded` when we wrote it down: only `at` counts, whatever the order of arrival. Each
    cause (`cause_id`: incident, alarm, maintenance window) opens and closes its own interval, so overlapping ones count
    once. `notified` is the proof that the customer had notice of planned work: when the notice was sent.
    """

    class Kind(models.TextChoices):
        DOWN = "down", _("Down")
        UP = "up", _("Up")
        MAINTENANCE_START = "maintenance_start", _("Planned work begins")
        MAINTENANCE_END = "maintenance_end", _("Planned work ends")
        PAUSE = "pause", _("Paused")
        RESUME = "resume", _("Resumed")
        VOID = "void", _("Taken back")

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="sla_events")
    kind = models.CharField(_("what"), max_length=17, choices=Kind)
    at = models.DateTimeField(_("at"))
    cause_id = models.UUIDField(null=True)
    cause_label = models.CharField(_("because of"), max_length=60, blank=True)
    incident = models.ForeignKey(Incident, null=True, on_delete=models.PROTECT, related_name="sla_events")
    notified = models.DateTimeField(_("customer told"), null=True)
    evidence = models.JSONField(_("evidence"), default=dict)
    voids = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="voided_by")
    by_label = models.CharField(_("by"), max_length=120)
    recorded = models.DateTimeField(_("recorded"), auto_now_add=True)

    objects = ServiceOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("clock event")
        verbose_name_plural = _("clock events")
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "kind", "at", "cause_id"],
                condition=~Q(kind="void"),
                nulls_distinct=False,
                name="levels_event_once",
            ),
            models.UniqueConstraint(fields=["voids"], name="levels_event_voided_once"),
            models.CheckConstraint(
                condition=Q(kind="void", voids__isnull=False)
                | Q(
                    kind__in=["down", "up", "maintenance_start", "maintenance_end", "pause", "resume"],
                    voids=None,
                ),
                name="levels_event_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["service", "at"], name="levels_event_service"),
            models.Index(fields=["cause_id"], name="levels_event_cause"),
        ]
        permissions = [("void_clock", _("Can take back clock events"))]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M:%S}"


class OutageImpact(Stamped):
    """What one incident does, or did, to one customer-facing service, in [since, until)."""

    class Effect(models.TextChoices):
        LOST = "lost", pgettext_lazy("one service", "Lost")
        DEGRADED = "degraded", pgettext_lazy("one service", "Degraded")
        AT_RISK = "at_risk", _("At risk")

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="outage_impacts")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="outage_impacts")
    effect = models.CharField(_("effect"), max_length=8, choices=Effect)
    because = models.CharField(_("because of"), max_length=200, blank=True)
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True)

    objects = ServiceOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("outage impact")
        verbose_name_plural = _("outage impacts")
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "service"], condition=Q(until=None), name="levels_impact_one_open"
            ),
            models.CheckConstraint(
                condition=Q(effect__in=["lost", "degraded", "at_risk"]), name="levels_impact_effect"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="levels_impact_period"
            ),
        ]
        indexes = [
            models.Index(fields=["incident", "effect"], name="levels_impact_incident"),
            models.Index(fields=["service", "-since"], name="levels_impact_service"),
        ]

    def __str__(self) -> str:
        return f"{self.incident.number} → {self.service.number}: {self.get_effect_display()}"
