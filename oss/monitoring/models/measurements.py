"""Metrics, the series of one object each, their values and roll-ups."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kernel.models import Stamped
from kernel.permissions import OwnedQuerySet
from oss.inventory.models import NetworkElement, Port


class Metric(Stamped):
    """What is measured of a port or an element, in one unit. Element metrics name the SNMP object they come from."""

    class Scope(models.TextChoices):
        PORT = "port", _("Port")
        ELEMENT = "element", _("Element")

    code = models.CharField(_("code"), max_length=40, unique=True)
    scope = models.CharField(_("measured on"), max_length=10, choices=Scope)
    name = models.CharField(_("name"), max_length=80)
    name_fr = models.CharField(_("name in French"), max_length=80, blank=True)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    oid = models.CharField(
        _("SNMP object"),
        max_length=120,
        blank=True,
        help_text=_("Scalar read on each element; blank for ports"),
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("metric")
        verbose_name_plural = _("metrics")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope__in=["port", "element"]), name="oss_monitoring_metric_scope"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Name in the language of the page."""
        return self.name_fr if self.name_fr and (get_language() or "").startswith("fr") else self.name


class Series(models.Model):
    """One metric of one object. A small key, because every stored value repeats it."""

    id = models.AutoField(primary_key=True)
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="series")
    element = models.ForeignKey(NetworkElement, on_delete=models.PROTECT, related_name="series")
    port = models.ForeignKey(Port, on_delete=models.PROTECT, null=True, related_name="series")

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = _("series")
        constraints = [
            models.UniqueConstraint(
                fields=["port", "metric"],
                condition=Q(port__isnull=False),
                name="oss_monitoring_series_port_once",
            ),
            models.UniqueConstraint(
                fields=["element", "metric"],
                condition=Q(port=None),
                name="oss_monitoring_series_element_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} {self.port_id or self.element_id}"


class Measurement(models.Model):
    """One value of one series. Missing polls leave no row: a gap stays a gap."""

    partition_by = "at"

    pk = models.CompositePrimaryKey("series_id", "at")
    # No database constraint on the reference: values arrive by COPY, a hundred thousand a second.
    series = models.ForeignKey(
        Series, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    at = models.DateTimeField()
    value = models.FloatField()

    class Meta:
        verbose_name = _("measurement")
        verbose_name_plural = _("measurements")

    def __str__(self) -> str:
        return f"{self.series_id} {self.at:%Y-%m-%dT%H:%M:%S} {self.value}"


class RollUp(models.Model):
    """Values of one series over one step of 300 or 3600 seconds that starts at `at`."""

    partition_by = "at"
    STEPS = (300, 3600)

    pk = models.CompositePrimaryKey("series_id", "step", "at")
    series = models.ForeignKey(
        Series, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    step = models.SmallIntegerField()
    at = models.DateTimeField()
    samples = models.IntegerField()
    total = models.FloatField()
    minimum = models.FloatField()
    maximum = models.FloatField()

    class Meta:
        verbose_name = _("roll-up")
        verbose_name_plural = _("roll-ups")
        constraints = [
            models.CheckConstraint(condition=Q(step__in=[300, 3600]), name="oss_monitoring_rollup_step"),
        ]

    def __str__(self) -> str:
        return f"{self.series_id} {self.step} {self.at:%Y-%m-%dT%H:%M}"


class PortCounters(models.Model):
    """The last counters read from a port, as the element counts them: the next rate is taken against them."""

    port = models.OneToOneField(Port, primary_key=True, on_delete=models.CASCADE, related_name="counters")
    at = models.DateTimeField()
    uptime = models.BigIntegerField(help_text=_("sysUpTime in hundredths of a second"))
    # Counter64 goes to 2⁶⁴−1, beyond a bigint.
    in_octets = models.DecimalField(max_digits=20, decimal_places=0)
    out_octets = models.DecimalField(max_digits=20, decimal_places=0)
    in_errors = models.BigIntegerField()
    out_errors = models.BigIntegerField()
    in_discards = models.BigIntegerField()
    out_discards = models.BigIntegerField()

    class Meta:
        verbose_name = _("port counters")
        verbose_name_plural = _("port counters")

    def __str__(self) -> str:
        return f"{self.port_id} {self.at:%Y-%m-%dT%H:%M:%S}"
