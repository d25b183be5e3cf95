import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kernel.ids
import kernel.models.base


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("kernel", "__first__"),
        ("oss_incidents", "0001_initial"),
        ("oss_inventory", "0002_link_ports"),
    ]

    operations = [
        migrations.CreateModel(
            name="Problem",
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
                        db_default=kernel.models.base.PublicNumber("PRB"),
                        editable=False,
                        max_length=24,
                        prefix="PRB",
                        unique=True,
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                (
                    "signature",
                    models.CharField(blank=True, max_length=160, verbose_name="what they have in common"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("acknowledged", "Acknowledged"),
                            ("rejected", "Rejected"),
                            ("inProgress", "Being analysed"),
                            ("pending", "Fix planned"),
                            ("resolved", "Fixed, being watched"),
                            ("closed", "Closed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="acknowledged",
                        max_length=14,
                        verbose_name="status",
                    ),
                ),
                ("priority", models.PositiveSmallIntegerField(default=5, verbose_name="priority, 1 highest")),
                ("root_cause", models.TextField(blank=True, max_length=10000, verbose_name="root cause")),
                (
                    "contributing",
                    models.TextField(blank=True, max_length=10000, verbose_name="what contributed"),
                ),
                ("workaround", models.TextField(blank=True, max_length=10000, verbose_name="workaround")),
                ("change_id", models.UUIDField(editable=False, null=True)),
                ("opened", models.DateTimeField(verbose_name="opened")),
                ("resolved", models.DateTimeField(null=True, verbose_name="fixed")),
                ("closed", models.DateTimeField(null=True, verbose_name="closed")),
                (
                    "element",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="oss_inventory.networkelement",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="oss_inventory.link",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "problem",
                "indexes": [models.Index(fields=["status", "-opened"], name="problems_list")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "acknowledged",
                                    "rejected",
                                    "inProgress",
                                    "pending",
                                    "resolved",
                                    "closed",
                                    "cancelled",
                                ],
                            )
                        ),
                        name="problems_problem_status",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("status__in", ["acknowledged", "inProgress", "pending", "resolved"]),
                            models.Q(("signature", ""), _negated=True),
                        ),
                        fields=("signature",),
                        name="problems_one_open_per_signature",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__range", (1, 10))), name="problems_priority"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="KnownError",
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
                        db_default=kernel.models.base.PublicNumber("KER"),
                        editable=False,
                        max_length=24,
                        prefix="KER",
                        unique=True,
                    ),
                ),
                ("symptom", models.TextField(max_length=4000, verbose_name="symptom")),
                ("workaround", models.TextField(max_length=10000, verbose_name="workaround")),
                ("retired", models.DateTimeField(null=True, verbose_name="retired")),
                (
                    "problem",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="known_error",
                        to="service_mgmt_problems.problem",
                    ),
                ),
            ],
            options={
                "verbose_name": "known error",
            },
        ),
        migrations.CreateModel(
            name="ProblemIncident",
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
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="oss_incidents.incident",
                    ),
                ),
                (
                    "problem",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="incidents",
                        to="service_mgmt_problems.problem",
                    ),
                ),
            ],
            options={
                "verbose_name": "incident of a problem",
            },
        ),
    ]
