"""Limits on measured values."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kernel.models import NumberField, Stamped
from kernel.permissions import OwnedQuerySet
from oss.inventory.models import NetworkElement, Port
from oss.monitoring.models.measurements import Metric, Series


class Threshold(Stamped):
    """A limit of one metric, on every object or on one (TMF649 style).

    It is crossed after `samples` values in a row beyond `limit` and left again at the first value on the other side
    of `clear_limit`: the distance of the two keeps a value that trembles from ringing. With `of_speed` both are
    percent of the port's speed.
    """

    class Direction(models.TextChoices):
        ABOVE = "above", _("Above")
        BELOW = "below", _("Below")

    class Severity(models.TextChoices):
        CRITICAL = "critical", _("Critical")
        MAJOR = "major", _("Major")
        MINOR = "minor", _("Minor")
        WARNING = "warning", _("Warning")

    number = NumberField("THR")
    name = models.CharField(_("name"), max_length=120, unique=True)
    metric = models.ForeignKey(
        Metric, on_delete=models.PROTECT, related_name="thresholds", verbose_name=_("metric")
    )
    element = models.ForeignKey(
        NetworkElement, on_delete=models.PROTECT, null=True, blank=True, related_name="thresholds",
        verbose_name=_("element"), help_text=_("Blank: every element"),
    )  # fmt: skip
    port = models.ForeignKey(
        Port,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="thresholds",
        verbose_name=_("port"),
    )
    direction = models.CharField(_("direction"), max_length=5, choices=Direction, default=Direction.ABOVE)
    limit = models.FloatField(_("limit"))
    clear_limit = models.FloatField(_("clears at"))
    of_speed = models.BooleanField(_("percent of the port's speed"), default=False)
    samples = models.PositiveSmallIntegerField(_("values in a row"), default=3)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity, default=Severity.WARNING)
    active = models.BooleanField(_("active"), default=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("threshold")
        verbose_name_plural = _("thresholds")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(direction="above", clear_limit__lte=F("limit"))
                | Q(direction="below", clear_limit__gte=F("limit")),
                name="oss_monitoring_threshold_hysteresis",
            ),
            models.CheckConstraint(condition=Q(samples__gte=1), name="oss_monitoring_threshold_samples"),
            models.CheckConstraint(
                condition=Q(severity__in=["critical", "major", "minor", "warning"]),
                name="oss_monitoring_threshold_severity",
            ),
            models.CheckConstraint(
                condition=Q(port=None) | Q(element=None), name="oss_monitoring_threshold_one_scope"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ThresholdState(models.Model):
    """One threshold on one series, kept only while values lie beyond the limit or it is crossed."""

    threshold = models.ForeignKey(Threshold, on_delete=models.CASCADE, related_name="states")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="threshold_states")
    hits = models.PositiveIntegerField(default=0)
    crossed = models.DateTimeField(null=True)
    value = models.FloatField()

    class Meta:
        verbose_name = _("threshold state")
        verbose_name_plural = _("threshold states")
        constraints = [
            models.UniqueConstraint(
                fields=["threshold", "series"], name="oss_monitoring_threshold_state_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.threshold_id} {self.series_id} {self.hits}"
