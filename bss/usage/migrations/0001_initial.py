import datetime

import django.contrib.postgres.constraints
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import kernel.ids
import kernel.models.base
import kernel.partitions


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("bss_catalog", "0002_guards"),
        ("bss_customers", "0001_initial"),
        ("bss_orders", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="UsageFile",
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
                        db_default=kernel.models.base.PublicNumber("UF"),
                        editable=False,
                        max_length=24,
                        prefix="UF",
                        unique=True,
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="file name")),
                ("digest", models.CharField(editable=False, max_length=64, verbose_name="SHA-256")),
                ("path", models.CharField(editable=False, max_length=300)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("processing", "Being processed"),
                            ("processed", "Processed"),
                            ("failed", "Stopped by an error"),
                        ],
                        default="received",
                        editable=False,
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("received", models.DateTimeField(verbose_name="received")),
                (
                    "finished",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="finished"),
                ),
                ("shift", models.DurationField(default=datetime.timedelta(0), editable=False)),
                ("size", models.BigIntegerField(default=0, verbose_name="bytes")),
                ("offset", models.BigIntegerField(default=0, editable=False)),
                ("lines", models.BigIntegerField(default=0, editable=False, verbose_name="lines")),
                ("expected", models.BigIntegerField(blank=True, null=True, verbose_name="records announced")),
                ("records_in", models.BigIntegerField(default=0, editable=False, verbose_name="records in")),
                ("rated", models.BigIntegerField(default=0, editable=False, verbose_name="rated")),
                ("suspended", models.BigIntegerField(default=0, editable=False, verbose_name="in suspense")),
                ("duplicates", models.BigIntegerField(default=0, editable=False, verbose_name="duplicates")),
                ("rejected", models.BigIntegerField(default=0, editable=False, verbose_name="not charged")),
                ("late", models.BigIntegerField(default=0, editable=False, verbose_name="late")),
                ("seconds", models.BigIntegerField(default=0, editable=False, verbose_name="seconds")),
                ("volume", models.BigIntegerField(default=0, editable=False, verbose_name="volume")),
                (
                    "micros",
                    models.BigIntegerField(
                        default=0, editable=False, verbose_name="rated amount in millionths"
                    ),
                ),
                (
                    "reasons",
                    models.JSONField(blank=True, default=dict, editable=False, verbose_name="reasons"),
                ),
                ("error", models.TextField(blank=True, editable=False, verbose_name="error")),
            ],
            options={
                "verbose_name": "usage file",
                "verbose_name_plural": "usage files",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "processed"), _negated=True),
                        fields=["status"],
                        name="bss_usagefile_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["received", "processing", "processed", "failed"])),
                        name="bss_usagefile_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "records_in",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("rated"), "+", models.F("suspended")
                                        ),
                                        "+",
                                        models.F("duplicates"),
                                    ),
                                    "+",
                                    models.F("rejected"),
                                ),
                            )
                        ),
                        name="bss_usagefile_nothing_lost",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "processed"), _negated=True),
                            ("offset", models.F("size")),
                            _connector="OR",
                        ),
                        name="bss_usagefile_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageSource",
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
                ("code", models.SlugField(max_length=60, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("format", models.SlugField(max_length=20, verbose_name="format")),
                ("mapping", models.JSONField(blank=True, default=dict, verbose_name="mapping")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "last_received",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last received"),
                ),
            ],
            options={
                "verbose_name": "usage source",
                "verbose_name_plural": "usage sources",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="UsageBatch",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField()),
                ("first_line", models.BigIntegerField()),
                ("line_count", models.BigIntegerField()),
                ("rated", models.BigIntegerField(default=0)),
                ("stored", models.DateTimeField()),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batches",
                        to="bss_usage.usagefile",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("file", "position"), name="bss_usagebatch_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SuspendedRecord",
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
                ("line", models.BigIntegerField(verbose_name="line")),
                ("raw", models.TextField(verbose_name="record")),
                ("mended", models.TextField(blank=True, verbose_name="mended")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("malformed", "Cannot be read"),
                            ("bad_number", "Not a telephone number"),
                            ("unknown_subscriber", "Nobody has this number or name"),
                            ("no_tariff", "The product has no price for usage"),
                            ("unknown_zone", "No zone has this prefix"),
                            ("no_rate", "The tariff has no rate for this zone"),
                            ("too_old", "Too old to be charged"),
                            ("future", "In the future"),
                        ],
                        max_length=20,
                        verbose_name="reason",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("recycled", "Recycled"), ("discarded", "Discarded")],
                        default="open",
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("identifier", models.CharField(blank=True, max_length=80, verbose_name="number or name")),
                ("other", models.CharField(blank=True, max_length=32, verbose_name="called number")),
                ("started", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="attempts"),
                ),
                (
                    "closed",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="closed"),
                ),
                (
                    "outcome",
                    models.CharField(blank=True, editable=False, max_length=20, verbose_name="outcome"),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suspense",
                        to="bss_usage.usagefile",
                    ),
                ),
            ],
            options={
                "verbose_name": "suspended record",
                "verbose_name_plural": "suspended records",
                "ordering": ["-id"],
                "permissions": [
                    ("recycle_suspendedrecord", "Can mend and recycle suspended records"),
                    ("discard_suspendedrecord", "Can discard suspended records"),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["reason", "identifier"],
                        name="bss_suspended_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("file", "line"), name="bss_suspended_line_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "recycled", "discarded"])),
                        name="bss_suspended_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "reason__in",
                                [
                                    "malformed",
                                    "bad_number",
                                    "unknown_subscriber",
                                    "no_tariff",
                                    "unknown_zone",
                                    "no_rate",
                                    "too_old",
                                    "future",
                                ],
                            )
                        ),
                        name="bss_suspended_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageIdentifier",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("user_name", "User name"),
                            ("e164", "Telephone number"),
                            ("port", "Port"),
                            ("circuit", "Circuit"),
                        ],
                        max_length=9,
                        verbose_name="kind",
                    ),
                ),
                ("value", models.CharField(max_length=80, verbose_name="value")),
                ("start", models.DateTimeField(verbose_name="from")),
                ("end", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identifiers",
                        to="bss_orders.product",
                    ),
                ),
            ],
            options={
                "verbose_name": "usage identifier",
                "verbose_name_plural": "usage identifiers",
                "ordering": ["kind", "value", "start"],
                "indexes": [models.Index(fields=["kind", "value"], name="bss_identifier_lookup")],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("kind", "="),
                            ("value", "="),
                            (models.Func(models.F("start"), models.F("end"), function="tstzrange"), "&&"),
                        ],
                        name="bss_identifier_one_product",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("end", None), ("end__gte", models.F("start")), _connector="OR"),
                        name="bss_identifier_period",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["user_name", "e164", "port", "circuit"])),
                        name="bss_identifier_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "e164"), _negated=True),
                            ("value__regex", "^\\+[1-9][0-9]{2,14}$"),
                            _connector="OR",
                        ),
                        name="bss_identifier_e164",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageSpecification",
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
                    "code",
                    models.CharField(
                        choices=[("voice", "Call"), ("data", "Data")],
                        max_length=8,
                        unique=True,
                        verbose_name="code",
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                ("release", models.CharField(default="1.0", max_length=10, verbose_name="version")),
                (
                    "lifecycle_status",
                    models.CharField(default="Active", max_length=20, verbose_name="status"),
                ),
                (
                    "characteristics",
                    models.JSONField(blank=True, default=list, verbose_name="characteristics"),
                ),
            ],
            options={
                "verbose_name": "usage specification",
                "verbose_name_plural": "usage specifications",
                "ordering": ["code"],
            },
        ),
        kernel.partitions.CreatePartitioned(
            name="UsageRecord",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "id", "started", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.UUIDField()),
                ("started", models.DateTimeField(verbose_name="started")),
                ("key", models.CharField(max_length=80, verbose_name="record")),
                ("line", models.BigIntegerField(verbose_name="line")),
                (
                    "kind",
                    models.CharField(
                        choices=[("voice", "Call"), ("data", "Data")], max_length=8, verbose_name="kind"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("rated", "Rated"), ("rerated", "Rated again")],
                        default="rated",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("identifier", models.CharField(max_length=80, verbose_name="number or name")),
                ("other", models.CharField(blank=True, max_length=32, verbose_name="called number")),
                ("seconds", models.BigIntegerField(verbose_name="duration")),
                ("units", models.BigIntegerField(verbose_name="measured")),
                ("charged", models.BigIntegerField(verbose_name="counted")),
                ("steps", models.BigIntegerField(verbose_name="steps")),
                ("taken", models.BigIntegerField(verbose_name="from allowances")),
                ("zone", models.CharField(blank=True, max_length=60, verbose_name="zone")),
                ("bands", models.CharField(blank=True, max_length=200, verbose_name="bands")),
                ("connect", models.BigIntegerField(verbose_name="connect fee in millionths")),
                ("micros", models.BigIntegerField(verbose_name="price in millionths")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("cycle_start", models.DateField(verbose_name="billing period from")),
                ("late", models.BooleanField(default=False, verbose_name="late")),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="bss_customers.billingaccount",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="records",
                        to="bss_usage.usagebatch",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="bss_orders.product",
                    ),
                ),
                (
                    "tariff",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="bss_catalog.tariff",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="bss_usage.usagesource",
                    ),
                ),
            ],
            options={
                "verbose_name": "usage record",
                "verbose_name_plural": "usage records",
                "ordering": ["-started"],
                "indexes": [
                    models.Index(fields=["product", "started"], name="bss_usage_product"),
                    django.contrib.postgres.indexes.BrinIndex(fields=["batch"], name="bss_usage_batch"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "key", "started"), name="bss_usage_no_duplicate"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("charged__gte", 0), ("micros__gte", 0), ("taken__gte", 0), ("units__gte", 0)
                        ),
                        name="bss_usage_not_negative",
                    ),
                ],
            },
            by="started",
        ),
        migrations.AddField(
            model_name="usagefile",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="files", to="bss_usage.usagesource"
            ),
        ),
        migrations.CreateModel(
            name="AccountingSession",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("session", models.CharField(max_length=80, verbose_name="session")),
                ("user", models.CharField(max_length=80, verbose_name="user")),
                ("started", models.DateTimeField(verbose_name="started")),
                ("reported", models.DateTimeField(verbose_name="last report")),
                ("seconds", models.BigIntegerField(verbose_name="duration")),
                ("up", models.BigIntegerField(verbose_name="sent")),
                ("down", models.BigIntegerField(verbose_name="received")),
                ("open", models.BooleanField(default=True, verbose_name="open")),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sessions",
                        to="bss_usage.usagesource",
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "ordering": ["-reported"],
                "indexes": [
                    models.Index(condition=models.Q(("open", True)), fields=["user"], name="bss_session_open")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "session"), name="bss_session_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountingPacket",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("received", models.DateTimeField()),
                ("report", models.JSONField()),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="packets",
                        to="bss_usage.usagesource",
                    ),
                ),
            ],
            options={
                "verbose_name": "accounting report",
                "verbose_name_plural": "accounting reports",
            },
        ),
        migrations.CreateModel(
            name="UsageTotal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("voice", "Call"), ("data", "Data")], max_length=8)),
                ("zone", models.CharField(blank=True, max_length=60)),
                ("currency", models.CharField(max_length=3)),
                ("cycle_start", models.DateField()),
                ("cycle_end", models.DateField()),
                ("first", models.DateTimeField()),
                ("last", models.DateTimeField()),
                ("records", models.BigIntegerField()),
                ("units", models.BigIntegerField()),
                ("charged", models.BigIntegerField()),
                ("taken", models.BigIntegerField()),
                ("micros", models.BigIntegerField()),
                ("late", models.BooleanField(default=False)),
                ("billable", models.BooleanField(default=True)),
                ("line", models.UUIDField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="bss_customers.billingaccount",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="totals",
                        to="bss_usage.usagebatch",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="usage_totals",
                        to="bss_orders.product",
                    ),
                ),
                (
                    "tariff",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="bss_catalog.tariff",
                    ),
                ),
            ],
            options={
                "verbose_name": "usage total",
                "verbose_name_plural": "usage totals",
                "indexes": [
                    models.Index(
                        condition=models.Q(("billable", True), ("line", None)),
                        fields=["account"],
                        name="bss_usagetotal_unbilled",
                    ),
                    models.Index(
                        condition=models.Q(("line__isnull", False)),
                        fields=["line"],
                        name="bss_usagetotal_line",
                    ),
                    django.contrib.postgres.indexes.BrinIndex(fields=["batch"], name="bss_usagetotal_batch"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("billable", True), models.Q(("line", None), ("micros", 0)), _connector="OR"
                        ),
                        name="bss_usagetotal_billable",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Bucket",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("start", models.DateField(verbose_name="from")),
                ("end", models.DateField(verbose_name="until")),
                ("expires", models.DateField(verbose_name="expires")),
                ("quantity", models.BigIntegerField(verbose_name="included")),
                ("used", models.BigIntegerField(default=0, verbose_name="used")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="buckets",
                        to="bss_customers.billingaccount",
                    ),
                ),
                (
                    "allowance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="buckets",
                        to="bss_catalog.allowance",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="buckets",
                        to="bss_orders.product",
                    ),
                ),
            ],
            options={
                "verbose_name": "allowance account",
                "verbose_name_plural": "allowance accounts",
                "ordering": ["-start", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "allowance", "product", "start"),
                        name="bss_bucket_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("used__gte", 0), ("used__lte", models.F("quantity"))),
                        name="bss_bucket_never_overdrawn",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("end__gt", models.F("start")), ("expires__gte", models.F("end"))),
                        name="bss_bucket_period",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="usagefile",
            index=models.Index(fields=["source", "-received"], name="bss_usagefile_source"),
        ),
        migrations.AddConstraint(
            model_name="usagefile",
            constraint=models.UniqueConstraint(fields=("source", "digest"), name="bss_usagefile_once"),
        ),
    ]
