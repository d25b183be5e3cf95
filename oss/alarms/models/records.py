"""What stands around an alarm: raw messages, comments, verdicts on correlation, clears that came early."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kernel.ids import uuid7
from kernel.models import Stamped
from kernel.permissions import OwnedQuerySet
from oss.alarms.models.alarm import Alarm, Source
from oss.inventory.models import NetworkElement


class AlarmNotification(models.Model):
    """One message as it came in, and what became of it. `at` is the event's time, `arrived` ours."""

    partition_by = "arrived"

    class Outcome(models.TextChoices):
        RAISED = "raised", _("Raised an alarm")
        REPEATED = "repeated", _("Counted as a repeat")
        CLEARED = "cleared", _("Cleared an alarm")
        HELD = "held", _("Clear waits: flapping")
        LATE = "late", _("Older than what is known")
        NOTHING = "nothing", _("Nothing to clear")
        NOTED = "noted", _("Noted")
        REFUSED = "refused", _("Refused")

    pk = models.CompositePrimaryKey("id", "arrived")
    id = models.UUIDField(default=uuid7, editable=False)
    arrived = models.DateTimeField(_("arrived"))
    at = models.DateTimeField(_("event time"))
    source = models.CharField(_("source"), max_length=12, choices=Source)
    peer = models.CharField(_("sender"), max_length=80, blank=True)
    element = models.ForeignKey(
        NetworkElement, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False,
        verbose_name=_("element"),
    )  # fmt: skip
    kind = models.CharField(_("kind"), max_length=40, blank=True)
    key = models.CharField(_("key"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    fields = models.JSONField(_("fields"), default=dict)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome)
    alarm_id = models.UUIDField(_("alarm"), null=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-arrived"]
        indexes = [
            models.Index(fields=["alarm_id", "arrived"], name="oss_alarms_note_alarm"),
            models.Index(fields=["element", "-arrived"], name="oss_alarms_note_element"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.kind} {self.text}"[:120]


class AlarmComment(Stamped):
    """A remark of a person or a system on an alarm (TMF642 comment)."""

    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, related_name="remarks")
    at = models.DateTimeField(_("at"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    author_label = models.CharField(_("author"), max_length=120)
    system = models.CharField(_("system"), max_length=80, blank=True)
    text = models.TextField(_("comment"), max_length=4000)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("alarm comment")
        verbose_name_plural = _("alarm comments")
        ordering = ["at"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="oss_alarms_comment_text")]

    def __str__(self) -> str:
        return self.text[:60]


class CorrelationVerdict(Stamped):
    """An operator's word on one root and one symptom; the latest word on a pair of keys is heeded next time."""

    class Verdict(models.TextChoices):
        ACCEPT = "accept", _("Belongs together")
        REJECT = "reject", _("Does not belong together")

    root_key = models.CharField(_("root"), max_length=200)
    symptom_key = models.CharField(_("symptom"), max_length=200)
    verdict = models.CharField(_("verdict"), max_length=6, choices=Verdict)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    by_label = models.CharField(_("by"), max_length=120)
    note = models.CharField(_("note"), max_length=500, blank=True)
    root = models.ForeignKey(Alarm, null=True, on_delete=models.PROTECT, related_name="verdicts")
    symptom = models.ForeignKey(
        Alarm, null=True, on_delete=models.PROTECT, related_name="verdicts_as_symptom"
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("correlation verdict")
        verbose_name_plural = _("correlation verdicts")
        ordering = ["-at"]
        constraints = [
            models.CheckConstraint(condition=Q(verdict__in=["accept", "reject"]), name="oss_alarms_verdict")
        ]
        indexes = [models.Index(fields=["symptom_key", "root_key", "-at"], name="oss_alarms_verdict_pair")]

    def __str__(self) -> str:
        return f"{self.verdict} {self.symptom_key} ← {self.root_key}"


class EarlyClear(models.Model):
    """A clear that found nothing to clear: its raise may still be on the way, and must then not open an alarm."""

    key = models.CharField(max_length=200, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("early clear")
        verbose_name_plural = _("early clears")
        indexes = [models.Index(fields=["at"], name="oss_alarms_early_at")]

    def __str__(self) -> str:
        return f"{self.key} {self.at:%H:%M:%S}"
