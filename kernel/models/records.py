"""Rows behind events, journal, clock, numbering and idempotency. Written only by the kernel modules of those names."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel.models.base import Identified


class OutboxEvent(models.Model):
    """One published event, written in the transaction of the change it tells of.

    `seq` orders delivery; `delivered` is null until every subscriber has its `EventReceipt`.
    """

    seq = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True)
    name = models.CharField(max_length=120)
    payload = models.JSONField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=120, blank=True)
    correlation_id = models.UUIDField(null=True)
    delivered = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt = models.DateTimeField(null=True)
    dead = models.BooleanField(default=False)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["seq"], name="kernel_outbox_open", condition=models.Q(delivered=None, dead=False)
            ),
            models.Index(fields=["correlation_id", "seq"], name="kernel_outbox_story"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.name}"


class EventReceipt(models.Model):
    """Proof that one subscriber has handled one event; written in the subscriber's own transaction."""

    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="receipts")
    subscriber = models.CharField(max_length=160)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "subscriber"], name="kernel_receipt_once")]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.subscriber}"


class JournalEntry(models.Model):
    """One change of one business object: who, what, before and after, why. Append-only (trigger)."""

    seq = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    business_at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    actor_label = models.CharField(max_length=120)
    verb = models.CharField(max_length=60)
    object_type = models.CharField(max_length=80)
    object_id = models.UUIDField()
    object_label = models.CharField(max_length=200)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    correlation_id = models.UUIDField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["object_id", "-seq"], name="kernel_journal_object"),
            models.Index(fields=["correlation_id", "seq"], name="kernel_journal_story"),
            models.Index(fields=["-at"], name="kernel_journal_at"),
        ]
        permissions = [("view_audit", _("Can read the audit"))]
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")

    def __str__(self) -> str:
        return f"{self.verb} {self.object_label}"


class ClockSetting(models.Model):
    """The one row that shifts the business clock of a demo or a test."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    offset = models.DurationField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="kernel_clock_single")]

    def __str__(self) -> str:
        return f"+{self.offset}"


class NumberSeries(models.Model):
    """Counter of a series without gaps; its row lock is the short lock under which numbers are given."""

    name = models.CharField(max_length=60, primary_key=True)
    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.value}"


class IdempotencyKey(Identified):
    """A POST seen before: same key and body replays the stored answer, other body is refused (422)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    response = models.JSONField(null=True)
    location = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="kernel_idempotency_once")]

    def __str__(self) -> str:
        return self.key
