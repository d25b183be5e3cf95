"""Webhook subscriptions of the TMF hub and every delivery attempt (TMF630 §7; Standard Webhooks headers)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel.models.base import Stamped


class HubSubscription(Stamped):
    """Who wants which events of one API. Two secrets may live at once, for rotation; both are encrypted."""

    api = models.CharField(max_length=64)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="hub_subscriptions"
    )
    callback = models.URLField(max_length=500)
    query = models.CharField(max_length=1000, blank=True)
    secret = models.TextField(editable=False)
    previous_secret = models.TextField(blank=True, editable=False)
    active = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    failing_since = models.DateTimeField(null=True)
    sequence = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "api", "callback", "query"],
                name="kernel_hub_once",
                condition=models.Q(active=True),
            )
        ]
        permissions = [("manage_webhook", _("Can manage webhooks"))]
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return f"{self.api} → {self.callback}"


class HubDelivery(Stamped):
    """One event for one subscription: payload, attempts, last answer; retried 5 s → 24 h over three days."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Given up")

    subscription = models.ForeignKey(HubSubscription, on_delete=models.CASCADE, related_name="deliveries")
    event_id = models.UUIDField()
    event_type = models.CharField(max_length=80)
    sequence = models.BigIntegerField()
    payload = models.JSONField()
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt = models.DateTimeField(null=True)
    response_status = models.PositiveSmallIntegerField(null=True)
    response_body = models.CharField(max_length=500, blank=True)
    milliseconds = models.PositiveIntegerField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "event_id"], name="kernel_delivery_once"),
            models.CheckConstraint(
                condition=models.Q(status__in=["pending", "delivered", "failed"]),
                name="kernel_delivery_status",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt"], name="kernel_delivery_due", condition=models.Q(status="pending")
            ),
            models.Index(fields=["subscription", "-created"], name="kernel_delivery_log"),
        ]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")

    def __str__(self) -> str:
        return f"{self.event_type} #{self.sequence}"


class ApiTask(Stamped):
    """One use of a task resource of the REST surface (cancel an order, acknowledge alarms): its body and outcome."""

    api = models.CharField(max_length=64)
    path = models.CharField(max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=40)
    body = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["api", "path", "-id"], name="kernel_apitask_kind")]

    def __str__(self) -> str:
        return f"{self.path} {self.pk}"
