"""Runbooks: what can be done from here, at what risk; and each time it was done."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet
from oss.incidents.models.incident import Incident
from oss.inventory.models import NetworkElement, Port


class Runbook(Stamped):
    """A remedy that the portal can carry out on an element (`action` names its steps in `services.remedies`)."""

    class Action(models.TextChoices):
        BOUNCE_PORT = "bounce_port", _("Bounce a port")
        PUSH_CONFIGURATION = "push_configuration", _("Push the configuration again")
        SWITCH_PROTECTION = "switch_protection", _("Switch to the protecting path")
        REBOOT = "reboot", _("Reboot an element")

    class Risk(models.TextChoices):
        LOW = "low", _("Low")
        MEDIUM = "medium", _("Medium")
        HIGH = "high", _("High")

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_fr = models.CharField(_("name in French"), max_length=120, blank=True)
    action = models.CharField(_("what it does"), max_length=20, choices=Action)
    risk = models.CharField(_("risk"), max_length=6, choices=Risk)
    needs_approval = models.BooleanField(_("needs approval"), default=False)
    active = models.BooleanField(_("active"), default=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("runbook")
        verbose_name_plural = _("runbooks")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(risk__in=["low", "medium", "high"]), name="oss_incidents_runbook_risk"
            ),
            models.CheckConstraint(
                condition=~Q(risk="high") | Q(needs_approval=True),
                name="oss_incidents_high_risk_needs_approval",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Name in the language of the page."""
        return self.name_fr if self.name_fr and (get_language() or "").startswith("fr") else self.name


class RunbookRun(Stamped):
    """One carrying-out of a runbook for an incident, step by step; it resumes at the step where it stopped."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Waits for approval")
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        REJECTED = "rejected", _("Rejected")

    MOVES: ClassVar[dict[Any, set[Any]]] = {
        Status.PROPOSED: {Status.PENDING, Status.REJECTED},
        Status.PENDING: {Status.RUNNING, Status.REJECTED},
        Status.RUNNING: {Status.SUCCEEDED, Status.FAILED},
        Status.SUCCEEDED: set(),
        Status.FAILED: set(),
        Status.REJECTED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("RBR")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="runs")
    runbook = models.ForeignKey(Runbook, on_delete=models.PROTECT, related_name="runs")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    element = models.ForeignKey(
        NetworkElement, on_delete=models.PROTECT, related_name="+", verbose_name=_("element")
    )
    port = models.ForeignKey(
        Port, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("port")
    )
    requested = models.DateTimeField(_("asked"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("asked by"),
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("decided by"),
    )
    started = models.DateTimeField(_("started"), null=True)
    finished = models.DateTimeField(_("finished"), null=True)
    # System time of the last sign of life of the worker that has the run; another may take it over when it is old.
    heartbeat = models.DateTimeField(null=True)
    not_before = models.DateTimeField(
        null=True, help_text=_("When the waiting step is tried again (system time)")
    )
    outcome = models.CharField(_("outcome"), max_length=300, blank=True)
    session = models.UUIDField(_("session"), null=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("runbook run")
        verbose_name_plural = _("runbook runs")
        ordering = ["-requested"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "pending", "running"], finished=None)
                | Q(status__in=["succeeded", "failed", "rejected"], finished__isnull=False),
                name="oss_incidents_run_status",
            ),
            models.UniqueConstraint(
                fields=["element"],
                condition=Q(status__in=["pending", "running"]),
                name="oss_incidents_one_run_per_element",
            ),
        ]
        indexes = [
            models.Index(
                fields=["heartbeat"],
                name="oss_incidents_run_open",
                condition=Q(status__in=["pending", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.runbook}"


class RunbookStep(models.Model):
    """One step of a run."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    run = models.ForeignKey(RunbookRun, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("step"), max_length=40)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    started = models.DateTimeField(_("started"), null=True)
    finished = models.DateTimeField(_("finished"), null=True)
    output = models.JSONField(_("output"), default=dict)
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("runbook step")
        verbose_name_plural = _("runbook steps")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="oss_incidents_step_once"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "running", "done", "failed"]),
                name="oss_incidents_step_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.status}"
