import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import kernel.ids
import kernel.models.base
import kernel.money


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("bss_catalog", "0002_guards"),
        ("bss_customers", "0001_initial"),
        ("bss_orders", "0001_initial"),
        ("kernel", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="DunningPolicy",
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
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "minimum",
                    kernel.money.AmountField(
                        decimal_places=6,
                        default=1,
                        max_digits=24,
                        verbose_name="smallest amount worth a reminder",
                    ),
                ),
            ],
            options={
                "verbose_name": "dunning policy",
            },
        ),
        migrations.CreateModel(
            name="Adjustment",
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
                        db_default=kernel.models.base.PublicNumber("ADJ"),
                        editable=False,
                        max_length=24,
                        prefix="ADJ",
                        unique=True,
                    ),
                ),
                (
                    "amount",
                    kernel.money.AmountField(decimal_places=6, max_digits=24, verbose_name="amount, net"),
                ),
                ("currency", models.CharField(max_length=3)),
                ("tax_category", models.CharField(default="S", max_length=2)),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("evidence_kind", models.CharField(blank=True, max_length=60)),
                ("evidence_id", models.UUIDField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("approved", "Approved"),
                            ("applied", "On an invoice"),
                            ("rejected", "Rejected"),
                        ],
                        default="proposed",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adjustments",
                        to="bss_customers.billingaccount",
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bss_orders.product",
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
            ],
            options={
                "verbose_name": "adjustment",
                "permissions": [("approve_adjustment", "Can approve credits and charges")],
                "indexes": [models.Index(fields=["account", "status"], name="billing_adjustment_account")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("evidence_id__isnull", False), models.Q(("status", "rejected"), _negated=True)
                        ),
                        fields=("evidence_kind", "evidence_id"),
                        name="billing_adjustment_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["proposed", "approved", "applied", "rejected"])),
                        name="billing_adjustment_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True), name="billing_adjustment_amount"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by", None),
                            models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="billing_adjustment_four_eyes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillRun",
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
                        db_default=kernel.models.base.PublicNumber("RUN"),
                        editable=False,
                        max_length=24,
                        prefix="RUN",
                        unique=True,
                    ),
                ),
                ("cycle_day", models.PositiveSmallIntegerField(verbose_name="billing day")),
                ("bill_date", models.DateField(verbose_name="bill date")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("selected", "Selected"),
                            ("drafted", "Drafted"),
                            ("checked", "Checked"),
                            ("approved", "Approved"),
                            ("posted", "Posted"),
                            ("delivered", "Delivered"),
                            ("discarded", "Discarded"),
                        ],
                        default="selected",
                        max_length=9,
                        verbose_name="status",
                    ),
                ),
                ("accounts", models.PositiveIntegerField(default=0, verbose_name="accounts")),
                ("invoices_count", models.PositiveIntegerField(default=0, verbose_name="invoices")),
                ("failures", models.PositiveIntegerField(default=0, verbose_name="failed")),
                (
                    "net",
                    kernel.money.AmountField(decimal_places=6, default=0, max_digits=24, verbose_name="net"),
                ),
                (
                    "gross",
                    kernel.money.AmountField(
                        decimal_places=6, default=0, max_digits=24, verbose_name="gross"
                    ),
                ),
                ("checks", models.JSONField(default=list)),
                ("posted", models.DateTimeField(null=True, verbose_name="posted")),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "drafted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "bill run",
                "permissions": [
                    ("run_billing", "Can draft and deliver bill runs"),
                    ("finalise_invoice", "Can approve and post bill runs"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cycle_day__range", (1, 31))), name="billing_run_cycle_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "selected",
                                    "drafted",
                                    "checked",
                                    "approved",
                                    "posted",
                                    "delivered",
                                    "discarded",
                                ],
                            )
                        ),
                        name="billing_run_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by", None),
                            models.Q(("approved_by", models.F("drafted_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="billing_run_four_eyes",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["selected", "drafted", "checked", "approved"])),
                        fields=("cycle_day", "bill_date"),
                        name="billing_run_one_open",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DunningCase",
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
                        db_default=kernel.models.base.PublicNumber("DUN"),
                        editable=False,
                        max_length=24,
                        prefix="DUN",
                        unique=True,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Reminding"),
                            ("suspending", "Suspension ordered"),
                            ("suspended", "Suspended"),
                            ("reconnecting", "Reconnection ordered"),
                            ("closed", "Closed"),
                        ],
                        default="open",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                ("done_position", models.PositiveSmallIntegerField(default=0, verbose_name="last step")),
                ("oldest_due", models.DateField(verbose_name="due since")),
                ("amount", kernel.money.AmountField(decimal_places=6, max_digits=24, verbose_name="overdue")),
                ("currency", models.CharField(max_length=3)),
                ("held_until", models.DateField(null=True, verbose_name="held until")),
                (
                    "hold_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="reason of the hold"),
                ),
                ("opened", models.DateTimeField(verbose_name="opened")),
                ("closed", models.DateTimeField(null=True, verbose_name="closed")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dunning_cases",
                        to="bss_customers.billingaccount",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="bss_billing.dunningpolicy",
                    ),
                ),
            ],
            options={
                "verbose_name": "dunning case",
                "permissions": [
                    ("run_dunning", "Can run dunning"),
                    ("override_suspension", "Can hold or skip a suspension"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "closed"), _negated=True),
                        fields=("account",),
                        name="billing_one_open_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["open", "suspending", "suspended", "reconnecting", "closed"])
                        ),
                        name="billing_case_status",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DunningStep",
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
                ("days", models.PositiveSmallIntegerField(verbose_name="days past due")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("notice", "Reminder"),
                            ("suspend", "Suspend services"),
                            ("terminate", "Terminate"),
                        ],
                        max_length=9,
                        verbose_name="action",
                    ),
                ),
                ("template", models.SlugField(blank=True, max_length=60, verbose_name="template")),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="bss_billing.dunningpolicy",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("policy", "position"), name="billing_dunning_step_once"),
                    models.CheckConstraint(
                        condition=models.Q(("action__in", ["notice", "suspend", "terminate"])),
                        name="billing_dunning_action",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
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
                    models.CharField(
                        editable=False, max_length=24, null=True, unique=True, verbose_name="number"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("invoice", "Invoice"), ("credit_note", "Credit note")],
                        default="invoice",
                        max_length=11,
                        verbose_name="kind",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("validated", "Posted"),
                            ("sent", "Sent"),
                            ("partially_paid", "Partly paid"),
                            ("settled", "Paid"),
                            ("void", "Thrown away"),
                        ],
                        default="draft",
                        max_length=14,
                        verbose_name="status",
                    ),
                ),
                ("bill_date", models.DateField(verbose_name="bill date")),
                ("issued", models.DateField(null=True, verbose_name="issued")),
                ("due", models.DateField(null=True, verbose_name="due")),
                ("currency", models.CharField(max_length=3)),
                ("language", models.CharField(max_length=5)),
                (
                    "net",
                    kernel.money.AmountField(decimal_places=6, default=0, max_digits=24, verbose_name="net"),
                ),
                (
                    "tax",
                    kernel.money.AmountField(decimal_places=6, default=0, max_digits=24, verbose_name="VAT"),
                ),
                (
                    "gross",
                    kernel.money.AmountField(
                        decimal_places=6, default=0, max_digits=24, verbose_name="gross"
                    ),
                ),
                (
                    "paid",
                    kernel.money.AmountField(decimal_places=6, default=0, max_digits=24, verbose_name="paid"),
                ),
                ("disputed", models.BooleanField(default=False, verbose_name="disputed")),
                ("seller", models.JSONField(default=dict)),
                ("buyer", models.JSONField(default=dict)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="bss_customers.billingaccount",
                    ),
                ),
                (
                    "corrects",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrected_by",
                        to="bss_billing.invoice",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="bss_billing.billrun",
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice",
                "permissions": [
                    ("void_invoice", "Can issue credit notes"),
                    ("write_off", "Can write amounts off"),
                ],
                "indexes": [
                    models.Index(fields=["account", "-bill_date"], name="billing_invoice_account"),
                    models.Index(fields=["run", "status"], name="billing_invoice_run"),
                    models.Index(
                        condition=models.Q(("status__in", ["validated", "sent", "partially_paid"])),
                        fields=["due"],
                        name="billing_invoice_due",
                    ),
                    models.Index(fields=["-created"], name="billing_invoice_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "invoice"), ("status", "draft")),
                        fields=("account",),
                        name="billing_one_draft_per_account",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                ["draft", "validated", "sent", "partially_paid", "settled", "void"],
                            )
                        ),
                        name="billing_invoice_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("number", None), ("status__in", ["draft", "void"])),
                            models.Q(
                                models.Q(("status__in", ["draft", "void"]), _negated=True),
                                ("issued__isnull", False),
                                ("number__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="billing_number_when_posted",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "gross",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("net"), "+", models.F("tax")
                                ),
                            )
                        ),
                        name="billing_invoice_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("paid", 0),
                            models.Q(("paid__gt", 0), ("paid__lte", models.F("gross"))),
                            models.Q(("paid__gte", models.F("gross")), ("paid__lt", 0)),
                            _connector="OR",
                        ),
                        name="billing_never_overpaid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("corrects", None), ("kind", "invoice")),
                            ("kind", "credit_note"),
                            _connector="OR",
                        ),
                        name="billing_invoice_corrects",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceDocument",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("pdf", models.BinaryField()),
                ("digest", models.CharField(max_length=64)),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "invoice",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="document",
                        to="bss_billing.invoice",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="InvoiceTax",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("category", models.CharField(max_length=2)),
                ("percent", models.DecimalField(decimal_places=3, max_digits=6, null=True)),
                ("base", kernel.money.AmountField(decimal_places=6, max_digits=24)),
                ("tax", kernel.money.AmountField(decimal_places=6, max_digits=24)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taxes",
                        to="bss_billing.invoice",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("invoice", "category", "percent"),
                        name="billing_tax_category_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField()),
                ("day", models.DateField()),
                ("kind", models.CharField(max_length=20)),
                ("text", models.CharField(blank=True, max_length=200)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_entries",
                        to="bss_customers.billingaccount",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_entries",
                        to="bss_billing.invoice",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["account", "at"], name="billing_entry_account")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("invoice__isnull", False), ("kind", "invoice")),
                        fields=("invoice", "kind"),
                        name="billing_entry_per_invoice",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerPosting",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "ledger",
                    models.CharField(
                        choices=[
                            ("receivable", "Receivables"),
                            ("revenue", "Revenue"),
                            ("tax", "VAT collected"),
                            ("bank", "Bank"),
                            ("write_off", "Written off"),
                        ],
                        max_length=12,
                    ),
                ),
                ("amount", kernel.money.AmountField(decimal_places=6, max_digits=24)),
                ("currency", models.CharField(max_length=3)),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="postings",
                        to="bss_billing.ledgerentry",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Payment",
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
                        db_default=kernel.models.base.PublicNumber("PAY"),
                        editable=False,
                        max_length=24,
                        prefix="PAY",
                        unique=True,
                    ),
                ),
                ("amount", kernel.money.AmountField(decimal_places=6, max_digits=24, verbose_name="amount")),
                ("currency", models.CharField(max_length=3)),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("transfer", "Bank transfer"),
                            ("direct_debit", "Direct debit"),
                            ("card", "Card"),
                            ("cash", "Cash"),
                        ],
                        default="transfer",
                        max_length=12,
                        verbose_name="method",
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=140, verbose_name="reference")),
                ("external_id", models.CharField(blank=True, max_length=80, verbose_name="bank's id")),
                ("received", models.DateTimeField(verbose_name="received")),
                (
                    "allocated",
                    kernel.money.AmountField(
                        decimal_places=6, default=0, max_digits=24, verbose_name="allocated"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("done", "Received"), ("refunded", "Paid back")],
                        default="done",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="bss_customers.billingaccount",
                    ),
                ),
            ],
            options={
                "verbose_name": "payment",
                "permissions": [("refund_payment", "Can pay money back")],
                "indexes": [
                    models.Index(fields=["account", "-received"], name="billing_payment_account"),
                    models.Index(fields=["-created"], name="billing_payment_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="billing_payment_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("allocated__gte", 0), ("allocated__lte", models.F("amount"))),
                        name="billing_payment_allocated",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("external_id",),
                        name="billing_payment_once",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="payment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="ledger_entries",
                to="bss_billing.payment",
            ),
        ),
        migrations.CreateModel(
            name="Allocation",
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
                ("amount", kernel.money.AmountField(decimal_places=6, max_digits=24)),
                (
                    "credit_note",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credits_given",
                        to="bss_billing.invoice",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="bss_billing.invoice",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="bss_billing.payment",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="billing_allocation_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("credit_note", None), ("payment__isnull", False)),
                            models.Q(("credit_note__isnull", False), ("payment", None)),
                            _connector="OR",
                        ),
                        name="billing_allocation_source",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("payment__isnull", False)),
                        fields=("payment", "invoice"),
                        name="billing_allocation_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RunFailure",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reason", models.TextField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bss_customers.billingaccount",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="failed_accounts",
                        to="bss_billing.billrun",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("run", "account"), name="billing_failure_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Subscription",
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
                    models.CharField(choices=[("one_off", "Once"), ("recurring", "Recurring")], max_length=9),
                ),
                ("quantity", models.PositiveIntegerField(default=1, verbose_name="quantity")),
                (
                    "amount",
                    kernel.money.AmountField(
                        decimal_places=6, max_digits=24, verbose_name="amount per period, net"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("start", models.DateField(verbose_name="from")),
                ("end", models.DateField(null=True, verbose_name="until")),
                ("billed_from", models.DateField(editable=False, null=True)),
                ("billed_to", models.DateField(editable=False, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="bss_customers.billingaccount",
                    ),
                ),
                (
                    "price",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bss_catalog.offeringprice",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="bss_orders.product",
                    ),
                ),
            ],
            options={
                "verbose_name": "charge",
                "verbose_name_plural": "charges",
                "indexes": [models.Index(fields=["account"], name="billing_subscription_account")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("end", None)),
                        fields=("product", "price"),
                        name="billing_subscription_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["one_off", "recurring"])),
                        name="billing_subscription_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("end", None), ("end__gte", models.F("start")), _connector="OR"),
                        name="billing_subscription_period",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("billed_from", None), ("billed_to", None)),
                            ("billed_to__gte", models.F("billed_from")),
                            _connector="OR",
                        ),
                        name="billing_subscription_billed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("one_off", "Once"),
                            ("recurring", "Recurring"),
                            ("usage", "Usage"),
                            ("adjustment", "Adjustment"),
                        ],
                        max_length=10,
                    ),
                ),
                ("text", models.CharField(max_length=200)),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=18)),
                ("unit", models.CharField(blank=True, max_length=10)),
                ("unit_price", kernel.money.AmountField(decimal_places=6, max_digits=24)),
                ("net", kernel.money.AmountField(decimal_places=6, max_digits=24)),
                ("tax_category", models.CharField(max_length=2)),
                ("tax_percent", models.DecimalField(decimal_places=3, max_digits=6, null=True)),
                ("period_start", models.DateField(null=True)),
                ("period_end", models.DateField(null=True)),
                ("derivation", models.JSONField(default=dict)),
                (
                    "adjustment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="bss_billing.adjustment",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="bss_billing.invoice",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bss_orders.product",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="bss_billing.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice line",
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("invoice", "position"), name="billing_line_position"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["one_off", "recurring", "usage", "adjustment"])),
                        name="billing_line_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxRate",
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
                ("country", models.CharField(max_length=2, verbose_name="country")),
                ("category", models.CharField(max_length=2, verbose_name="category")),
                ("percent", models.DecimalField(decimal_places=3, max_digits=6, verbose_name="percent")),
                ("start", models.DateField(verbose_name="from")),
                ("end", models.DateField(blank=True, null=True, verbose_name="until")),
            ],
            options={
                "verbose_name": "tax rate",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("percent__range", (0, 100))), name="billing_tax_percent"
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("country", "="),
                            ("category", "="),
                            (models.Func(models.F("start"), models.F("end"), function="daterange"), "&&"),
                        ],
                        name="billing_tax_one_rate",
                    ),
                ],
            },
        ),
    ]
