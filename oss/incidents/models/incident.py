"""The incident and its timeline (TMF724, ITIL)."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet
from oss.alarms.models import Alarm
from oss.inventory.models import Link, NetworkElement


class Impact(models.TextChoices):
    """How much is hit (TMF724 impact)."""

    EXTENSIVE = "extensive", _("Extensive")
    SIGNIFICANT = "significant", _("Significant")
    MODERATE = "moderate", _("Moderate")
    MINOR = "minor", _("Minor")


class Urgency(models.TextChoices):
    """How soon it must be mended (TMF724 urgency)."""

    CRITICAL = "critical", _("Critical")
    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")


class Priority(models.TextChoices):
    """What comes first: impact × urgency (TMF724 priority)."""

    CRITICAL = "critical", _("P1 critical")
    HIGH = "high", _("P2 high")
    MEDIUM = "medium", _("P3 medium")
    LOW = "low", _("P4 low")


class CauseCode(models.TextChoices):
    """What it was, said at resolution."""

    CABLE = "cable", _("Cable or fibre")
    TRANSMISSION = "transmission", _("Transmission equipment")
    HARDWARE = "hardware", _("Hardware")
    SOFTWARE = "software", _("Software")
    CONFIGURATION = "configuration", _("Configuration")
    POWER = "power", _("Power")
    CAPACITY = "capacity", _("Overload")
    CUSTOMER = "customer", _("Customer’s equipment")
    THIRD_PARTY = "third_party", _("Third party")
    PLANNED = "planned", _("Planned work")
    NO_FAULT = "no_fault", _("No fault found")
    MERGED = "merged", _("Part of another incident")
    UNKNOWN = "unknown", _("Unknown")


class IncidentQuerySet(OwnedQuerySet):
    """Incidents, as people ask for them."""

    def open(self) -> Self:
        """Neither resolved nor closed."""
        return self.filter(status__in=Incident.OPEN)


class Incident(Stamped):
    """A disturbance of service that people work on, usually opened for the root of a group of alarms."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        DIAGNOSED = "diagnosed", _("Diagnosed")
        MITIGATED = "mitigated", _("Mitigated")
        RESOLVED = "resolved", _("Resolved")
        CLOSED = "closed", _("Closed")

    class Category(models.TextChoices):
        TRANSPORT = "transport", _("Transport")
        ELEMENT = "element", _("Network element")
        ACCESS = "access", _("Access")
        POWER = "power", _("Power")
        QUALITY = "quality", _("Quality")
        OTHER = "other", _("Other")

    # A mitigated fault may come back before it is resolved; a resolved one is reopened only while it is not closed.
    MOVES: ClassVar[dict[Any, set[Any]]] = {
        Status.OPEN: {Status.DIAGNOSED, Status.MITIGATED, Status.RESOLVED},
        Status.DIAGNOSED: {Status.OPEN, Status.MITIGATED, Status.RESOLVED},
        Status.MITIGATED: {Status.OPEN, Status.DIAGNOSED, Status.RESOLVED},
        Status.RESOLVED: {Status.OPEN, Status.CLOSED},
        Status.CLOSED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)
    OPEN = (Status.OPEN, Status.DIAGNOSED, Status.MITIGATED)

    number = NumberField("INC")
    title = models.CharField(_("title"), max_length=200)
    category = models.CharField(_("category"), max_length=10, choices=Category, default=Category.OTHER)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    impact = models.CharField(_("impact"), max_length=12, choices=Impact, default=Impact.MINOR)
    urgency = models.CharField(_("urgency"), max_length=10, choices=Urgency, default=Urgency.MEDIUM)
    priority = models.CharField(_("priority"), max_length=10, choices=Priority, default=Priority.LOW)
    root_alarm = models.ForeignKey(
        Alarm,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="incidents",
        verbose_name=_("root alarm"),
    )
    element = models.ForeignKey(
        NetworkElement, null=True, blank=True, on_delete=models.PROTECT, related_name="incidents",
        verbose_name=_("element"),
    )  # fmt: skip
    link = models.ForeignKey(
        Link,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="incidents",
        verbose_name=_("link"),
    )
    commander = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="incidents",
        verbose_name=_("commander"),
    )  # fmt: skip
    eta = models.DateTimeField(_("expected end"), null=True, blank=True)
    cause_code = models.CharField(_("cause"), max_length=16, choices=CauseCode, blank=True)
    cause_note = models.TextField(_("what it was"), blank=True, max_length=4000)
    opened = models.DateTimeField(_("opened"))
    mitigated = models.DateTimeField(_("mitigated"), null=True, blank=True)
    resolved = models.DateTimeField(_("resolved"), null=True, blank=True)
    closed = models.DateTimeField(_("closed"), null=True, blank=True)
    affected_services = models.PositiveIntegerField(_("services affected"), null=True, blank=True)
    affected_customers = models.PositiveIntegerField(_("customers affected"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="merged",
        verbose_name=_("merged into"),
    )

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-opened"]
        constraints = [
            models.UniqueConstraint(
                fields=["root_alarm"],
                condition=Q(status__in=["open", "diagnosed", "mitigated"]),
                name="oss_incidents_one_open_per_root",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "diagnosed", "mitigated"], resolved=None)
                | Q(status__in=["resolved", "closed"], resolved__isnull=False) & ~Q(cause_code=""),
                name="oss_incidents_status",
            ),
            models.CheckConstraint(
                condition=Q(impact__in=["extensive", "significant", "moderate", "minor"])
                & Q(urgency__in=["critical", "high", "medium", "low"])
                & Q(priority__in=["critical", "high", "medium", "low"]),
                name="oss_incidents_priority",
            ),
            models.CheckConstraint(
                condition=Q(resolved=None) | Q(resolved__gte=F("opened")),
                name="oss_incidents_resolved_after_opened",
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="oss_incidents_not_into_itself"),
        ]
        indexes = [
            models.Index(fields=["status", "priority", "-opened"], name="oss_incidents_open"),
            models.Index(fields=["-opened"], name="oss_incidents_opened"),
        ]
        permissions = [
            ("command_incident", _("Can command incidents: assign, diagnose, rectify, resolve")),
            ("approve_runbook", _("Can approve runbooks that need it")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def is_open(self) -> bool:
        """Whether people still work on it."""
        return self.status in self.OPEN


class IncidentEntry(Stamped):
    """One line of the timeline: written by a person (`text`), or by the system (`code` and `params`, put into words
    in the reader's language)."""

    class Kind(models.TextChoices):
        NOTE = "note", _("Note")
        UPDATE = "update", _("Update for customers")
        STATUS = "status", _("State")
        ALARM = "alarm", _("Alarm")
        IMPACT = "impact", _("Impact")
        DIAGNOSIS = "diagnosis", _("Diagnosis")
        RUNBOOK = "runbook", _("Runbook")
        PEOPLE = "people", _("People")

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    code = models.CharField(max_length=40, blank=True)
    params = models.JSONField(default=dict)
    text = models.TextField(_("text"), blank=True, max_length=10_000)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    author_label = models.CharField(_("by"), max_length=120)
    pinned = models.BooleanField(_("pinned"), default=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline entries")
        ordering = ["at", "created"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text="") | ~Q(code=""), name="oss_incidents_entry_says_something"
            )
        ]
        indexes = [models.Index(fields=["incident", "at"], name="oss_incidents_entry")]

    def __str__(self) -> str:
        return self.text[:60] or self.code
