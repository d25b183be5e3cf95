import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kernel.ids
import kernel.models.base


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("bss_catalog", "0002_guards"),
        ("bss_customers", "0001_initial"),
        ("kernel", "0002_functions"),
        ("kernel", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Product",
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
                        db_default=kernel.models.base.PublicNumber("PRD"),
                        editable=False,
                        max_length=24,
                        prefix="PRD",
                        unique=True,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("created", "Ordered"),
                            ("pending_active", "Being delivered"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("pending_terminate", "Being terminated"),
                            ("terminated", "Terminated"),
                            ("cancelled", "Cancelled"),
                            ("aborted", "Aborted"),
                        ],
                        default="created",
                        editable=False,
                        max_length=17,
                        verbose_name="status",
                    ),
                ),
                ("quantity", models.PositiveIntegerField(default=1, verbose_name="quantity")),
                (
                    "characteristics",
                    models.JSONField(blank=True, default=dict, verbose_name="characteristics"),
                ),
                ("ordered", models.DateTimeField(verbose_name="ordered")),
                (
                    "active_from",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="active from"),
                ),
                (
                    "suspended_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="suspended since"
                    ),
                ),
                (
                    "suspension_reason",
                    models.CharField(
                        blank=True, editable=False, max_length=60, verbose_name="reason of suspension"
                    ),
                ),
                (
                    "terminated_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="terminated"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="bss_customers.billingaccount",
                    ),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="bss_customers.agreement",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="bss_customers.customer",
                    ),
                ),
                (
                    "offering",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="bss_catalog.productoffering",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="bss_orders.product",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="bss_customers.customersite",
                    ),
                ),
            ],
            options={
                "verbose_name": "product",
                "verbose_name_plural": "products",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["customer", "status"], name="bss_product_customer"),
                    models.Index(fields=["account", "status"], name="bss_product_account"),
                    models.Index(fields=["offering", "status"], name="bss_product_offering"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "created",
                                    "pending_active",
                                    "active",
                                    "suspended",
                                    "pending_terminate",
                                    "terminated",
                                    "cancelled",
                                    "aborted",
                                ],
                            )
                        ),
                        name="bss_product_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("active_from", None),
                                ("status__in", ["created", "pending_active", "cancelled", "aborted"]),
                            ),
                            models.Q(
                                ("active_from__isnull", False),
                                ("status__in", ["active", "suspended", "pending_terminate", "terminated"]),
                            ),
                            _connector="OR",
                        ),
                        name="bss_product_active_from",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("status", "terminated"),
                                ("terminated_at__gte", models.F("active_from")),
                                ("terminated_at__isnull", False),
                            ),
                            models.Q(
                                models.Q(("status", "terminated"), _negated=True), ("terminated_at", None)
                            ),
                            _connector="OR",
                        ),
                        name="bss_product_terminated_at",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 1)), name="bss_product_quantity"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("parent", models.F("id")), _negated=True),
                        name="bss_product_not_own_parent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProductOrder",
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
                        db_default=kernel.models.base.PublicNumber("ORD"),
                        editable=False,
                        max_length=24,
                        prefix="ORD",
                        unique=True,
                    ),
                ),
                ("external_id", models.CharField(blank=True, max_length=80, verbose_name="your number")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("acknowledged", "Acknowledged"),
                            ("pending", "Waiting"),
                            ("held", "On hold"),
                            ("in_progress", "In progress"),
                            ("assessing_cancellation", "Cancellation being assessed"),
                            ("pending_cancellation", "Being cancelled"),
                            ("completed", "Completed"),
                            ("partial", "Partly completed"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                            ("rejected", "Rejected"),
                        ],
                        default="acknowledged",
                        editable=False,
                        max_length=22,
                        verbose_name="state",
                    ),
                ),
                ("channel", models.CharField(blank=True, max_length=40, verbose_name="channel")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                ("ordered", models.DateTimeField(verbose_name="ordered")),
                (
                    "accepted",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="accepted"),
                ),
                ("requested_date", models.DateField(blank=True, null=True, verbose_name="wished for")),
                (
                    "promised_date",
                    models.DateField(blank=True, editable=False, null=True, verbose_name="promised for"),
                ),
                (
                    "completed",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="completed"),
                ),
                (
                    "jeopardy",
                    models.CharField(
                        blank=True, editable=False, max_length=200, verbose_name="promise at risk"
                    ),
                ),
                (
                    "cancellation_reason",
                    models.CharField(
                        blank=True, editable=False, max_length=200, verbose_name="reason of cancellation"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="bss_customers.billingaccount",
                    ),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="bss_customers.agreement",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="bss_customers.customer",
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "order",
                "verbose_name_plural": "orders",
                "ordering": ["-id"],
                "permissions": [("accept_productorder", "Can accept orders")],
                "indexes": [
                    models.Index(fields=["state", "-ordered"], name="bss_order_state_list"),
                    models.Index(
                        condition=models.Q(
                            ("state__in", ["completed", "partial", "failed", "cancelled", "rejected"]),
                            _negated=True,
                        ),
                        fields=["promised_date"],
                        name="bss_order_promises",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "acknowledged",
                                    "pending",
                                    "held",
                                    "in_progress",
                                    "assessing_cancellation",
                                    "pending_cancellation",
                                    "completed",
                                    "partial",
                                    "failed",
                                    "cancelled",
                                    "rejected",
                                ],
                            )
                        ),
                        name="bss_order_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "acknowledged",
                                    "rejected",
                                    "assessing_cancellation",
                                    "cancelled",
                                    "pending",
                                    "held",
                                ],
                            ),
                            ("accepted__isnull", False),
                            _connector="OR",
                        ),
                        name="bss_order_accepted_before_work",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("customer", "external_id"),
                        name="bss_order_external_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProductPrice",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prices",
                        to="bss_orders.product",
                    ),
                ),
            ],
            options={
                "verbose_name": "agreed price",
                "verbose_name_plural": "agreed prices",
                "constraints": [
                    models.UniqueConstraint(fields=("product", "price"), name="bss_product_price_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Qualification",
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
                        db_default=kernel.models.base.PublicNumber("QUA"),
                        editable=False,
                        max_length=24,
                        prefix="QUA",
                        unique=True,
                    ),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[("qualified", "Deliverable"), ("unqualified", "Not deliverable")],
                        max_length=11,
                        verbose_name="result",
                    ),
                ),
                ("technology", models.CharField(blank=True, max_length=60, verbose_name="technology")),
                ("lead_days", models.PositiveSmallIntegerField(default=0, verbose_name="lead time in days")),
                ("explanation", models.TextField(blank=True, verbose_name="explanation")),
                ("resources", models.JSONField(blank=True, default=dict, verbose_name="resources")),
                ("at", models.DateTimeField(verbose_name="asked")),
                ("valid_until", models.DateTimeField(verbose_name="holds until")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="qualifications",
                        to="bss_customers.customer",
                    ),
                ),
                (
                    "offering",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="qualifications",
                        to="bss_catalog.productoffering",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="qualifications",
                        to="bss_customers.customersite",
                    ),
                ),
            ],
            options={
                "verbose_name": "qualification",
                "verbose_name_plural": "qualifications",
                "ordering": ["-at", "-id"],
                "indexes": [
                    models.Index(fields=["site", "offering", "-at"], name="bss_qualification_latest")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("result__in", ["qualified", "unqualified"])),
                        name="bss_qualification_result",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("result", "qualified"),
                            models.Q(("explanation", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="bss_qualification_says_why_not",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProductOrderItem",
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
                ("position", models.CharField(max_length=20, verbose_name="position")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("add", "Add"),
                            ("modify", "Change"),
                            ("delete", "Remove"),
                            ("no_change", "Keep"),
                        ],
                        default="add",
                        max_length=9,
                        verbose_name="action",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("acknowledged", "Acknowledged"),
                            ("pending", "Waiting"),
                            ("held", "On hold"),
                            ("in_progress", "In progress"),
                            ("assessing_cancellation", "Cancellation being assessed"),
                            ("pending_cancellation", "Being cancelled"),
                            ("completed", "Completed"),
                            ("partial", "Partly completed"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                            ("rejected", "Rejected"),
                        ],
                        default="acknowledged",
                        editable=False,
                        max_length=22,
                        verbose_name="state",
                    ),
                ),
                ("quantity", models.PositiveIntegerField(default=1, verbose_name="quantity")),
                (
                    "characteristics",
                    models.JSONField(blank=True, default=dict, verbose_name="characteristics"),
                ),
                (
                    "explanation",
                    models.CharField(blank=True, editable=False, max_length=300, verbose_name="explanation"),
                ),
                ("begun", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="begun")),
                (
                    "completed",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="completed"),
                ),
                (
                    "depends_on",
                    models.ManyToManyField(
                        blank=True, related_name="needed_by", to="bss_orders.productorderitem"
                    ),
                ),
                (
                    "offering",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order_items",
                        to="bss_catalog.productoffering",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="bss_orders.productorder",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="bss_orders.productorderitem",
                    ),
                ),
                (
                    "prices",
                    models.ManyToManyField(blank=True, related_name="+", to="bss_catalog.offeringprice"),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order_items",
                        to="bss_orders.product",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order_items",
                        to="bss_customers.customersite",
                    ),
                ),
                (
                    "qualification",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order_items",
                        to="bss_orders.qualification",
                    ),
                ),
            ],
            options={
                "verbose_name": "item of an order",
                "verbose_name_plural": "items of an order",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("order", "position"), name="bss_item_position_once"),
                    models.UniqueConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state__in", ["completed", "failed", "cancelled", "rejected"]), _negated=True
                            ),
                            models.Q(("action", "no_change"), _negated=True),
                        ),
                        fields=("product",),
                        name="bss_item_one_open_a_product",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "acknowledged",
                                    "pending",
                                    "held",
                                    "in_progress",
                                    "assessing_cancellation",
                                    "pending_cancellation",
                                    "completed",
                                    "partial",
                                    "failed",
                                    "cancelled",
                                    "rejected",
                                ],
                            ),
                            models.Q(("state", "partial"), _negated=True),
                        ),
                        name="bss_item_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 1)), name="bss_item_quantity"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("parent", models.F("id")), _negated=True),
                        name="bss_item_not_own_parent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Quote",
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
                        db_default=kernel.models.base.PublicNumber("QUO"),
                        editable=False,
                        max_length=24,
                        prefix="QUO",
                        unique=True,
                    ),
                ),
                ("family", models.UUIDField(editable=False, verbose_name="family")),
                ("revision", models.PositiveSmallIntegerField(default=1, verbose_name="revision")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("in_progress", "Being prepared"),
                            ("pending", "Waiting for approval"),
                            ("approved", "Sent to the customer"),
                            ("accepted", "Accepted"),
                            ("rejected", "Declined"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="in_progress",
                        editable=False,
                        max_length=11,
                        verbose_name="status",
                    ),
                ),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                ("quoted", models.DateTimeField(verbose_name="date")),
                ("valid_until", models.DateField(verbose_name="valid until")),
                ("note", models.TextField(blank=True, verbose_name="note")),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quotes",
                        to="bss_customers.billingaccount",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quotes",
                        to="bss_customers.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "quote",
                "verbose_name_plural": "quotes",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("family", "revision"), name="bss_quote_revision_once"),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("status__in", ["in_progress", "pending", "approved", "accepted"])
                        ),
                        fields=("family",),
                        name="bss_quote_one_alive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                ["in_progress", "pending", "approved", "accepted", "rejected", "cancelled"],
                            )
                        ),
                        name="bss_quote_status",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="productorder",
            name="quote",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="order",
                to="bss_orders.quote",
            ),
        ),
        migrations.CreateModel(
            name="QuoteItem",
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
                ("position", models.CharField(max_length=20, verbose_name="position")),
                ("quantity", models.PositiveIntegerField(default=1, verbose_name="quantity")),
                (
                    "characteristics",
                    models.JSONField(blank=True, default=dict, verbose_name="characteristics"),
                ),
                (
                    "offering",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bss_catalog.productoffering",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="bss_orders.quoteitem",
                    ),
                ),
                ("prices", models.ManyToManyField(related_name="+", to="bss_catalog.offeringprice")),
                (
                    "quote",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="bss_orders.quote",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bss_customers.customersite",
                    ),
                ),
            ],
            options={
                "verbose_name": "item of a quote",
                "verbose_name_plural": "items of a quote",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("quote", "position"), name="bss_quote_position_once"),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 1)), name="bss_quote_quantity"
                    ),
                ],
            },
        ),
    ]
