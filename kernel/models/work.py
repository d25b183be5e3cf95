"""Rows behind pages and long work: saved views, drafts, comments, jobs."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel.models.base import Identified, Stamped


class SavedView(Stamped):
    """A named set of list parameters (never the page); private, shared, or the default of a list."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=80, help_text=_("Name of the list, e.g. oss_alarms:alarm-list"))
    name = models.CharField(_("name"), max_length=80)
    query = models.TextField(blank=True)
    shared = models.BooleanField(_("shared with everybody"), default=False)
    default = models.BooleanField(_("my default"), default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "page", "name"], name="kernel_view_name_once")
        ]
        indexes = [models.Index(fields=["page", "shared"], name="kernel_view_page")]

    def __str__(self) -> str:
        return self.name


class Draft(Stamped):
    """What a user has typed into a form and not sent yet; one per user, form and object."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    form = models.CharField(max_length=80)
    object_key = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "form", "object_key"], name="kernel_draft_once"),
        ]

    def __str__(self) -> str:
        return f"{self.form} {self.object_key}"


class Comment(Stamped):
    """A remark of a person on any business object; part of its timeline, never edited by others."""

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    author_label = models.CharField(max_length=120)
    object_id = models.UUIDField()
    text = models.TextField(_("comment"), max_length=10_000)
    pinned = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["object_id", "-created"], name="kernel_comment_object")]

    def __str__(self) -> str:
        return self.text[:60]


class Job(Stamped):
    """Long work with progress, log, cancel and resume. `kernel.jobs` is its door."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="jobs"
    )
    owner_label = models.CharField(max_length=120, blank=True)
    queue = models.CharField(max_length=20, default="default")
    params = models.JSONField(default=dict)
    state = models.JSONField(default=dict, help_text=_("Where to resume"))
    result = models.JSONField(default=dict)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    heartbeat = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    correlation_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["pending", "running", "succeeded", "failed", "cancelled"]),
                name="kernel_job_status",
            )
        ]
        indexes = [
            models.Index(fields=["owner", "-created"], name="kernel_job_owner"),
            models.Index(
                fields=["heartbeat"],
                name="kernel_job_open",
                condition=models.Q(status__in=["pending", "running"]),
            ),
        ]
        permissions = [("cancel_job", _("Can cancel any job"))]
        verbose_name = _("job")
        verbose_name_plural = _("jobs")

    def __str__(self) -> str:
        return self.title


class JobLine(models.Model):
    """One row of a job's result or log: succeeded, skipped or failed, with the reason."""

    class Outcome(models.TextChoices):
        INFO = "info", _("Note")
        SUCCEEDED = "succeeded", _("Succeeded")
        SKIPPED = "skipped", _("Skipped")
        FAILED = "failed", _("Failed")

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    object_id = models.UUIDField(null=True)
    label = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=80, blank=True)
    message = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["job", "outcome", "id"], name="kernel_jobline_outcome")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.label}"


class Holiday(Identified):
    """A day without service hours in a business calendar, beyond the public holidays of its country."""

    calendar = models.ForeignKey(
        "kernel.BusinessCalendar", on_delete=models.CASCADE, related_name="extra_holidays"
    )
    day = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "day"], name="kernel_holiday_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class BusinessCalendar(Stamped):
    """Service hours: local opening times per weekday, a time zone and the public holidays of a country."""

    name = models.CharField(max_length=80, unique=True)
    time_zone = models.CharField(max_length=64, default="Europe/Paris")
    country = models.CharField(
        max_length=2, blank=True, help_text=_("ISO 3166-1; blank = no public holidays")
    )
    # {"0": [["08:00", "18:00"]], …}: Monday is 0; a missing day is closed; "24:00" ends a full day.
    hours = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name
