"""RADIUS accounting on its way in, and how far each session has come."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bss.usage.models.intake import UsageSource
from kernel.permissions import OwnedQuerySet


class AccountingPacket(models.Model):
    """An accounting report as received, until the next file of its source takes it up. Answered only once stored."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(UsageSource, on_delete=models.PROTECT, related_name="packets")
    received = models.DateTimeField()
    report = models.JSONField()

    class Meta:
        verbose_name = _("accounting report")
        verbose_name_plural = _("accounting reports")

    def __str__(self) -> str:
        return f"{self.received} {self.report.get('session', '')}"


class AccountingSession(models.Model):
    """A subscriber's session and the totals it had reported last: what the next report adds is the difference."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(UsageSource, on_delete=models.PROTECT, related_name="sessions")
    session = models.CharField(_("session"), max_length=80)
    user = models.CharField(_("user"), max_length=80)
    started = models.DateTimeField(_("started"))
    reported = models.DateTimeField(_("last report"))
    seconds = models.BigIntegerField(_("duration"))
    up = models.BigIntegerField(_("sent"))
    down = models.BigIntegerField(_("received"))
    open = models.BooleanField(_("open"), default=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-reported"]
        constraints = [models.UniqueConstraint(fields=["source", "session"], name="bss_session_once")]
        indexes = [models.Index(fields=["user"], name="bss_session_open", condition=Q(open=True))]

    def __str__(self) -> str:
        return self.session
