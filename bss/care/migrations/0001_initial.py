import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kernel.ids
import kernel.models.base


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("bss_customers", "0001_initial"),
        ("bss_orders", "0001_initial"),
        ("kernel", "0004_login_failures"),
        ("kernel", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="TicketQueue",
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
                ("name_en", models.CharField(max_length=120, verbose_name="name (English)")),
                ("name_fr", models.CharField(blank=True, max_length=120, verbose_name="name (French)")),
                ("description_en", models.TextField(blank=True, verbose_name="description (English)")),
                ("description_fr", models.TextField(blank=True, verbose_name="description (French)")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
            ],
            options={
                "verbose_name": "queue",
                "verbose_name_plural": "queues",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="NoticeTemplate",
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
                ("code", models.SlugField(max_length=60, verbose_name="code")),
                (
                    "topic",
                    models.CharField(
                        choices=[
                            ("outage", "Outages"),
                            ("maintenance", "Planned work"),
                            ("billing", "Bills and payments"),
                            ("service", "Your services"),
                            ("ticket", "Your tickets"),
                            ("marketing", "Offers"),
                        ],
                        max_length=11,
                        verbose_name="about",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("portal", "Portal")],
                        default="email",
                        max_length=6,
                        verbose_name="channel",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("fr", "French")], max_length=5, verbose_name="language"
                    ),
                ),
                ("subject", models.CharField(max_length=200, verbose_name="subject")),
                ("body", models.TextField(max_length=10000, verbose_name="text")),
                (
                    "variables",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
            ],
            options={
                "verbose_name": "notice template",
                "verbose_name_plural": "notice templates",
                "ordering": ["code", "channel", "language"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("code", "channel", "language"), name="bss_care_template_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "topic__in",
                                ["outage", "maintenance", "billing", "service", "ticket", "marketing"],
                            ),
                            ("channel__in", ["email", "portal"]),
                            ("language__in", ["en", "fr"]),
                        ),
                        name="bss_care_template_words",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TroubleTicket",
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
                        db_default=kernel.models.base.PublicNumber("TKT"),
                        editable=False,
                        max_length=24,
                        prefix="TKT",
                        unique=True,
                    ),
                ),
                ("subject", models.CharField(max_length=200, verbose_name="subject")),
                ("description", models.TextField(blank=True, max_length=10000, verbose_name="description")),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("fault", "Fault"),
                            ("outage", "Outage"),
                            ("billing", "Bill"),
                            ("order", "Order"),
                            ("complaint", "Complaint"),
                            ("request", "Request"),
                        ],
                        default="fault",
                        max_length=10,
                        verbose_name="type",
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[("critical", "Critical"), ("major", "Major"), ("minor", "Minor")],
                        default="minor",
                        max_length=8,
                        verbose_name="severity",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("phone", "Telephone"),
                            ("email", "E-mail"),
                            ("chat", "Chat"),
                            ("portal", "Portal"),
                            ("shop", "Shop"),
                            ("letter", "Letter"),
                            ("system", "System"),
                        ],
                        default="phone",
                        max_length=6,
                        verbose_name="channel",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("acknowledged", "Acknowledged"),
                            ("in_progress", "In progress"),
                            ("pending", "Waiting for the customer"),
                            ("held", "Waiting for others"),
                            ("resolved", "Resolved"),
                            ("closed", "Closed"),
                            ("rejected", "Rejected"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="acknowledged",
                        editable=False,
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                (
                    "status_reason",
                    models.CharField(
                        blank=True, editable=False, max_length=300, verbose_name="reason of the status"
                    ),
                ),
                ("status_changed", models.DateTimeField(editable=False, verbose_name="in this status since")),
                ("external_id", models.CharField(blank=True, max_length=80, verbose_name="their reference")),
                ("story_kind", models.CharField(blank=True, editable=False, max_length=60)),
                ("story_id", models.UUIDField(editable=False, null=True)),
                (
                    "story_label",
                    models.CharField(blank=True, editable=False, max_length=40, verbose_name="story"),
                ),
                ("opened", models.DateTimeField(verbose_name="opened")),
                (
                    "respond_within",
                    models.DurationField(editable=False, null=True, verbose_name="first answer within"),
                ),
                (
                    "resolve_within",
                    models.DurationField(editable=False, null=True, verbose_name="solved within"),
                ),
                ("respond_due", models.DateTimeField(editable=False, null=True, verbose_name="answer due")),
                ("responded", models.DateTimeField(editable=False, null=True, verbose_name="answered")),
                ("resolve_due", models.DateTimeField(editable=False, null=True, verbose_name="solution due")),
                (
                    "resolve_used",
                    models.DurationField(editable=False, null=True, verbose_name="service time taken"),
                ),
                ("resolved", models.DateTimeField(editable=False, null=True, verbose_name="resolved")),
                (
                    "resolution",
                    models.TextField(blank=True, editable=False, max_length=4000, verbose_name="solution"),
                ),
                ("ended", models.DateTimeField(editable=False, null=True, verbose_name="ended")),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="assigned to",
                    ),
                ),
                (
                    "calendar",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="kernel.businesscalendar",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
                        to="bss_customers.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
                        to="bss_orders.product",
                        verbose_name="product",
                    ),
                ),
                (
                    "queue",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
                        to="bss_care.ticketqueue",
                        verbose_name="queue",
                    ),
                ),
            ],
            options={
                "verbose_name": "ticket",
                "verbose_name_plural": "tickets",
                "ordering": ["-opened", "-id"],
                "indexes": [
                    models.Index(fields=["-opened", "-id"], name="bss_care_ticket_newest"),
                    models.Index(fields=["customer", "-opened"], name="bss_care_ticket_customer"),
                    models.Index(fields=["status", "queue"], name="bss_care_ticket_queue"),
                    models.Index(fields=["story_id"], name="bss_care_ticket_story_idx"),
                    models.Index(
                        condition=models.Q(
                            ("status__in", ["acknowledged", "in_progress", "pending", "held"])
                        ),
                        fields=["assignee"],
                        name="bss_care_ticket_mine",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("status__in", ["acknowledged", "in_progress", "pending", "held"])
                        ),
                        fields=["resolve_due"],
                        name="bss_care_ticket_due",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("story_id__isnull", False)),
                        fields=("customer", "story_id"),
                        name="bss_care_ticket_once_per_story",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "acknowledged",
                                    "in_progress",
                                    "pending",
                                    "held",
                                    "resolved",
                                    "closed",
                                    "rejected",
                                    "cancelled",
                                ],
                            )
                        ),
                        name="bss_care_ticket_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["critical", "major", "minor"])),
                        name="bss_care_ticket_severity",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolved__isnull", False), ("status__in", ["resolved", "closed"])),
                            models.Q(
                                models.Q(("status__in", ["resolved", "closed"]), _negated=True),
                                ("resolved", None),
                            ),
                            _connector="OR",
                        ),
                        name="bss_care_ticket_resolved",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended__isnull", False), ("status__in", ["closed", "rejected", "cancelled"])
                            ),
                            models.Q(
                                models.Q(("status__in", ["closed", "rejected", "cancelled"]), _negated=True),
                                ("ended", None),
                            ),
                            _connector="OR",
                        ),
                        name="bss_care_ticket_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("story_id", None), ("story_kind", "")),
                            models.Q(
                                ("story_id__isnull", False), models.Q(("story_kind", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="bss_care_ticket_story",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TicketStatusChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("acknowledged", "Acknowledged"),
                            ("in_progress", "In progress"),
                            ("pending", "Waiting for the customer"),
                            ("held", "Waiting for others"),
                            ("resolved", "Resolved"),
                            ("closed", "Closed"),
                            ("rejected", "Rejected"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("by_label", models.CharField(max_length=120, verbose_name="by")),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="status_changes",
                        to="bss_care.troubleticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of status",
                "verbose_name_plural": "changes of status",
                "ordering": ["at", "id"],
                "indexes": [models.Index(fields=["ticket", "at"], name="bss_care_statuschange_ticket")],
            },
        ),
        migrations.CreateModel(
            name="TicketMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("note", "Note"), ("reply", "Reply"), ("inbound", "From the customer")],
                        max_length=7,
                        verbose_name="kind",
                    ),
                ),
                ("author_label", models.CharField(max_length=120, verbose_name="from")),
                ("body", models.TextField(max_length=20000, verbose_name="text")),
                ("at", models.DateTimeField(verbose_name="at")),
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
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="bss_care.troubleticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "ordering": ["at", "id"],
                "indexes": [models.Index(fields=["ticket", "at"], name="bss_care_message_ticket")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["note", "reply", "inbound"])),
                        name="bss_care_message_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("body", ""), _negated=True),
                        name="bss_care_message_says_something",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NoticePreference",
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
                    "topic",
                    models.CharField(
                        choices=[
                            ("outage", "Outages"),
                            ("maintenance", "Planned work"),
                            ("billing", "Bills and payments"),
                            ("service", "Your services"),
                            ("ticket", "Your tickets"),
                            ("marketing", "Offers"),
                        ],
                        max_length=11,
                        verbose_name="about",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("portal", "Portal")],
                        max_length=6,
                        verbose_name="channel",
                    ),
                ),
                ("wanted", models.BooleanField(default=True, verbose_name="wanted")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notice_preferences",
                        to="bss_customers.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice preference",
                "verbose_name_plural": "notice preferences",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "topic", "channel"), name="bss_care_preference_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
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
                        db_default=kernel.models.base.PublicNumber("NOT"),
                        editable=False,
                        max_length=24,
                        prefix="NOT",
                        unique=True,
                    ),
                ),
                (
                    "topic",
                    models.CharField(
                        choices=[
                            ("outage", "Outages"),
                            ("maintenance", "Planned work"),
                            ("billing", "Bills and payments"),
                            ("service", "Your services"),
                            ("ticket", "Your tickets"),
                            ("marketing", "Offers"),
                        ],
                        max_length=11,
                        verbose_name="about",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("portal", "Portal")],
                        max_length=6,
                        verbose_name="channel",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("fr", "French")], max_length=5, verbose_name="language"
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=300, verbose_name="to")),
                ("subject", models.CharField(max_length=300, verbose_name="subject")),
                ("body", models.TextField(verbose_name="text")),
                ("story_kind", models.CharField(max_length=60)),
                ("story_id", models.UUIDField()),
                ("story_label", models.CharField(blank=True, max_length=40, verbose_name="story")),
                (
                    "phase",
                    models.CharField(
                        choices=[("start", "Start"), ("update", "Update"), ("end", "End")],
                        default="start",
                        max_length=6,
                        verbose_name="phase",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("suppressed", "Not sent"),
                        ],
                        default="pending",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "obstacle",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("no_address", "No address known"),
                            ("declined", "The customer does not want these"),
                            ("no_consent", "No consent to advertising"),
                            ("throttled", "Too many in a short time"),
                            ("stopped", "Stopped by us"),
                        ],
                        max_length=10,
                        verbose_name="why not",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="written")),
                ("sent", models.DateTimeField(null=True, verbose_name="sent")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("next_attempt", models.DateTimeField(null=True, verbose_name="next attempt")),
                ("claimed_until", models.DateTimeField(null=True)),
                (
                    "error",
                    models.CharField(blank=True, max_length=500, verbose_name="answer of the mail server"),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="bss_customers.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="bss_care.noticetemplate",
                        verbose_name="template",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
                "ordering": ["-at", "-id"],
                "permissions": [("send_notice", "Can send, stop and repeat notices")],
                "indexes": [
                    models.Index(fields=["-at", "-id"], name="bss_care_notice_newest"),
                    models.Index(fields=["customer", "-at"], name="bss_care_notice_customer"),
                    models.Index(
                        condition=models.Q(("status", "pending")),
                        fields=["next_attempt", "id"],
                        name="bss_care_notice_waiting",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("story_id", "phase", "customer", "channel"), name="bss_care_notice_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("obstacle", ""), ("sent", None), ("status__in", ["pending", "failed"])),
                            models.Q(("obstacle", ""), ("sent__isnull", False), ("status", "sent")),
                            models.Q(
                                ("sent", None),
                                ("status", "suppressed"),
                                models.Q(("obstacle", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="bss_care_notice_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("phase__in", ["start", "update", "end"])),
                        name="bss_care_notice_phase",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("channel", "email"), _negated=True),
                            ("status", "suppressed"),
                            models.Q(("address", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="bss_care_notice_address",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TicketTarget",
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
                    "severity",
                    models.CharField(
                        choices=[("critical", "Critical"), ("major", "Major"), ("minor", "Minor")],
                        max_length=8,
                        verbose_name="severity",
                    ),
                ),
                (
                    "segment",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("residential", "Residential"),
                            ("business", "Business"),
                            ("enterprise", "Enterprise"),
                            ("wholesale", "Wholesale"),
                        ],
                        max_length=12,
                        verbose_name="segment",
                    ),
                ),
                ("respond_within", models.DurationField(verbose_name="first answer within")),
                ("resolve_within", models.DurationField(verbose_name="solved within")),
                (
                    "calendar",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="kernel.businesscalendar",
                        verbose_name="hours",
                    ),
                ),
            ],
            options={
                "verbose_name": "ticket target",
                "verbose_name_plural": "ticket targets",
                "ordering": ["severity", "segment"],
                "constraints": [
                    models.UniqueConstraint(fields=("severity", "segment"), name="bss_care_target_once"),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["critical", "major", "minor"])),
                        name="bss_care_target_severity",
                    ),
                ],
            },
        ),
    ]
