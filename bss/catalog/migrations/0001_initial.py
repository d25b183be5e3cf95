import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.operations
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models

import kernel.ids
import kernel.money


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("kernel", "0002_functions"),
    ]

    operations = [
        django.contrib.postgres.operations.BtreeGistExtension(),
        migrations.CreateModel(
            name="Catalog",
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
                ("code", models.SlugField(max_length=60, unique=True, verbose_name="code")),
            ],
            options={
                "verbose_name": "catalogue",
                "verbose_name_plural": "catalogues",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Tariff",
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
                ("code", models.SlugField(max_length=60, verbose_name="code")),
                ("revision", models.PositiveSmallIntegerField(default=1, verbose_name="revision")),
                (
                    "reference",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            models.F("code"),
                            models.Value("."),
                            django.db.models.functions.comparison.Cast(
                                models.F("revision"), models.CharField()
                            ),
                        ),
                        output_field=models.CharField(max_length=72, verbose_name="reference"),
                    ),
                ),
                (
                    "service",
                    models.CharField(
                        choices=[("voice", "Calls"), ("data", "Data"), ("message", "Messages")],
                        max_length=8,
                        verbose_name="service",
                    ),
                ),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "Draft"), ("released", "Released"), ("retired", "Retired")],
                        default="draft",
                        editable=False,
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
            ],
            options={
                "verbose_name": "tariff",
                "verbose_name_plural": "tariffs",
                "ordering": ["code", "-revision"],
                "constraints": [
                    models.UniqueConstraint(fields=("code", "revision"), name="bss_tariff_revision_once"),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["draft", "released", "retired"])),
                        name="bss_tariff_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("service__in", ["voice", "data", "message"])),
                        name="bss_tariff_service",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")), name="bss_tariff_currency"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TariffCalendar",
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
                ("code", models.SlugField(max_length=60, unique=True, verbose_name="code")),
                (
                    "time_zone",
                    models.CharField(default="Europe/Paris", max_length=64, verbose_name="time zone"),
                ),
                ("country", models.CharField(blank=True, max_length=2, verbose_name="country of holidays")),
            ],
            options={
                "verbose_name": "tariff calendar",
                "verbose_name_plural": "tariff calendars",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Zone",
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
                ("code", models.SlugField(max_length=60, verbose_name="code")),
            ],
            options={
                "verbose_name": "zone",
                "verbose_name_plural": "zones",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="ZonePlan",
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
                ("code", models.SlugField(max_length=60, unique=True, verbose_name="code")),
            ],
            options={
                "verbose_name": "zone plan",
                "verbose_name_plural": "zone plans",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Category",
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
                ("code", models.SlugField(max_length=60, unique=True, verbose_name="code")),
                (
                    "catalog",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="categories",
                        to="bss_catalog.catalog",
                        verbose_name="catalogue",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="bss_catalog.category",
                        verbose_name="within",
                    ),
                ),
            ],
            options={
                "verbose_name": "category",
                "verbose_name_plural": "categories",
                "ordering": ["code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("parent", models.F("id")), _negated=True),
                        name="bss_category_not_own_parent",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OfferingPrice",
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
                ("code", models.SlugField(max_length=60, verbose_name="code")),
                (
                    "kind",
                    models.CharField(
                        choices=[("one_off", "Once"), ("recurring", "Recurring"), ("usage", "Usage")],
                        max_length=9,
                        verbose_name="kind",
                    ),
                ),
                (
                    "model",
                    models.CharField(
                        choices=[
                            ("per_unit", "Per unit"),
                            ("flat", "Flat"),
                            ("graduated", "Graduated: each tier prices its own units"),
                            ("volume", "Volume: the tier reached prices all units"),
                            ("package", "Package: a started package counts"),
                        ],
                        default="per_unit",
                        max_length=9,
                        verbose_name="model",
                    ),
                ),
                (
                    "amount",
                    kernel.money.AmountField(
                        decimal_places=6, default=0, max_digits=24, verbose_name="amount"
                    ),
                ),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                (
                    "period_months",
                    models.PositiveSmallIntegerField(default=0, verbose_name="period in months"),
                ),
                (
                    "timing",
                    models.CharField(
                        blank=True,
                        choices=[("advance", "In advance"), ("arrears", "In arrears")],
                        max_length=7,
                        verbose_name="charged",
                    ),
                ),
                (
                    "occasion",
                    models.CharField(
                        blank=True,
                        choices=[("activation", "At activation"), ("termination", "At termination")],
                        max_length=11,
                        verbose_name="due",
                    ),
                ),
                (
                    "proration",
                    models.CharField(
                        choices=[
                            ("actual", "Actual days of the period"),
                            ("thirty", "Months of 30 days"),
                            ("both_ends", "Actual days, first and last day counted"),
                            ("full", "Full periods only"),
                        ],
                        default="actual",
                        max_length=9,
                        verbose_name="part periods",
                    ),
                ),
                ("package_size", models.PositiveIntegerField(default=0, verbose_name="units of a package")),
                ("free_units", models.PositiveIntegerField(default=0, verbose_name="free units")),
                (
                    "tax_category",
                    models.CharField(
                        choices=[
                            ("S", "Standard rate"),
                            ("AA", "Reduced rate"),
                            ("Z", "Zero rate"),
                            ("E", "Exempt"),
                            ("O", "Outside the scope of VAT"),
                        ],
                        default="S",
                        max_length=2,
                        verbose_name="tax category",
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="in force from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="in force until")),
                (
                    "released",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="released"),
                ),
                (
                    "supersedes",
                    models.OneToOneField(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="superseded_by",
                        to="bss_catalog.offeringprice",
                    ),
                ),
            ],
            options={
                "verbose_name": "price",
                "verbose_name_plural": "prices",
                "ordering": ["kind", "code", "-valid_from"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("model__in", ["per_unit", "flat", "graduated", "volume"]),
                            models.Q(("model", "package"), ("package_size__gte", 1)),
                            _connector="OR",
                        ),
                        name="bss_price_model",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")), name="bss_price_currency"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="bss_price_period",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceTier",
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
                    "up_to",
                    models.DecimalField(
                        blank=True, decimal_places=6, max_digits=18, null=True, verbose_name="up to"
                    ),
                ),
                (
                    "unit",
                    kernel.money.AmountField(
                        decimal_places=6, default=0, max_digits=24, verbose_name="per unit"
                    ),
                ),
                (
                    "flat",
                    kernel.money.AmountField(decimal_places=6, default=0, max_digits=24, verbose_name="flat"),
                ),
                (
                    "price",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tiers",
                        to="bss_catalog.offeringprice",
                    ),
                ),
            ],
            options={
                "verbose_name": "tier",
                "verbose_name_plural": "tiers",
                "ordering": [models.OrderBy(models.F("up_to"), nulls_last=True)],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("price", "up_to"), name="bss_tier_bound_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("up_to", None), ("up_to__gt", 0), _connector="OR"),
                        name="bss_tier_bound_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProductOffering",
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
                ("code", models.SlugField(max_length=60, verbose_name="code")),
                ("revision", models.PositiveSmallIntegerField(default=1, verbose_name="revision")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("in_study", "In study"),
                            ("in_design", "In design"),
                            ("in_test", "In test"),
                            ("active", "Active"),
                            ("launched", "Launched"),
                            ("retired", "Retired"),
                            ("obsolete", "Obsolete"),
                            ("rejected", "Rejected"),
                        ],
                        default="in_design",
                        editable=False,
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "reference",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            models.F("code"),
                            models.Value("."),
                            django.db.models.functions.comparison.Cast(
                                models.F("revision"), models.CharField()
                            ),
                        ),
                        output_field=models.CharField(max_length=72, verbose_name="reference"),
                    ),
                ),
                ("is_bundle", models.BooleanField(default=False, verbose_name="bundle")),
                ("is_sellable", models.BooleanField(default=True, verbose_name="sold on its own")),
                ("valid_from", models.DateField(verbose_name="on sale from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="on sale until")),
                (
                    "launched",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="launched"),
                ),
                (
                    "retired",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="retired"),
                ),
                (
                    "sla_class",
                    models.CharField(blank=True, max_length=40, verbose_name="service level class"),
                ),
                (
                    "term_months",
                    models.PositiveSmallIntegerField(default=0, verbose_name="minimum term in months"),
                ),
                (
                    "characteristics",
                    models.JSONField(blank=True, default=dict, verbose_name="characteristics"),
                ),
                (
                    "segments",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=12),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="segments",
                    ),
                ),
                (
                    "credit_classes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=1),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="credit classes",
                    ),
                ),
                (
                    "areas",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="serving locations (first letters)",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offerings",
                        to="bss_catalog.category",
                        verbose_name="category",
                    ),
                ),
            ],
            options={
                "verbose_name": "offer",
                "verbose_name_plural": "offers",
                "ordering": ["code", "-revision"],
                "permissions": [("publish_catalog", "Can put offers on sale and take them off")],
                "indexes": [models.Index(fields=["status", "category"], name="bss_offering_shelf")],
                "constraints": [
                    models.UniqueConstraint(fields=("code", "revision"), name="bss_offering_revision_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "launched")),
                        fields=("code",),
                        name="bss_offering_one_launched",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "in_study",
                                    "in_design",
                                    "in_test",
                                    "active",
                                    "launched",
                                    "retired",
                                    "obsolete",
                                    "rejected",
                                ],
                            )
                        ),
                        name="bss_offering_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="bss_offering_period",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "launched"), _negated=True),
                            ("launched__isnull", False),
                            _connector="OR",
                        ),
                        name="bss_offering_launched_at",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OfferingRelation",
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
                        choices=[("requires", "requires"), ("excludes", "excludes")],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("other_code", models.SlugField(max_length=60, verbose_name="other offer")),
                (
                    "offering",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="relations",
                        to="bss_catalog.productoffering",
                    ),
                ),
            ],
            options={
                "verbose_name": "relation of offers",
                "verbose_name_plural": "relations of offers",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("offering", "kind", "other_code"), name="bss_relation_once"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="offeringprice",
            name="offering",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="prices",
                to="bss_catalog.productoffering",
            ),
        ),
        migrations.CreateModel(
            name="BundleItem",
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
                ("position", models.PositiveSmallIntegerField(default=1, verbose_name="position")),
                ("minimum", models.PositiveSmallIntegerField(default=1, verbose_name="at least")),
                ("maximum", models.PositiveSmallIntegerField(default=1, verbose_name="at most")),
                ("default", models.PositiveSmallIntegerField(default=1, verbose_name="by default")),
                (
                    "bundle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="bss_catalog.productoffering",
                    ),
                ),
                (
                    "offering",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bundled_in",
                        to="bss_catalog.productoffering",
                        verbose_name="offer",
                    ),
                ),
            ],
            options={
                "verbose_name": "part of a bundle",
                "verbose_name_plural": "parts of a bundle",
                "ordering": ["position", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("bundle", "offering"), name="bss_bundle_item_once"),
                    models.CheckConstraint(
                        condition=models.Q(("bundle", models.F("offering")), _negated=True),
                        name="bss_bundle_not_in_itself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("default__lte", models.F("maximum")),
                            ("maximum__gte", 1),
                            ("minimum__lte", models.F("default")),
                        ),
                        name="bss_bundle_cardinality",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProductSpecification",
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
                ("code", models.SlugField(max_length=60, unique=True, verbose_name="code")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("in_study", "In study"),
                            ("in_design", "In design"),
                            ("in_test", "In test"),
                            ("active", "Active"),
                            ("launched", "Launched"),
                            ("retired", "Retired"),
                            ("obsolete", "Obsolete"),
                            ("rejected", "Rejected"),
                        ],
                        default="in_design",
                        editable=False,
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "characteristics",
                    models.JSONField(blank=True, default=list, verbose_name="characteristics"),
                ),
            ],
            options={
                "verbose_name": "product specification",
                "verbose_name_plural": "product specifications",
                "ordering": ["code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "in_study",
                                    "in_design",
                                    "in_test",
                                    "active",
                                    "launched",
                                    "retired",
                                    "obsolete",
                                    "rejected",
                                ],
                            )
                        ),
                        name="bss_specification_status",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="productoffering",
            name="specification",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="offerings",
                to="bss_catalog.productspecification",
                verbose_name="specification",
            ),
        ),
        migrations.AddField(
            model_name="offeringprice",
            name="tariff",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="prices",
                to="bss_catalog.tariff",
                verbose_name="tariff",
            ),
        ),
        migrations.AddField(
            model_name="tariff",
            name="calendar",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tariffs",
                to="bss_catalog.tariffcalendar",
                verbose_name="bands",
            ),
        ),
        migrations.CreateModel(
            name="TimeBand",
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
                ("code", models.SlugField(max_length=40, verbose_name="code")),
                ("is_default", models.BooleanField(default=False, verbose_name="all other hours")),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bands",
                        to="bss_catalog.tariffcalendar",
                    ),
                ),
            ],
            options={
                "verbose_name": "time band",
                "verbose_name_plural": "time bands",
                "ordering": ["code"],
                "constraints": [
                    models.UniqueConstraint(fields=("calendar", "code"), name="bss_band_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("calendar",),
                        name="bss_band_one_default",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TimeBandHours",
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
                    "day",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                            (5, "Saturday"),
                            (6, "Sunday"),
                            (7, "Public holiday"),
                        ],
                        verbose_name="day",
                    ),
                ),
                ("start_minute", models.PositiveSmallIntegerField(default=0, verbose_name="from minute")),
                ("end_minute", models.PositiveSmallIntegerField(default=1440, verbose_name="to minute")),
                (
                    "band",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hours",
                        to="bss_catalog.timeband",
                    ),
                ),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hours",
                        to="bss_catalog.tariffcalendar",
                    ),
                ),
            ],
            options={
                "verbose_name": "hours of a band",
                "verbose_name_plural": "hours of bands",
                "ordering": ["day", "start_minute"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("day__range", (0, 7)),
                            ("end_minute__lte", 1440),
                            ("start_minute__lt", models.F("end_minute")),
                        ),
                        name="bss_hours_within_a_day",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("calendar", "="),
                            ("day", "="),
                            (
                                models.Func(
                                    models.F("start_minute"), models.F("end_minute"), function="int4range"
                                ),
                                "&&",
                            ),
                        ],
                        name="bss_hours_one_band_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TariffRate",
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
                ("from_unit", models.PositiveBigIntegerField(default=0, verbose_name="from unit")),
                (
                    "connect_fee",
                    kernel.money.AmountField(
                        decimal_places=6, default=0, max_digits=24, verbose_name="connect fee"
                    ),
                ),
                (
                    "price",
                    kernel.money.AmountField(
                        decimal_places=6, default=0, max_digits=24, verbose_name="price"
                    ),
                ),
                ("per", models.PositiveBigIntegerField(default=60, verbose_name="per units")),
                ("first_step", models.PositiveBigIntegerField(default=1, verbose_name="first step")),
                ("next_step", models.PositiveBigIntegerField(default=1, verbose_name="further steps")),
                (
                    "minimum",
                    kernel.money.AmountField(
                        decimal_places=6, default=0, max_digits=24, verbose_name="at least"
                    ),
                ),
                (
                    "maximum",
                    kernel.money.AmountField(
                        decimal_places=6, default=0, max_digits=24, verbose_name="at most"
                    ),
                ),
                (
                    "tariff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rates",
                        to="bss_catalog.tariff",
                    ),
                ),
                (
                    "band",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rates",
                        to="bss_catalog.timeband",
                        verbose_name="band",
                    ),
                ),
                (
                    "zone",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rates",
                        to="bss_catalog.zone",
                        verbose_name="zone",
                    ),
                ),
            ],
            options={
                "verbose_name": "rate",
                "verbose_name_plural": "rates",
                "ordering": ["zone__code", "band__code", "from_unit"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tariff", "zone", "band", "from_unit"),
                        name="bss_rate_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_step__gte", 1), ("next_step__gte", 1), ("per__gte", 1)),
                        name="bss_rate_steps",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("connect_fee__gte", 0),
                            ("maximum__gte", 0),
                            ("minimum__gte", 0),
                            ("price__gte", 0),
                        ),
                        name="bss_rate_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("from_unit", 0), ("connect_fee", 0), _connector="OR"),
                        name="bss_rate_connects_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Allowance",
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
                ("code", models.SlugField(max_length=60, verbose_name="code")),
                (
                    "service",
                    models.CharField(
                        choices=[("voice", "Calls"), ("data", "Data"), ("message", "Messages")],
                        default="voice",
                        max_length=8,
                        verbose_name="service",
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("min", "minutes"),
                            ("s", "seconds"),
                            ("MB", "megabytes"),
                            ("GB", "gigabytes"),
                            ("event", "events"),
                        ],
                        max_length=5,
                        verbose_name="unit",
                    ),
                ),
                ("quantity", models.PositiveIntegerField(verbose_name="quantity")),
                (
                    "period_months",
                    models.PositiveSmallIntegerField(default=1, verbose_name="period in months"),
                ),
                ("shared", models.BooleanField(default=False, verbose_name="shared on the account")),
                ("priority", models.PositiveSmallIntegerField(default=100, verbose_name="priority")),
                (
                    "rollover_periods",
                    models.PositiveSmallIntegerField(default=0, verbose_name="periods it lives on"),
                ),
                (
                    "offering",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="allowances",
                        to="bss_catalog.productoffering",
                    ),
                ),
                (
                    "zones",
                    models.ManyToManyField(
                        blank=True, related_name="allowances", to="bss_catalog.zone", verbose_name="zones"
                    ),
                ),
            ],
            options={
                "verbose_name": "allowance",
                "verbose_name_plural": "allowances",
                "ordering": ["priority", "code"],
                "constraints": [
                    models.UniqueConstraint(fields=("offering", "code"), name="bss_allowance_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("service", "voice"), ("unit__in", ["min", "s"])),
                            models.Q(("service", "data"), ("unit__in", ["MB", "GB"])),
                            models.Q(("service__in", ["message", "voice", "data"]), ("unit", "event")),
                            _connector="OR",
                        ),
                        name="bss_allowance_unit_fits_service",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("period_months__gte", 1), ("quantity__gte", 1)),
                        name="bss_allowance_positive",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="zone",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="zones", to="bss_catalog.zoneplan"
            ),
        ),
        migrations.AddField(
            model_name="tariff",
            name="zone_plan",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tariffs",
                to="bss_catalog.zoneplan",
                verbose_name="zones",
            ),
        ),
        migrations.CreateModel(
            name="ZonePrefix",
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
                ("prefix", models.CharField(max_length=15, verbose_name="prefix")),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prefixes",
                        to="bss_catalog.zoneplan",
                    ),
                ),
                (
                    "zone",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prefixes",
                        to="bss_catalog.zone",
                    ),
                ),
            ],
            options={
                "verbose_name": "prefix",
                "verbose_name_plural": "prefixes",
                "ordering": ["prefix"],
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "prefix"), name="bss_prefix_once_a_plan"),
                    models.CheckConstraint(
                        condition=models.Q(("prefix__regex", "^[0-9]+$")), name="bss_prefix_digits"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="productoffering",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_bundle", True),
                    ("specification__isnull", False),
                    ("status__in", ["in_study", "rejected"]),
                    _connector="OR",
                ),
                name="bss_offering_what_it_is",
            ),
        ),
        migrations.AddConstraint(
            model_name="offeringprice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "one_off"),
                        ("period_months", 0),
                        ("tariff", None),
                        ("timing", ""),
                        models.Q(("occasion", ""), _negated=True),
                    ),
                    models.Q(
                        ("kind", "recurring"),
                        ("occasion", ""),
                        ("period_months__gte", 1),
                        ("tariff", None),
                        models.Q(("timing", ""), _negated=True),
                    ),
                    models.Q(
                        ("amount", 0),
                        ("kind", "usage"),
                        ("occasion", ""),
                        ("tariff__isnull", False),
                        ("timing", ""),
                    ),
                    _connector="OR",
                ),
                name="bss_price_fits_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="offeringprice",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("offering", "="),
                    ("code", "="),
                    ("currency", "="),
                    (models.Func(models.F("valid_from"), models.F("valid_to"), function="daterange"), "&&"),
                ],
                name="bss_price_one_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="zone",
            constraint=models.UniqueConstraint(fields=("plan", "code"), name="bss_zone_once"),
        ),
    ]
