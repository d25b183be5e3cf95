import datetime

import django.contrib.postgres.constraints
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kernel.ids
import kernel.models.base
import kernel.money


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("bss_billing", "0002_guards"),
        ("bss_customers", "0001_initial"),
        ("bss_orders", "0001_initial"),
        ("kernel", "0005_names_of_things"),
        ("kernel", "__first__"),
        ("oss_incidents", "0001_initial"),
        ("service_mgmt_services", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SlaDefinition",
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
                (
                    "availability_target",
                    models.DecimalField(
                        decimal_places=4, max_digits=7, verbose_name="availability target, %"
                    ),
                ),
                (
                    "time_to_restore",
                    models.DurationField(blank=True, null=True, verbose_name="time to restore"),
                ),
                (
                    "late_repair_percent",
                    models.DecimalField(
                        decimal_places=3, default=0, max_digits=6, verbose_name="credit per late repair, %"
                    ),
                ),
                (
                    "exclude_maintenance",
                    models.BooleanField(default=True, verbose_name="planned work does not count"),
                ),
                (
                    "maintenance_notice",
                    models.DurationField(
                        default=datetime.timedelta(days=5), verbose_name="notice of planned work"
                    ),
                ),
                (
                    "cap_percent",
                    models.DecimalField(
                        decimal_places=3,
                        default=100,
                        max_digits=6,
                        verbose_name="most that is credited a month, %",
                    ),
                ),
                ("pre_agreed", models.BooleanField(default=False, verbose_name="credited without approval")),
                (
                    "calendar",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="kernel.businesscalendar",
                        verbose_name="agreed hours",
                    ),
                ),
            ],
            options={
                "verbose_name": "service level",
                "verbose_name_plural": "service levels",
                "ordering": ["code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("availability_target__gt", 0), ("availability_target__lte", 100)),
                        name="levels_definition_target",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cap_percent__range", (0, 100)), ("late_repair_percent__range", (0, 100))
                        ),
                        name="levels_definition_percents",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SlaAgreement",
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
                        db_default=kernel.models.base.PublicNumber("SLA"),
                        editable=False,
                        max_length=24,
                        prefix="SLA",
                        unique=True,
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(default="Europe/Paris", max_length=64, verbose_name="time zone"),
                ),
                ("starts", models.DateTimeField(verbose_name="from")),
                ("ends", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sla_agreements",
                        to="bss_customers.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sla_agreements",
                        to="bss_orders.product",
                        verbose_name="product",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sla_agreements",
                        to="service_mgmt_services.service",
                        verbose_name="service",
                    ),
                ),
                (
                    "definition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreements",
                        to="service_mgmt_levels.sladefinition",
                        verbose_name="service level",
                    ),
                ),
            ],
            options={
                "verbose_name": "service level agreement",
                "verbose_name_plural": "service level agreements",
                "ordering": ["-starts", "-id"],
                "indexes": [
                    models.Index(fields=["customer", "-starts"], name="levels_agreement_customer"),
                    models.Index(fields=["product"], name="levels_agreement_product"),
                    models.Index(fields=["-starts", "-id"], name="levels_agreement_newest"),
                ],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("service", "="),
                            (models.Func(models.F("starts"), models.F("ends"), function="tstzrange"), "&&"),
                        ],
                        name="levels_agreement_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends", None), ("ends__gte", models.F("starts")), _connector="OR"
                        ),
                        name="levels_agreement_period",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditBand",
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
                    "below",
                    models.DecimalField(decimal_places=4, max_digits=7, verbose_name="availability below, %"),
                ),
                (
                    "credit_percent",
                    models.DecimalField(
                        decimal_places=3, max_digits=6, verbose_name="credit, % of the monthly fee"
                    ),
                ),
                (
                    "definition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bands",
                        to="service_mgmt_levels.sladefinition",
                    ),
                ),
            ],
            options={
                "verbose_name": "credit band",
                "verbose_name_plural": "credit bands",
                "ordering": ["-below"],
                "constraints": [
                    models.UniqueConstraint(fields=("definition", "below"), name="levels_band_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("below__gt", 0),
                            ("below__lte", 100),
                            ("credit_percent__gt", 0),
                            ("credit_percent__lte", 100),
                        ),
                        name="levels_band_percents",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SlaResult",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("month", models.DateField(verbose_name="month")),
                ("agreed", models.DurationField(verbose_name="agreed time")),
                ("downtime", models.DurationField(verbose_name="downtime")),
                ("excluded", models.DurationField(verbose_name="excluded")),
                ("paused", models.DurationField(verbose_name="paused")),
                (
                    "availability",
                    models.DecimalField(decimal_places=6, max_digits=9, verbose_name="availability, %"),
                ),
                ("target", models.DecimalField(decimal_places=4, max_digits=7, verbose_name="target, %")),
                ("late_repairs", models.PositiveSmallIntegerField(default=0, verbose_name="late repairs")),
                ("breached", models.BooleanField(verbose_name="breached")),
                ("outages", models.JSONField(default=list)),
                ("measured", models.DateTimeField(verbose_name="measured")),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="service_mgmt_levels.slaagreement",
                    ),
                ),
            ],
            options={
                "verbose_name": "SLA result",
                "verbose_name_plural": "SLA results",
                "ordering": ["-month", "agreement"],
                "indexes": [models.Index(fields=["month", "breached"], name="levels_result_month_idx")],
                "constraints": [
                    models.UniqueConstraint(fields=("agreement", "month"), name="levels_result_once"),
                    models.CheckConstraint(condition=models.Q(("month__day", 1)), name="levels_result_month"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("availability__range", (0, 100)), ("downtime__lte", models.F("agreed"))
                        ),
                        name="levels_result_availability",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditProposal",
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
                        db_default=kernel.models.base.PublicNumber("CRP"),
                        editable=False,
                        max_length=24,
                        prefix="CRP",
                        unique=True,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("proposed", "To be approved"),
                            ("credited", "Credited"),
                            ("rejected", "Rejected"),
                        ],
                        default="proposed",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                (
                    "monthly_fee",
                    kernel.money.AmountField(decimal_places=6, max_digits=24, verbose_name="monthly fee"),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "percent",
                    models.DecimalField(decimal_places=3, max_digits=7, verbose_name="credit by contract, %"),
                ),
                (
                    "credited_percent",
                    models.DecimalField(decimal_places=3, max_digits=7, verbose_name="credited, %"),
                ),
                (
                    "uncapped",
                    kernel.money.AmountField(decimal_places=6, max_digits=24, verbose_name="without the cap"),
                ),
                (
                    "amount",
                    kernel.money.AmountField(decimal_places=6, max_digits=24, verbose_name="credit, net"),
                ),
                ("pre_agreed", models.BooleanField(default=False, verbose_name="granted by contract")),
                ("decided", models.DateTimeField(null=True, verbose_name="decided")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sla_credits",
                        to="bss_customers.billingaccount",
                        verbose_name="account",
                    ),
                ),
                (
                    "adjustment",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sla_credit",
                        to="bss_billing.adjustment",
                        verbose_name="adjustment",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "result",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit",
                        to="service_mgmt_levels.slaresult",
                    ),
                ),
            ],
            options={
                "verbose_name": "SLA credit",
                "verbose_name_plural": "SLA credits",
                "ordering": ["-created"],
                "permissions": [("approve_credit", "Can approve SLA credits")],
                "indexes": [models.Index(fields=["status", "-created"], name="levels_credit_waiting")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("adjustment", None), ("decided", None), ("status", "proposed")),
                            models.Q(
                                ("adjustment__isnull", False),
                                ("decided__isnull", False),
                                ("status", "credited"),
                            ),
                            models.Q(
                                ("adjustment", None), ("decided__isnull", False), ("status", "rejected")
                            ),
                            _connector="OR",
                        ),
                        name="levels_credit_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lte", models.F("uncapped"))),
                        name="levels_credit_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            ("proposed_by", None),
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="levels_credit_four_eyes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutageImpact",
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
                    "effect",
                    models.CharField(
                        choices=[("lost", "Lost"), ("degraded", "Degraded"), ("at_risk", "At risk")],
                        max_length=8,
                        verbose_name="effect",
                    ),
                ),
                ("because", models.CharField(blank=True, max_length=200, verbose_name="because of")),
                ("since", models.DateTimeField(verbose_name="since")),
                ("until", models.DateTimeField(null=True, verbose_name="until")),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outage_impacts",
                        to="oss_incidents.incident",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outage_impacts",
                        to="service_mgmt_services.service",
                    ),
                ),
            ],
            options={
                "verbose_name": "outage impact",
                "verbose_name_plural": "outage impacts",
                "ordering": ["-since", "-id"],
                "indexes": [
                    models.Index(fields=["incident", "effect"], name="levels_impact_incident"),
                    models.Index(fields=["service", "-since"], name="levels_impact_service"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until", None)),
                        fields=("incident", "service"),
                        name="levels_impact_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("effect__in", ["lost", "degraded", "at_risk"])),
                        name="levels_impact_effect",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until", None), ("until__gte", models.F("since")), _connector="OR"
                        ),
                        name="levels_impact_period",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SlaClockEvent",
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
                        choices=[
                            ("down", "Down"),
                            ("up", "Up"),
                            ("maintenance_start", "Planned work begins"),
                            ("maintenance_end", "Planned work ends"),
                            ("pause", "Paused"),
                            ("resume", "Resumed"),
                            ("void", "Taken back"),
                        ],
                        max_length=17,
                        verbose_name="what",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                ("cause_id", models.UUIDField(null=True)),
                ("cause_label", models.CharField(blank=True, max_length=60, verbose_name="because of")),
                ("notified", models.DateTimeField(null=True, verbose_name="customer told")),
                ("evidence", models.JSONField(default=dict, verbose_name="evidence")),
                ("by_label", models.CharField(max_length=120, verbose_name="by")),
                ("recorded", models.DateTimeField(auto_now_add=True, verbose_name="recorded")),
                (
                    "incident",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sla_events",
                        to="oss_incidents.incident",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sla_events",
                        to="service_mgmt_services.service",
                    ),
                ),
                (
                    "voids",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="voided_by",
                        to="service_mgmt_levels.slaclockevent",
                    ),
                ),
            ],
            options={
                "verbose_name": "clock event",
                "verbose_name_plural": "clock events",
                "ordering": ["at", "id"],
                "permissions": [("void_clock", "Can take back clock events")],
                "indexes": [
                    models.Index(fields=["service", "at"], name="levels_event_service"),
                    models.Index(fields=["cause_id"], name="levels_event_cause"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "void"), _negated=True),
                        fields=("service", "kind", "at", "cause_id"),
                        name="levels_event_once",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(fields=("voids",), name="levels_event_voided_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "void"), ("voids__isnull", False)),
                            models.Q(
                                (
                                    "kind__in",
                                    ["down", "up", "maintenance_start", "maintenance_end", "pause", "resume"],
                                ),
                                ("voids", None),
                            ),
                            _connector="OR",
                        ),
                        name="levels_event_kind",
                    ),
                ],
            },
        ),
    ]
