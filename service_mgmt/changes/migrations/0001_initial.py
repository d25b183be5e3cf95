import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kernel.ids
import kernel.models.base


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("kernel", "__first__"),
        ("oss_inventory", "0002_link_ports"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangeRequest",
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
                        db_default=kernel.models.base.PublicNumber("CHG"),
                        editable=False,
                        max_length=24,
                        prefix="CHG",
                        unique=True,
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("description", models.TextField(blank=True, max_length=10000, verbose_name="what and why")),
                (
                    "kind",
                    models.CharField(
                        choices=[("standard", "Standard"), ("normal", "Normal"), ("emergency", "Emergency")],
                        default="normal",
                        max_length=9,
                        verbose_name="type",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("acknowledged", "Draft"),
                            ("waitForApproval", "Waiting for approval"),
                            ("approved", "Approved"),
                            ("scheduled", "Scheduled"),
                            ("inProgress", "In progress"),
                            ("fallbackExecution", "Being taken back"),
                            ("postImplementationReview", "Being reviewed"),
                            ("completed", "Completed"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                            ("rejected", "Rejected"),
                        ],
                        default="acknowledged",
                        max_length=24,
                        verbose_name="status",
                    ),
                ),
                ("problem_id", models.UUIDField(editable=False, null=True)),
                ("window_start", models.DateTimeField(blank=True, null=True, verbose_name="window from")),
                ("window_end", models.DateTimeField(blank=True, null=True, verbose_name="window until")),
                ("risk", models.PositiveSmallIntegerField(default=0, verbose_name="risk, 0 to 100")),
                ("assessment", models.JSONField(default=dict, editable=False)),
                ("maintenance_id", models.UUIDField(editable=False, null=True)),
                ("started", models.DateTimeField(null=True, verbose_name="started")),
                ("finished", models.DateTimeField(null=True, verbose_name="finished")),
                ("review", models.TextField(blank=True, max_length=10000, verbose_name="review")),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "change",
                "permissions": [
                    ("approve_changerequest", "Can approve changes"),
                    ("execute_changerequest", "Can carry changes out"),
                ],
                "indexes": [
                    models.Index(fields=["status", "window_start"], name="changes_calendar"),
                    models.Index(fields=["-created"], name="changes_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("window_end", None), ("window_start", None)),
                            ("window_end__gt", models.F("window_start")),
                            _connector="OR",
                        ),
                        name="changes_window",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("risk__range", (0, 100))), name="changes_risk"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["standard", "normal", "emergency"])),
                        name="changes_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "acknowledged",
                                    "waitForApproval",
                                    "approved",
                                    "scheduled",
                                    "inProgress",
                                    "fallbackExecution",
                                    "postImplementationReview",
                                    "completed",
                                    "failed",
                                    "cancelled",
                                    "rejected",
                                ],
                            )
                        ),
                        name="changes_status",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Approval",
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
                    "decision",
                    models.CharField(
                        choices=[("approved", "Approved"), ("rejected", "Rejected")], max_length=8
                    ),
                ),
                ("reason", models.TextField(blank=True, max_length=4000)),
                (
                    "approver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="approvals",
                        to="service_mgmt_changes.changerequest",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("change", "approver"), name="changes_one_vote")
                ],
            },
        ),
        migrations.CreateModel(
            name="ChangeStep",
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
                ("position", models.PositiveSmallIntegerField()),
                (
                    "phase",
                    models.CharField(
                        choices=[("pre", "Check before"), ("do", "Action"), ("post", "Check after")],
                        max_length=4,
                    ),
                ),
                ("action", models.SlugField(max_length=30)),
                ("params", models.JSONField(default=dict)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("undone", "Taken back"),
                        ],
                        default="pending",
                        max_length=7,
                    ),
                ),
                ("output", models.TextField(blank=True)),
                ("diff", models.TextField(blank=True)),
                ("session_id", models.UUIDField(null=True)),
                ("finished", models.DateTimeField(null=True)),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="service_mgmt_changes.changerequest",
                    ),
                ),
                (
                    "element",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="oss_inventory.networkelement",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("change", "position"), name="changes_step_position"),
                    models.CheckConstraint(
                        condition=models.Q(("phase__in", ["pre", "do", "post"])), name="changes_step_phase"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChangeTarget",
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
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="targets",
                        to="service_mgmt_changes.changerequest",
                    ),
                ),
                (
                    "element",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="oss_inventory.networkelement",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="oss_inventory.link",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("element__isnull", False), ("link", None)),
                            models.Q(("element", None), ("link__isnull", False)),
                            _connector="OR",
                        ),
                        name="changes_target_one",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Freeze",
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
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("start", models.DateTimeField(verbose_name="from")),
                ("end", models.DateTimeField(verbose_name="until")),
            ],
            options={
                "verbose_name": "freeze",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end__gt", models.F("start"))), name="changes_freeze_period"
                    )
                ],
            },
        ),
    ]
