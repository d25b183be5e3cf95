"""Whether elements answer, and whether the sources of news still speak."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.utils.translation import gettext_lazy as _

from kernel.permissions import OwnedQuerySet
from oss.inventory.models import NetworkElement


class Reachability(models.TextChoices):
    """What is known of an element: three different things, never a false green."""

    UP = "up", _("Answers")
    SILENT = "silent", _("Silent")
    NEVER = "never", _("Never polled")


class ElementHealth(models.Model):
    """How an element answered lately. `reachable` is unknown until it was polled once.

    It turns unreachable after several misses in a row and reachable at the first answer; an element that changed
    often in the last minutes needs several answers too (`steady`).
    """

    element = models.OneToOneField(
        NetworkElement,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="health",
        verbose_name=_("element"),
    )
    reachable = models.BooleanField(_("reachable"), null=True)
    since = models.DateTimeField(_("since"), null=True)
    misses = models.PositiveIntegerField(_("misses in a row"), default=0)
    answers = models.PositiveIntegerField(_("answers in a row"), default=0)
    changes = models.PositiveIntegerField(_("recent changes"), default=0)
    last_polled = models.DateTimeField(_("last polled"), null=True)
    last_answered = models.DateTimeField(_("last answered"), null=True)
    uptime = models.BigIntegerField(_("uptime, hundredths of a second"), null=True)
    booted = models.DateTimeField(_("running since"), null=True)
    error = models.CharField(_("last error"), max_length=200, blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("element health")
        verbose_name_plural = _("element health")
        permissions = [("poll_element", _("Can poll an element now"))]

    def __str__(self) -> str:
        return f"{self.element} {self.state}"

    @property
    def state(self) -> str:
        """`never` polled, `up` or `silent`."""
        words = {None: Reachability.NEVER, True: Reachability.UP, False: Reachability.SILENT}
        return str(words[self.reachable])


class FeedQuerySet(models.QuerySet["Feed"]):
    """Feeds, as people ask for them."""

    def silent(self, at: datetime) -> Self:
        """Feeds that should have spoken by `at` and have not (twice their usual interval)."""
        due = ExpressionWrapper(F("last_heard") + F("expected_every") * 2, output_field=DurationField())
        return self.alias(due=due).filter(due__lt=at)


class Feed(models.Model):
    """A source of news about the network and when it last showed that it is alive (system time).

    A silent feed is not a quiet network: pages say so instead of showing green.
    """

    name = models.CharField(_("name"), max_length=40, primary_key=True)
    last_heard = models.DateTimeField(_("last heard"))
    last_message = models.DateTimeField(_("last message"), null=True)
    messages = models.BigIntegerField(_("messages"), default=0)
    expected_every = models.DurationField(_("expected every"), default=timedelta(seconds=60))

    objects = FeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("feed")
        verbose_name_plural = _("feeds")
        constraints = [
            models.CheckConstraint(
                condition=Q(expected_every__gt=timedelta(0)), name="oss_monitoring_feed_interval"
            ),
        ]

    def __str__(self) -> str:
        return self.name
