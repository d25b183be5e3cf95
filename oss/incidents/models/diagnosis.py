"""What was tested, and what follows from it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel.lifecycle import Lifecycle
from kernel.models import Stamped
from kernel.permissions import OwnedQuerySet
from oss.incidents.models.incident import CauseCode, Incident
from oss.inventory.models import Link, NetworkElement, Port


class Diagnosis(Stamped):
    """One round of tests on the network around an incident, and its conclusion: the place, and why there."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    MOVES: ClassVar[dict[Any, set[Any]]] = {
        Status.PENDING: {Status.RUNNING},
        Status.RUNNING: {Status.DONE, Status.FAILED},
        Status.DONE: set(),
        Status.FAILED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    class Confidence(models.TextChoices):
        CERTAIN = "certain", _("Certain")
        LIKELY = "likely", _("Likely")
        OPEN = "open", _("Not located")

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="diagnoses")
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.PENDING)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("asked by"),
    )
    requested = models.DateTimeField(_("asked"))
    claimed = models.DateTimeField(null=True)
    finished = models.DateTimeField(_("finished"), null=True)
    element = models.ForeignKey(NetworkElement, null=True, on_delete=models.PROTECT, related_name="+")
    link = models.ForeignKey(Link, null=True, on_delete=models.PROTECT, related_name="+")
    port = models.ForeignKey(Port, null=True, on_delete=models.PROTECT, related_name="+")
    confidence = models.CharField(_("confidence"), max_length=8, choices=Confidence, blank=True)
    because = models.JSONField(_("because"), default=dict)
    cause_code = models.CharField(_("cause"), max_length=16, choices=CauseCode, blank=True)
    remedy = models.CharField(
        _("proposed remedy"),
        max_length=20,
        blank=True,
        help_text=_("Action of a runbook that fits what was found"),
    )
    error = models.CharField(_("error"), max_length=300, blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("diagnosis")
        verbose_name_plural = _("diagnoses")
        ordering = ["-requested"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "running"], finished=None)
                | Q(status__in=["done", "failed"], finished__isnull=False),
                name="oss_incidents_diagnosis_status",
            ),
            models.UniqueConstraint(
                fields=["incident"],
                condition=Q(status__in=["pending", "running"]),
                name="oss_incidents_one_diagnosis_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.status}"


class DiagnosisTest(models.Model):
    """One test of a diagnosis: what was asked of which element, and what it said."""

    class Result(models.TextChoices):
        OK = "ok", _("Good")
        DEGRADED = "degraded", pgettext_lazy("test result", "Degraded")
        FAULT = "fault", _("Fault")
        SILENT = "silent", _("No answer")
        FAILED = "failed", _("Could not be run")

    diagnosis = models.ForeignKey(Diagnosis, on_delete=models.CASCADE, related_name="tests")
    position = models.PositiveSmallIntegerField()
    test = models.CharField(_("test"), max_length=20)
    element = models.ForeignKey(NetworkElement, on_delete=models.PROTECT, related_name="+")
    port = models.ForeignKey(Port, null=True, on_delete=models.PROTECT, related_name="+")
    result = models.CharField(_("result"), max_length=8, choices=Result)
    facts = models.JSONField(_("facts"), default=dict)
    at = models.DateTimeField(_("at"))
    milliseconds = models.PositiveIntegerField(_("took, ms"), default=0)
    session = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("diagnosis test")
        verbose_name_plural = _("diagnosis tests")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["diagnosis", "position"], name="oss_incidents_test_once"),
            models.CheckConstraint(
                condition=Q(result__in=["ok", "degraded", "fault", "silent", "failed"]),
                name="oss_incidents_test_result",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.test} {self.result}"
