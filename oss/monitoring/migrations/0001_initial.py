import datetime

import django.db.models.deletion
from django.db import migrations, models

import kernel.ids
import kernel.models.base
import kernel.partitions


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("oss_inventory", "0002_link_ports"),
    ]

    operations = [
        migrations.CreateModel(
            name="ElementHealth",
            fields=[
                (
                    "element",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="health",
                        serialize=False,
                        to="oss_inventory.networkelement",
                        verbose_name="element",
                    ),
                ),
                ("reachable", models.BooleanField(null=True, verbose_name="reachable")),
                ("since", models.DateTimeField(null=True, verbose_name="since")),
                ("misses", models.PositiveIntegerField(default=0, verbose_name="misses in a row")),
                ("answers", models.PositiveIntegerField(default=0, verbose_name="answers in a row")),
                ("changes", models.PositiveIntegerField(default=0, verbose_name="recent changes")),
                ("last_polled", models.DateTimeField(null=True, verbose_name="last polled")),
                ("last_answered", models.DateTimeField(null=True, verbose_name="last answered")),
                ("uptime", models.BigIntegerField(null=True, verbose_name="uptime, hundredths of a second")),
                ("booted", models.DateTimeField(null=True, verbose_name="running since")),
                ("error", models.CharField(blank=True, max_length=200, verbose_name="last error")),
            ],
            options={
                "verbose_name": "element health",
                "verbose_name_plural": "element health",
                "permissions": [("poll_element", "Can poll an element now")],
            },
        ),
        migrations.CreateModel(
            name="PortCounters",
            fields=[
                (
                    "port",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="counters",
                        serialize=False,
                        to="oss_inventory.port",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("uptime", models.BigIntegerField(help_text="sysUpTime in hundredths of a second")),
                ("in_octets", models.DecimalField(decimal_places=0, max_digits=20)),
                ("out_octets", models.DecimalField(decimal_places=0, max_digits=20)),
                ("in_errors", models.BigIntegerField()),
                ("out_errors", models.BigIntegerField()),
                ("in_discards", models.BigIntegerField()),
                ("out_discards", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "port counters",
                "verbose_name_plural": "port counters",
            },
        ),
        migrations.CreateModel(
            name="Feed",
            fields=[
                (
                    "name",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="name"),
                ),
                ("last_heard", models.DateTimeField(verbose_name="last heard")),
                ("last_message", models.DateTimeField(null=True, verbose_name="last message")),
                ("messages", models.BigIntegerField(default=0, verbose_name="messages")),
                (
                    "expected_every",
                    models.DurationField(
                        default=datetime.timedelta(seconds=60), verbose_name="expected every"
                    ),
                ),
            ],
            options={
                "verbose_name": "feed",
                "verbose_name_plural": "feeds",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expected_every__gt", datetime.timedelta(0))),
                        name="oss_monitoring_feed_interval",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Metric",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("updated", models.DateTimeField(auto_now=True)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("code", models.CharField(max_length=40, unique=True, verbose_name="code")),
                (
                    "scope",
                    models.CharField(
                        choices=[("port", "Port"), ("element", "Element")],
                        max_length=10,
                        verbose_name="measured on",
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("name_fr", models.CharField(blank=True, max_length=80, verbose_name="name in French")),
                ("unit", models.CharField(blank=True, max_length=20, verbose_name="unit")),
                (
                    "oid",
                    models.CharField(
                        blank=True,
                        help_text="Scalar read on each element; blank for ports",
                        max_length=120,
                        verbose_name="SNMP object",
                    ),
                ),
            ],
            options={
                "verbose_name": "metric",
                "verbose_name_plural": "metrics",
                "ordering": ["code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("scope__in", ["port", "element"])),
                        name="oss_monitoring_metric_scope",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Series",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "element",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="series",
                        to="oss_inventory.networkelement",
                    ),
                ),
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="series",
                        to="oss_monitoring.metric",
                    ),
                ),
                (
                    "port",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="series",
                        to="oss_inventory.port",
                    ),
                ),
            ],
            options={
                "verbose_name": "series",
                "verbose_name_plural": "series",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("port__isnull", False)),
                        fields=("port", "metric"),
                        name="oss_monitoring_series_port_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("port", None)),
                        fields=("element", "metric"),
                        name="oss_monitoring_series_element_once",
                    ),
                ],
            },
        ),
        kernel.partitions.CreatePartitioned(
            name="RollUp",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "series_id",
                        "step",
                        "at",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("step", models.SmallIntegerField()),
                ("at", models.DateTimeField()),
                ("samples", models.IntegerField()),
                ("total", models.FloatField()),
                ("minimum", models.FloatField()),
                ("maximum", models.FloatField()),
                (
                    "series",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="oss_monitoring.series",
                    ),
                ),
            ],
            options={
                "verbose_name": "roll-up",
                "verbose_name_plural": "roll-ups",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("step__in", [300, 3600])), name="oss_monitoring_rollup_step"
                    )
                ],
            },
            by="at",
        ),
        kernel.partitions.CreatePartitioned(
            name="Measurement",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "series_id", "at", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField()),
                ("value", models.FloatField()),
                (
                    "series",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="oss_monitoring.series",
                    ),
                ),
            ],
            options={
                "verbose_name": "measurement",
                "verbose_name_plural": "measurements",
            },
            by="at",
        ),
        migrations.CreateModel(
            name="Threshold",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("updated", models.DateTimeField(auto_now=True)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "number",
                    kernel.models.base.NumberField(
                        db_default=kernel.models.base.PublicNumber("THR"),
                        editable=False,
                        max_length=24,
                        prefix="THR",
                        unique=True,
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="name")),
                (
                    "direction",
                    models.CharField(
                        choices=[("above", "Above"), ("below", "Below")],
                        default="above",
                        max_length=5,
                        verbose_name="direction",
                    ),
                ),
                ("limit", models.FloatField(verbose_name="limit")),
                ("clear_limit", models.FloatField(verbose_name="clears at")),
                ("of_speed", models.BooleanField(default=False, verbose_name="percent of the port's speed")),
                ("samples", models.PositiveSmallIntegerField(default=3, verbose_name="values in a row")),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("critical", "Critical"),
                            ("major", "Major"),
                            ("minor", "Minor"),
                            ("warning", "Warning"),
                        ],
                        default="warning",
                        max_length=10,
                        verbose_name="severity",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "element",
                    models.ForeignKey(
                        blank=True,
                        help_text="Blank: every element",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="thresholds",
                        to="oss_inventory.networkelement",
                        verbose_name="element",
                    ),
                ),
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="thresholds",
                        to="oss_monitoring.metric",
                        verbose_name="metric",
                    ),
                ),
                (
                    "port",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="thresholds",
                        to="oss_inventory.port",
                        verbose_name="port",
                    ),
                ),
            ],
            options={
                "verbose_name": "threshold",
                "verbose_name_plural": "thresholds",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("clear_limit__lte", models.F("limit")), ("direction", "above")),
                            models.Q(("clear_limit__gte", models.F("limit")), ("direction", "below")),
                            _connector="OR",
                        ),
                        name="oss_monitoring_threshold_hysteresis",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("samples__gte", 1)), name="oss_monitoring_threshold_samples"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["critical", "major", "minor", "warning"])),
                        name="oss_monitoring_threshold_severity",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("port", None), ("element", None), _connector="OR"),
                        name="oss_monitoring_threshold_one_scope",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ThresholdState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hits", models.PositiveIntegerField(default=0)),
                ("crossed", models.DateTimeField(null=True)),
                ("value", models.FloatField()),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="threshold_states",
                        to="oss_monitoring.series",
                    ),
                ),
                (
                    "threshold",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="states",
                        to="oss_monitoring.threshold",
                    ),
                ),
            ],
            options={
                "verbose_name": "threshold state",
                "verbose_name_plural": "threshold states",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("threshold", "series"), name="oss_monitoring_threshold_state_once"
                    )
                ],
            },
        ),
    ]
