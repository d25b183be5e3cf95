import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kernel.ids
import kernel.models.base
import kernel.partitions


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("kernel", "__first__"),
        ("oss_inventory", "0002_link_ports"),
    ]

    operations = [
        migrations.CreateModel(
            name="Alarm",
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
                        db_default=kernel.models.base.PublicNumber("ALM"),
                        editable=False,
                        max_length=24,
                        prefix="ALM",
                        unique=True,
                    ),
                ),
                ("key", models.CharField(max_length=200, verbose_name="key")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("trap", "SNMP notification"),
                            ("syslog", "Syslog"),
                            ("poll", "Poll"),
                            ("threshold", "Threshold"),
                            ("correlation", "Correlation"),
                            ("api", "Interface"),
                            ("manual", "By hand"),
                            ("timer", "Timer"),
                        ],
                        max_length=12,
                        verbose_name="source",
                    ),
                ),
                (
                    "system",
                    models.CharField(default="trunkline", max_length=80, verbose_name="source system"),
                ),
                (
                    "external_id",
                    models.CharField(blank=True, max_length=120, verbose_name="its identifier there"),
                ),
                (
                    "sources",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=12),
                        default=list,
                        size=None,
                        verbose_name="reported by",
                    ),
                ),
                (
                    "alarm_type",
                    models.CharField(
                        choices=[
                            ("communicationsAlarm", "Communications"),
                            ("processingErrorAlarm", "Processing"),
                            ("environmentalAlarm", "Environment"),
                            ("qualityOfServiceAlarm", "Quality of service"),
                            ("equipmentAlarm", "Equipment"),
                            ("integrityViolation", "Integrity violation"),
                            ("operationalViolation", "Operational violation"),
                            ("physicalViolation", "Physical violation"),
                            ("securityService", "Security violation"),
                            ("mechanismViolation", "Security mechanism violation"),
                            ("timeDomainViolation", "Time domain violation"),
                        ],
                        max_length=24,
                        verbose_name="type",
                    ),
                ),
                (
                    "probable_cause",
                    models.CharField(
                        choices=[
                            ("lossOfSignal", "Loss of signal"),
                            ("communicationsSubsystemFailure", "Element does not answer"),
                            ("communicationsProtocolError", "Protocol session lost"),
                            ("powerProblem", "Power failure"),
                            ("temperatureUnacceptable", "Temperature out of range"),
                            ("coolingFanFailure", "Fan failure"),
                            ("equipmentMalfunction", "Equipment malfunction"),
                            ("storageCapacityProblem", "Storage nearly full"),
                            ("thresholdCrossed", "Threshold crossed"),
                            ("softwareProgramError", "Restart"),
                            ("timingProblem", "Clock not synchronised"),
                            ("configurationOrCustomizationError", "Configuration"),
                            ("unauthorizedAccessAttempt", "Unauthorised access attempt"),
                            ("underlyingResourceUnavailable", "Several lines at once"),
                            ("indeterminate", "Indeterminate"),
                        ],
                        max_length=40,
                        verbose_name="probable cause",
                    ),
                ),
                (
                    "perceived_severity",
                    models.CharField(
                        choices=[
                            ("critical", "Critical"),
                            ("major", "Major"),
                            ("minor", "Minor"),
                            ("warning", "Warning"),
                            ("indeterminate", "Indeterminate"),
                            ("cleared", "Cleared"),
                        ],
                        max_length=14,
                        verbose_name="severity",
                    ),
                ),
                (
                    "severity_rank",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(perceived_severity="critical", then=models.Value(0)),
                            models.When(perceived_severity="major", then=models.Value(1)),
                            models.When(perceived_severity="minor", then=models.Value(2)),
                            models.When(perceived_severity="warning", then=models.Value(3)),
                            models.When(perceived_severity="indeterminate", then=models.Value(4)),
                            models.When(perceived_severity="cleared", then=models.Value(5)),
                            default=models.Value(6),
                        ),
                        output_field=models.SmallIntegerField(),
                    ),
                ),
                (
                    "raised_severity",
                    models.CharField(
                        choices=[
                            ("critical", "Critical"),
                            ("major", "Major"),
                            ("minor", "Minor"),
                            ("warning", "Warning"),
                            ("indeterminate", "Indeterminate"),
                            ("cleared", "Cleared"),
                        ],
                        max_length=14,
                        verbose_name="severity while open",
                    ),
                ),
                ("specific_problem", models.CharField(max_length=300, verbose_name="specific problem")),
                (
                    "state",
                    models.CharField(
                        choices=[("raised", "Raised"), ("updated", "Updated"), ("cleared", "Cleared")],
                        default="raised",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("raised", models.DateTimeField(verbose_name="raised")),
                ("last_raised", models.DateTimeField(verbose_name="last raised")),
                ("changed", models.DateTimeField(verbose_name="changed")),
                ("cleared", models.DateTimeField(blank=True, null=True, verbose_name="cleared")),
                ("arrived", models.DateTimeField(verbose_name="arrived")),
                ("expires", models.DateTimeField(blank=True, null=True, verbose_name="ends by itself")),
                ("count", models.PositiveIntegerField(default=1, verbose_name="count")),
                (
                    "cleared_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("trap", "SNMP notification"),
                            ("syslog", "Syslog"),
                            ("poll", "Poll"),
                            ("threshold", "Threshold"),
                            ("correlation", "Correlation"),
                            ("api", "Interface"),
                            ("manual", "By hand"),
                            ("timer", "Timer"),
                        ],
                        max_length=12,
                        verbose_name="cleared by",
                    ),
                ),
                (
                    "clear_evidence",
                    models.CharField(blank=True, max_length=300, verbose_name="evidence of clearing"),
                ),
                (
                    "flaps",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Times it came back shortly after it was cleared",
                        verbose_name="flaps",
                    ),
                ),
                ("flapping", models.BooleanField(default=False, verbose_name="flapping")),
                (
                    "clear_pending",
                    models.DateTimeField(
                        blank=True,
                        help_text="A flapping alarm clears once it stays quiet",
                        null=True,
                        verbose_name="clear waits since",
                    ),
                ),
                (
                    "ack_state",
                    models.CharField(
                        choices=[("unacknowledged", "Not acknowledged"), ("acknowledged", "Acknowledged")],
                        default="unacknowledged",
                        max_length=14,
                        verbose_name="acknowledgement",
                    ),
                ),
                ("acked_at", models.DateTimeField(blank=True, null=True, verbose_name="acknowledged")),
                ("ack_note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                ("ack_until", models.DateTimeField(blank=True, null=True, verbose_name="acknowledged until")),
                ("service_affecting", models.BooleanField(default=False, verbose_name="service affecting")),
                ("planned_outage", models.BooleanField(default=False, verbose_name="in maintenance")),
                (
                    "because",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Rule and facts that make it a symptom, or a root",
                        verbose_name="because",
                    ),
                ),
                ("correlated", models.DateTimeField(blank=True, null=True, verbose_name="correlated")),
                (
                    "root_found",
                    models.DateTimeField(blank=True, null=True, verbose_name="found to be a root"),
                ),
                (
                    "proposed_repair",
                    models.CharField(blank=True, max_length=300, verbose_name="proposed repair"),
                ),
                ("details", models.JSONField(blank=True, default=dict, verbose_name="details")),
                (
                    "acked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="acknowledged by",
                    ),
                ),
                (
                    "element",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alarms",
                        to="oss_inventory.networkelement",
                        verbose_name="element",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alarms",
                        to="oss_inventory.link",
                        verbose_name="link",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Set where a whole place is concerned",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alarms",
                        to="oss_inventory.location",
                        verbose_name="location",
                    ),
                ),
                (
                    "port",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alarms",
                        to="oss_inventory.port",
                        verbose_name="port",
                    ),
                ),
                (
                    "root",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="symptoms",
                        to="oss_alarms.alarm",
                        verbose_name="root",
                    ),
                ),
            ],
            options={
                "verbose_name": "alarm",
                "verbose_name_plural": "alarms",
                "ordering": ["-raised"],
                "permissions": [
                    ("ack_alarm", "Can acknowledge alarms"),
                    ("clear_alarm", "Can clear alarms by hand"),
                    ("comment_alarm", "Can comment on alarms"),
                    ("group_alarm", "Can group alarms and judge groupings"),
                    ("suppress_alarm", "Can plan maintenance that marks alarms as expected"),
                ],
                "indexes": [
                    models.Index(fields=["-raised"], name="oss_alarms_raised"),
                    models.Index(
                        condition=models.Q(("state", "cleared"), _negated=True),
                        fields=["severity_rank", "-raised"],
                        name="oss_alarms_open",
                    ),
                    models.Index(
                        condition=models.Q(("state", "cleared")),
                        fields=["key", "-cleared"],
                        name="oss_alarms_last",
                    ),
                    models.Index(fields=["element", "-raised"], name="oss_alarms_element"),
                    models.Index(
                        condition=models.Q(("link__isnull", False)), fields=["link"], name="oss_alarms_link"
                    ),
                    models.Index(
                        condition=models.Q(
                            ("correlated", None), models.Q(("state", "cleared"), _negated=True)
                        ),
                        fields=["arrived"],
                        name="oss_alarms_uncorrelated",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "cleared"), _negated=True),
                        fields=("key",),
                        name="oss_alarms_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("cleared", None),
                                ("state__in", ["raised", "updated"]),
                                models.Q(("perceived_severity", "cleared"), _negated=True),
                            ),
                            models.Q(
                                ("clear_pending", None),
                                ("cleared__isnull", False),
                                ("perceived_severity", "cleared"),
                                ("state", "cleared"),
                            ),
                            _connector="OR",
                        ),
                        name="oss_alarms_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "perceived_severity__in",
                                ["critical", "major", "minor", "warning", "indeterminate", "cleared"],
                            ),
                            (
                                "raised_severity__in",
                                ["critical", "major", "minor", "warning", "indeterminate"],
                            ),
                        ),
                        name="oss_alarms_severity",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ack_state", "acknowledged"), ("acked_at__isnull", False)),
                            models.Q(
                                ("ack_state", "unacknowledged"),
                                ("ack_until", None),
                                ("acked_at", None),
                                ("acked_by", None),
                            ),
                            _connector="OR",
                        ),
                        name="oss_alarms_ack",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("raised__lte", models.F("last_raised")), ("count__gte", 1)),
                        name="oss_alarms_times",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("root", models.F("id")), _negated=True),
                        name="oss_alarms_not_own_root",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("root", None), ("root_found", None), _connector="OR"),
                        name="oss_alarms_root_or_symptom",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AlarmComment",
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
                ("author_label", models.CharField(max_length=120, verbose_name="author")),
                ("system", models.CharField(blank=True, max_length=80, verbose_name="system")),
                ("text", models.TextField(max_length=4000, verbose_name="comment")),
                (
                    "alarm",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="remarks",
                        to="oss_alarms.alarm",
                    ),
                ),
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
                "verbose_name": "alarm comment",
                "verbose_name_plural": "alarm comments",
                "ordering": ["at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="oss_alarms_comment_text"
                    )
                ],
            },
        ),
        kernel.partitions.CreatePartitioned(
            name="AlarmNotification",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "id", "arrived", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False)),
                ("arrived", models.DateTimeField(verbose_name="arrived")),
                ("at", models.DateTimeField(verbose_name="event time")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("trap", "SNMP notification"),
                            ("syslog", "Syslog"),
                            ("poll", "Poll"),
                            ("threshold", "Threshold"),
                            ("correlation", "Correlation"),
                            ("api", "Interface"),
                            ("manual", "By hand"),
                            ("timer", "Timer"),
                        ],
                        max_length=12,
                        verbose_name="source",
                    ),
                ),
                ("peer", models.CharField(blank=True, max_length=80, verbose_name="sender")),
                ("kind", models.CharField(blank=True, max_length=40, verbose_name="kind")),
                ("key", models.CharField(blank=True, max_length=200, verbose_name="key")),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("fields", models.JSONField(default=dict, verbose_name="fields")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("raised", "Raised an alarm"),
                            ("repeated", "Counted as a repeat"),
                            ("cleared", "Cleared an alarm"),
                            ("held", "Clear waits: flapping"),
                            ("late", "Older than what is known"),
                            ("nothing", "Nothing to clear"),
                            ("noted", "Noted"),
                            ("refused", "Refused"),
                        ],
                        max_length=8,
                        verbose_name="outcome",
                    ),
                ),
                ("alarm_id", models.UUIDField(null=True, verbose_name="alarm")),
                (
                    "element",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="oss_inventory.networkelement",
                        verbose_name="element",
                    ),
                ),
            ],
            options={
                "verbose_name": "notification",
                "verbose_name_plural": "notifications",
                "ordering": ["-arrived"],
                "indexes": [
                    models.Index(fields=["alarm_id", "arrived"], name="oss_alarms_note_alarm"),
                    models.Index(fields=["element", "-arrived"], name="oss_alarms_note_element"),
                ],
            },
            by="arrived",
        ),
        migrations.CreateModel(
            name="CorrelationVerdict",
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
                ("root_key", models.CharField(max_length=200, verbose_name="root")),
                ("symptom_key", models.CharField(max_length=200, verbose_name="symptom")),
                (
                    "verdict",
                    models.CharField(
                        choices=[("accept", "Belongs together"), ("reject", "Does not belong together")],
                        max_length=6,
                        verbose_name="verdict",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                ("by_label", models.CharField(max_length=120, verbose_name="by")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "root",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verdicts",
                        to="oss_alarms.alarm",
                    ),
                ),
                (
                    "symptom",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verdicts_as_symptom",
                        to="oss_alarms.alarm",
                    ),
                ),
            ],
            options={
                "verbose_name": "correlation verdict",
                "verbose_name_plural": "correlation verdicts",
                "ordering": ["-at"],
                "indexes": [
                    models.Index(fields=["symptom_key", "root_key", "-at"], name="oss_alarms_verdict_pair")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("verdict__in", ["accept", "reject"])), name="oss_alarms_verdict"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EarlyClear",
            fields=[
                ("key", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "early clear",
                "verbose_name_plural": "early clears",
                "indexes": [models.Index(fields=["at"], name="oss_alarms_early_at")],
            },
        ),
        migrations.CreateModel(
            name="Maintenance",
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
                        db_default=kernel.models.base.PublicNumber("MNT"),
                        editable=False,
                        max_length=24,
                        prefix="MNT",
                        unique=True,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("scheduled", "Scheduled"),
                            ("active", "Running"),
                            ("ended", "Over"),
                            ("cancelled", "Called off"),
                        ],
                        default="scheduled",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("start", models.DateTimeField(verbose_name="starts")),
                ("end", models.DateTimeField(verbose_name="ends")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("change_ref", models.CharField(blank=True, max_length=40, verbose_name="change")),
                (
                    "planned_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="planned by",
                    ),
                ),
            ],
            options={
                "verbose_name": "maintenance window",
                "verbose_name_plural": "maintenance windows",
                "ordering": ["-start"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["scheduled", "active"])),
                        fields=["start", "end"],
                        name="oss_alarms_maint_standing",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end__gt", models.F("start"))),
                        name="oss_alarms_maintenance_window",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["scheduled", "active", "ended", "cancelled"])),
                        name="oss_alarms_maintenance_status",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceTarget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("behind", models.BooleanField(default=False, verbose_name="lies behind")),
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
                    "maintenance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="targets",
                        to="oss_alarms.maintenance",
                    ),
                ),
            ],
            options={
                "verbose_name": "maintenance target",
                "verbose_name_plural": "maintenance targets",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("element__isnull", False), ("link", None)),
                            models.Q(("element", None), ("link__isnull", False)),
                            _connector="OR",
                        ),
                        name="oss_alarms_target_exactly_one",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("element__isnull", False)),
                        fields=("maintenance", "element"),
                        name="oss_alarms_target_element",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("link__isnull", False)),
                        fields=("maintenance", "link"),
                        name="oss_alarms_target_link",
                    ),
                ],
            },
        ),
    ]
