"""Changes of the network under control (TMF655): planned, judged, approved, carried out in a window, taken back."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel.lifecycle import Lifecycle
from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet
from oss.inventory.models import Link, NetworkElement


class ChangeRequest(Stamped):
    """One change. Its window is half-open [window_start, window_end) in business time."""

    class Status(models.TextChoices):
        ACKNOWLEDGED = "acknowledged", _("Draft")
        WAIT_FOR_APPROVAL = "waitForApproval", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        SCHEDULED = "scheduled", _("Scheduled")
        IN_PROGRESS = "inProgress", _("In progress")
        FALLBACK = "fallbackExecution", _("Being taken back")
        REVIEW = "postImplementationReview", _("Being reviewed")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        REJECTED = "rejected", _("Rejected")

    class Kind(models.TextChoices):
        STANDARD = "standard", _("Standard")
        NORMAL = "normal", _("Normal")
        EMERGENCY = "emergency", _("Emergency")

    class Priority(models.TextChoices):
        CRITICAL = "critical", pgettext_lazy("priority", "Critical")
        HIGH = "high", pgettext_lazy("priority", "High")
        MEDIUM = "medium", pgettext_lazy("priority", "Medium")
        LOW = "low", pgettext_lazy("priority", "Low")

    MOVES: ClassVar[dict[Any, set[Any]]] = {
        Status.ACKNOWLEDGED: {Status.WAIT_FOR_APPROVAL, Status.CANCELLED},
        Status.WAIT_FOR_APPROVAL: {Status.APPROVED, Status.REJECTED, Status.ACKNOWLEDGED, Status.CANCELLED},
        Status.APPROVED: {Status.SCHEDULED, Status.CANCELLED},
        Status.SCHEDULED: {Status.IN_PROGRESS, Status.APPROVED, Status.CANCELLED},
        Status.IN_PROGRESS: {Status.REVIEW, Status.FALLBACK},
        Status.FALLBACK: {Status.FAILED},
        Status.REVIEW: {Status.COMPLETED, Status.FAILED},
        Status.COMPLETED: set(),
        Status.FAILED: set(),
        Status.CANCELLED: set(),
        Status.REJECTED: set(),
    }
    lifecycle = Lifecycle("status", MOVES)

    number = NumberField("CHG")
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("what and why"), blank=True, max_length=10_000)
    kind = models.CharField(_("type"), max_length=9, choices=Kind, default=Kind.NORMAL)
    status = models.CharField(_("status"), max_length=24, choices=Status, default=Status.ACKNOWLEDGED)
    priority = models.CharField(_("priority"), max_length=8, choices=Priority, default=Priority.MEDIUM)
    # The kind of work it was made from ("renew-link"); empty for a plan of its own.
    specification = models.CharField(_("model"), max_length=80, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("author"),
    )
    problem_id = models.UUIDField(null=True, editable=False)
    window_start = models.DateTimeField(_("window from"), null=True, blank=True)
    window_end = models.DateTimeField(_("window until"), null=True, blank=True)
    risk = models.PositiveSmallIntegerField(_("risk, 0 to 100"), default=0)
    # What `assess` found: services and customers hit, conflicts with other work, each with its reason.
    assessment = models.JSONField(default=dict, editable=False)
    maintenance_id = models.UUIDField(null=True, editable=False)
    started = models.DateTimeField(_("started"), null=True)
    finished = models.DateTimeField(_("finished"), null=True)
    review = models.TextField(_("review"), blank=True, max_length=10_000)
    # System time of the last sign of life of the worker that carries it out; another takes over when it is old.
    heartbeat = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        constraints = [
            models.CheckConstraint(
                condition=Q(priority__in=["critical", "high", "medium", "low"]), name="changes_priority"
            ),
            models.CheckConstraint(
                condition=Q(window_start=None, window_end=None) | Q(window_end__gt=F("window_start")),
                name="changes_window",
            ),
            models.CheckConstraint(condition=Q(risk__range=(0, 100)), name="changes_risk"),
            models.CheckConstraint(
                condition=Q(kind__in=["standard", "normal", "emergency"]), name="changes_kind"
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "acknowledged",
                        "waitForApproval",
                        "approved",
                        "scheduled",
                        "inProgress",
                        "fallbackExecution",
                        "postImplementationReview",
                        "completed",
                        "failed",
                        "cancelled",
                        "rejected",
                    ]
                ),
                name="changes_status",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "window_start"], name="changes_calendar"),
            models.Index(fields=["-created"], name="changes_newest"),
            models.Index(
                fields=["heartbeat"],
                name="changes_running",
                condition=Q(status__in=["inProgress", "fallbackExecution"]),
            ),
        ]
        permissions = [
            ("approve_changerequest", _("Can approve changes")),
            ("execute_changerequest", _("Can carry changes out")),
        ]

    def __str__(self) -> str:
        return self.number


class ChangeTarget(Stamped):
    """What a change touches: an element or a link."""

    change = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="targets")
    element = models.ForeignKey(NetworkElement, null=True, on_delete=models.PROTECT, related_name="+")
    link = models.ForeignKey(Link, null=True, on_delete=models.PROTECT, related_name="+")
    # The one of the two that is set, and what it is: the words in which TMF655 speaks of it.
    thing = models.GeneratedField(
        expression=Cast(Coalesce("element", "link"), models.CharField(max_length=36)),
        output_field=models.CharField(max_length=36),
        db_persist=True,
    )
    thing_type = models.GeneratedField(
        expression=Case(When(link=None, then=Value("NetworkElement")), default=Value("Link")),
        output_field=models.CharField(max_length=14),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(element__isnull=False, link=None) | Q(element=None, link__isnull=False),
                name="changes_target_one",
            ),
        ]

    def __str__(self) -> str:
        return str(self.element or self.link)


class ChangeStep(Stamped):
    """One step of the plan: a check before, an action with its confirm timer, a check after.

    `params` are those that `services.actions` declares for the action.
    """

    class Phase(models.TextChoices):
        PRE = "pre", _("Check before")
        DO = "do", _("Action")
        POST = "post", _("Check after")

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Under way")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        UNDONE = "undone", _("Taken back")

    change = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    phase = models.CharField(max_length=4, choices=Phase)
    action = models.SlugField(max_length=30)
    element = models.ForeignKey(NetworkElement, on_delete=models.PROTECT, related_name="+")
    params = models.JSONField(default=dict)
    status = models.CharField(max_length=7, choices=Status, default=Status.PENDING)
    output = models.TextField(blank=True)
    diff = models.TextField(blank=True)
    # What brings the element back to where it was: intents, written down before it is touched.
    undo = models.JSONField(default=list)
    session_id = models.UUIDField(null=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["change", "position"], name="changes_step_position"),
            models.CheckConstraint(condition=Q(phase__in=["pre", "do", "post"]), name="changes_step_phase"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "running", "done", "failed", "undone"]),
                name="changes_step_status",
            ),
        ]
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.change}/{self.position}"


class Approval(Stamped):
    """A decision about a change; the author's own is refused (constraint in the door, four eyes)."""

    class Decision(models.TextChoices):
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    change = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="approvals")
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decision = models.CharField(max_length=8, choices=Decision)
    reason = models.TextField(blank=True, max_length=4000)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "approver"], name="changes_one_vote")]

    def __str__(self) -> str:
        return f"{self.approver}: {self.decision}"


class Freeze(Stamped):
    """A time in which nothing but emergencies is changed."""

    name = models.CharField(_("name"), max_length=120)
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("until"))

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("freeze")
        verbose_name_plural = _("freezes")
        constraints = [models.CheckConstraint(condition=Q(end__gt=F("start")), name="changes_freeze_period")]

    def __str__(self) -> str:
        return self.name
