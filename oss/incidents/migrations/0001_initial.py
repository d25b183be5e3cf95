import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kernel.ids
import kernel.models.base


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("kernel", "__first__"),
        ("oss_alarms", "0001_initial"),
        ("oss_inventory", "0002_link_ports"),
    ]

    operations = [
        migrations.CreateModel(
            name="Incident",
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
                        db_default=kernel.models.base.PublicNumber("INC"),
                        editable=False,
                        max_length=24,
                        prefix="INC",
                        unique=True,
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("transport", "Transport"),
                            ("element", "Network element"),
                            ("access", "Access"),
                            ("power", "Power"),
                            ("quality", "Quality"),
                            ("other", "Other"),
                        ],
                        default="other",
                        max_length=10,
                        verbose_name="category",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("diagnosed", "Diagnosed"),
                            ("mitigated", "Mitigated"),
                            ("resolved", "Resolved"),
                            ("closed", "Closed"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "impact",
                    models.CharField(
                        choices=[
                            ("extensive", "Extensive"),
                            ("significant", "Significant"),
                            ("moderate", "Moderate"),
                            ("minor", "Minor"),
                        ],
                        default="minor",
                        max_length=12,
                        verbose_name="impact",
                    ),
                ),
                (
                    "urgency",
                    models.CharField(
                        choices=[
                            ("critical", "Critical"),
                            ("high", "High"),
                            ("medium", "Medium"),
                            ("low", "Low"),
                        ],
                        default="medium",
                        max_length=10,
                        verbose_name="urgency",
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        choices=[
                            ("critical", "P1 critical"),
                            ("high", "P2 high"),
                            ("medium", "P3 medium"),
                            ("low", "P4 low"),
                        ],
                        default="low",
                        max_length=10,
                        verbose_name="priority",
                    ),
                ),
                ("eta", models.DateTimeField(blank=True, null=True, verbose_name="expected end")),
                (
                    "cause_code",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("cable", "Cable or fibre"),
                            ("transmission", "Transmission equipment"),
                            ("hardware", "Hardware"),
                            ("software", "Software"),
                            ("configuration", "Configuration"),
                            ("power", "Power"),
                            ("capacity", "Overload"),
                            ("customer", "Customer’s equipment"),
                            ("third_party", "Third party"),
                            ("planned", "Planned work"),
                            ("no_fault", "No fault found"),
                            ("merged", "Part of another incident"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=16,
                        verbose_name="cause",
                    ),
                ),
                ("cause_note", models.TextField(blank=True, max_length=4000, verbose_name="what it was")),
                ("opened", models.DateTimeField(verbose_name="opened")),
                ("mitigated", models.DateTimeField(blank=True, null=True, verbose_name="mitigated")),
                ("resolved", models.DateTimeField(blank=True, null=True, verbose_name="resolved")),
                ("closed", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                (
                    "affected_services",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="services affected"),
                ),
                (
                    "affected_customers",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="customers affected"),
                ),
                (
                    "commander",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="commander",
                    ),
                ),
                (
                    "element",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="oss_inventory.networkelement",
                        verbose_name="element",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="oss_inventory.link",
                        verbose_name="link",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="oss_incidents.incident",
                        verbose_name="merged into",
                    ),
                ),
                (
                    "root_alarm",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="oss_alarms.alarm",
                        verbose_name="root alarm",
                    ),
                ),
            ],
            options={
                "verbose_name": "incident",
                "verbose_name_plural": "incidents",
                "ordering": ["-opened"],
                "permissions": [
                    ("command_incident", "Can command incidents: assign, diagnose, rectify, resolve"),
                    ("approve_runbook", "Can approve runbooks that need it"),
                ],
                "indexes": [
                    models.Index(fields=["status", "priority", "-opened"], name="oss_incidents_open"),
                    models.Index(fields=["-opened"], name="oss_incidents_opened"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["open", "diagnosed", "mitigated"])),
                        fields=("root_alarm",),
                        name="oss_incidents_one_open_per_root",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolved", None), ("status__in", ["open", "diagnosed", "mitigated"])),
                            models.Q(
                                ("resolved__isnull", False),
                                ("status__in", ["resolved", "closed"]),
                                models.Q(("cause_code", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="oss_incidents_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("impact__in", ["extensive", "significant", "moderate", "minor"]),
                            ("urgency__in", ["critical", "high", "medium", "low"]),
                            ("priority__in", ["critical", "high", "medium", "low"]),
                        ),
                        name="oss_incidents_priority",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("resolved", None), ("resolved__gte", models.F("opened")), _connector="OR"
                        ),
                        name="oss_incidents_resolved_after_opened",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("merged_into", models.F("id")), _negated=True),
                        name="oss_incidents_not_into_itself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Diagnosis",
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
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("requested", models.DateTimeField(verbose_name="asked")),
                ("claimed", models.DateTimeField(null=True)),
                ("finished", models.DateTimeField(null=True, verbose_name="finished")),
                (
                    "confidence",
                    models.CharField(
                        blank=True,
                        choices=[("certain", "Certain"), ("likely", "Likely"), ("open", "Not located")],
                        max_length=8,
                        verbose_name="confidence",
                    ),
                ),
                ("because", models.JSONField(default=dict, verbose_name="because")),
                (
                    "cause_code",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("cable", "Cable or fibre"),
                            ("transmission", "Transmission equipment"),
                            ("hardware", "Hardware"),
                            ("software", "Software"),
                            ("configuration", "Configuration"),
                            ("power", "Power"),
                            ("capacity", "Overload"),
                            ("customer", "Customer’s equipment"),
                            ("third_party", "Third party"),
                            ("planned", "Planned work"),
                            ("no_fault", "No fault found"),
                            ("merged", "Part of another incident"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=16,
                        verbose_name="cause",
                    ),
                ),
                (
                    "remedy",
                    models.CharField(
                        blank=True,
                        help_text="Action of a runbook that fits what was found",
                        max_length=20,
                        verbose_name="proposed remedy",
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=300, verbose_name="error")),
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
                (
                    "port",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="oss_inventory.port",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked by",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="diagnoses",
                        to="oss_incidents.incident",
                    ),
                ),
            ],
            options={
                "verbose_name": "diagnosis",
                "verbose_name_plural": "diagnoses",
                "ordering": ["-requested"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished", None), ("status__in", ["pending", "running"])),
                            models.Q(("finished__isnull", False), ("status__in", ["done", "failed"])),
                            _connector="OR",
                        ),
                        name="oss_incidents_diagnosis_status",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["pending", "running"])),
                        fields=("incident",),
                        name="oss_incidents_one_diagnosis_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IncidentEntry",
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
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("note", "Note"),
                            ("update", "Update for customers"),
                            ("status", "State"),
                            ("alarm", "Alarm"),
                            ("impact", "Impact"),
                            ("diagnosis", "Diagnosis"),
                            ("runbook", "Runbook"),
                            ("people", "People"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=40)),
                ("params", models.JSONField(default=dict)),
                ("text", models.TextField(blank=True, max_length=10000, verbose_name="text")),
                ("author_label", models.CharField(max_length=120, verbose_name="by")),
                ("pinned", models.BooleanField(default=False, verbose_name="pinned")),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="oss_incidents.incident",
                    ),
                ),
            ],
            options={
                "verbose_name": "timeline entry",
                "verbose_name_plural": "timeline entries",
                "ordering": ["at", "created"],
                "indexes": [models.Index(fields=["incident", "at"], name="oss_incidents_entry")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text", ""), _negated=True),
                            models.Q(("code", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="oss_incidents_entry_says_something",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Runbook",
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
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("name_fr", models.CharField(blank=True, max_length=120, verbose_name="name in French")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("bounce_port", "Bounce a port"),
                            ("push_configuration", "Push the configuration again"),
                            ("switch_protection", "Switch to the protecting path"),
                            ("reboot", "Reboot an element"),
                        ],
                        max_length=20,
                        verbose_name="what it does",
                    ),
                ),
                (
                    "risk",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")],
                        max_length=6,
                        verbose_name="risk",
                    ),
                ),
                ("needs_approval", models.BooleanField(default=False, verbose_name="needs approval")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "runbook",
                "verbose_name_plural": "runbooks",
                "ordering": ["code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("risk__in", ["low", "medium", "high"])),
                        name="oss_incidents_runbook_risk",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("risk", "high"), _negated=True),
                            ("needs_approval", True),
                            _connector="OR",
                        ),
                        name="oss_incidents_high_risk_needs_approval",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RunbookRun",
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
                        db_default=kernel.models.base.PublicNumber("RBR"),
                        editable=False,
                        max_length=24,
                        prefix="RBR",
                        unique=True,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("proposed", "Waits for approval"),
                            ("pending", "Waiting"),
                            ("running", "Running"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("rejected", "Rejected"),
                        ],
                        default="pending",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("requested", models.DateTimeField(verbose_name="asked")),
                ("started", models.DateTimeField(null=True, verbose_name="started")),
                ("finished", models.DateTimeField(null=True, verbose_name="finished")),
                ("heartbeat", models.DateTimeField(null=True)),
                (
                    "not_before",
                    models.DateTimeField(
                        help_text="When the waiting step is tried again (system time)", null=True
                    ),
                ),
                ("outcome", models.CharField(blank=True, max_length=300, verbose_name="outcome")),
                ("session", models.UUIDField(null=True, verbose_name="session")),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "element",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="oss_inventory.networkelement",
                        verbose_name="element",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="oss_incidents.incident",
                    ),
                ),
                (
                    "port",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="oss_inventory.port",
                        verbose_name="port",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked by",
                    ),
                ),
                (
                    "runbook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="oss_incidents.runbook",
                    ),
                ),
            ],
            options={
                "verbose_name": "runbook run",
                "verbose_name_plural": "runbook runs",
                "ordering": ["-requested"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["pending", "running"])),
                        fields=["heartbeat"],
                        name="oss_incidents_run_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished", None), ("status__in", ["proposed", "pending", "running"])),
                            models.Q(
                                ("finished__isnull", False),
                                ("status__in", ["succeeded", "failed", "rejected"]),
                            ),
                            _connector="OR",
                        ),
                        name="oss_incidents_run_status",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["pending", "running"])),
                        fields=("element",),
                        name="oss_incidents_one_run_per_element",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RunbookStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=40, verbose_name="step")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("started", models.DateTimeField(null=True, verbose_name="started")),
                ("finished", models.DateTimeField(null=True, verbose_name="finished")),
                ("output", models.JSONField(default=dict, verbose_name="output")),
                ("error", models.CharField(blank=True, max_length=300, verbose_name="error")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="oss_incidents.runbookrun",
                    ),
                ),
            ],
            options={
                "verbose_name": "runbook step",
                "verbose_name_plural": "runbook steps",
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "position"), name="oss_incidents_step_once"),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["pending", "running", "done", "failed"])),
                        name="oss_incidents_step_status",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DiagnosisTest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("test", models.CharField(max_length=20, verbose_name="test")),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("ok", "Good"),
                            ("degraded", "Degraded"),
                            ("fault", "Fault"),
                            ("silent", "No answer"),
                            ("failed", "Could not be run"),
                        ],
                        max_length=8,
                        verbose_name="result",
                    ),
                ),
                ("facts", models.JSONField(default=dict, verbose_name="facts")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("milliseconds", models.PositiveIntegerField(default=0, verbose_name="took, ms")),
                ("session", models.UUIDField(null=True)),
                (
                    "diagnosis",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tests",
                        to="oss_incidents.diagnosis",
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
                (
                    "port",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="oss_inventory.port",
                    ),
                ),
            ],
            options={
                "verbose_name": "diagnosis test",
                "verbose_name_plural": "diagnosis tests",
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("diagnosis", "position"), name="oss_incidents_test_once"),
                    models.CheckConstraint(
                        condition=models.Q(("result__in", ["ok", "degraded", "fault", "silent", "failed"])),
                        name="oss_incidents_test_result",
                    ),
                ],
            },
        ),
    ]
