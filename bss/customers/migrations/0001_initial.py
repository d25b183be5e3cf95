import django.contrib.postgres.indexes
import django.contrib.postgres.operations
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import kernel.ids
import kernel.models.base
import kernel.money


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("kernel", "0002_functions"),
        ("kernel", "__first__"),
    ]

    operations = [
        django.contrib.postgres.operations.TrigramExtension(),
        migrations.CreateModel(
            name="Party",
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
                        choices=[("individual", "Person"), ("organization", "Organization")],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("initialized", "Not checked yet"),
                            ("validated", "Validated"),
                            ("deceased", "Deceased"),
                            ("closed", "Closed"),
                        ],
                        default="initialized",
                        editable=False,
                        max_length=11,
                        verbose_name="status",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=40, verbose_name="title")),
                ("given_name", models.CharField(blank=True, max_length=80, verbose_name="given name")),
                ("family_name", models.CharField(blank=True, max_length=80, verbose_name="family name")),
                ("birth_date", models.DateField(blank=True, null=True, verbose_name="date of birth")),
                ("trading_name", models.CharField(blank=True, max_length=160, verbose_name="trading name")),
                ("legal_name", models.CharField(blank=True, max_length=160, verbose_name="legal name")),
                ("vat_id", models.CharField(blank=True, max_length=20, verbose_name="VAT number")),
                (
                    "registration_no",
                    models.CharField(blank=True, max_length=40, verbose_name="registration number"),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("fr", "French")],
                        default="en",
                        max_length=5,
                        verbose_name="language of documents",
                    ),
                ),
                (
                    "name",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Coalesce(
                            django.db.models.functions.comparison.NullIf(
                                models.F("trading_name"), models.Value("")
                            ),
                            django.db.models.functions.text.Concat(
                                models.F("given_name"), models.Value(" "), models.F("family_name")
                            ),
                        ),
                        output_field=models.CharField(max_length=240, verbose_name="name"),
                    ),
                ),
            ],
            options={
                "verbose_name": "party",
                "verbose_name_plural": "parties",
                "ordering": ["name"],
                "permissions": [("view_pii", "Can see personal data unmasked")],
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("name"), "gin_trgm_ops"
                        ),
                        name="bss_party_name_trgm",
                    ),
                    models.Index(
                        condition=models.Q(("vat_id", ""), _negated=True),
                        fields=["vat_id"],
                        name="bss_party_vat",
                    ),
                    models.Index(
                        condition=models.Q(("registration_no", ""), _negated=True),
                        fields=["registration_no"],
                        name="bss_party_registration",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "individual"),
                                ("trading_name", ""),
                                models.Q(("given_name", ""), _negated=True),
                                models.Q(("family_name", ""), _negated=True),
                            ),
                            models.Q(
                                ("family_name", ""),
                                ("given_name", ""),
                                ("kind", "organization"),
                                models.Q(("trading_name", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="bss_party_named_by_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "individual"),
                                ("status__in", ["initialized", "validated", "deceased"]),
                            ),
                            models.Q(
                                ("kind", "organization"),
                                ("status__in", ["initialized", "validated", "closed"]),
                            ),
                            _connector="OR",
                        ),
                        name="bss_party_status",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Customer",
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
                        db_default=kernel.models.base.PublicNumber("CUS"),
                        editable=False,
                        max_length=24,
                        prefix="CUS",
                        unique=True,
                    ),
                ),
                (
                    "segment",
                    models.CharField(
                        choices=[
                            ("residential", "Residential"),
                            ("business", "Business"),
                            ("enterprise", "Enterprise"),
                            ("wholesale", "Wholesale"),
                        ],
                        default="residential",
                        max_length=12,
                        verbose_name="segment",
                    ),
                ),
                (
                    "credit_class",
                    models.CharField(
                        choices=[
                            ("A", "A – no limit"),
                            ("B", "B – normal"),
                            ("C", "C – deposit"),
                            ("D", "D – prepaid only"),
                        ],
                        default="B",
                        max_length=1,
                        verbose_name="credit class",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("prospect", "Prospect"),
                            ("active", "Active"),
                            ("closed", "Closed"),
                            ("merged", "Merged"),
                        ],
                        default="prospect",
                        editable=False,
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="bss_customers.customer",
                    ),
                ),
                (
                    "party",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="customer",
                        to="bss_customers.party",
                    ),
                ),
            ],
            options={
                "verbose_name": "customer",
                "verbose_name_plural": "customers",
                "ordering": ["-id"],
                "permissions": [
                    ("verify_caller", "Can verify a caller"),
                    ("merge_customer", "Can merge customers"),
                ],
                "indexes": [models.Index(fields=["status", "segment"], name="bss_customer_list")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["prospect", "active", "closed", "merged"])),
                        name="bss_customer_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("merged_into__isnull", False), ("status", "merged")),
                            models.Q(models.Q(("status", "merged"), _negated=True), ("merged_into", None)),
                            _connector="OR",
                        ),
                        name="bss_customer_merged_into",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("segment__in", ["residential", "business", "enterprise", "wholesale"])
                        ),
                        name="bss_customer_segment",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactMedium",
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
                        choices=[("email", "E-mail"), ("phone", "Telephone"), ("address", "Postal address")],
                        max_length=7,
                        verbose_name="kind",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("general", "General"),
                            ("billing", "Billing"),
                            ("technical", "Technical"),
                            ("legal", "Legal"),
                        ],
                        default="general",
                        max_length=9,
                        verbose_name="for",
                    ),
                ),
                ("person", models.CharField(blank=True, max_length=120, verbose_name="person")),
                ("value", models.CharField(max_length=300, verbose_name="value")),
                ("street", models.CharField(blank=True, max_length=160, verbose_name="street and number")),
                ("postcode", models.CharField(blank=True, max_length=12, verbose_name="postcode")),
                ("city", models.CharField(blank=True, max_length=80, verbose_name="city")),
                ("country", models.CharField(blank=True, max_length=2, verbose_name="country")),
                ("preferred", models.BooleanField(default=False, verbose_name="preferred")),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contacts",
                        to="bss_customers.party",
                    ),
                ),
            ],
            options={
                "verbose_name": "contact",
                "verbose_name_plural": "contacts",
                "ordering": ["kind", "-preferred", "id"],
                "indexes": [
                    models.Index(
                        models.F("kind"),
                        django.db.models.functions.text.Upper("value"),
                        name="bss_contact_value",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("party", "kind", "role", "value"), name="bss_contact_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("preferred", True)),
                        fields=("party", "kind"),
                        name="bss_contact_one_preferred",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "address"),
                                models.Q(("street", ""), _negated=True),
                                models.Q(("city", ""), _negated=True),
                                ("country__regex", "^[A-Z]{2}$"),
                            ),
                            models.Q(("kind", "phone"), ("value__regex", "^\\+[1-9][0-9]{5,14}$")),
                            models.Q(("kind", "email"), ("value__contains", "@")),
                            _connector="OR",
                        ),
                        name="bss_contact_fits_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("marketing_email", "Advertising by e-mail"),
                            ("marketing_phone", "Advertising by telephone"),
                            ("usage_analysis", "Analysis of usage"),
                            ("directory", "Entry in directories"),
                        ],
                        max_length=20,
                        verbose_name="purpose",
                    ),
                ),
                ("granted", models.BooleanField(verbose_name="granted")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("source", models.CharField(max_length=80, verbose_name="source")),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to="bss_customers.party",
                    ),
                ),
            ],
            options={
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["party", "purpose", "-at"], name="bss_consent_latest")],
            },
        ),
        migrations.CreateModel(
            name="BillingAccount",
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
                        db_default=kernel.models.base.PublicNumber("ACC"),
                        editable=False,
                        max_length=24,
                        prefix="ACC",
                        unique=True,
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("suspended", "Suspended"), ("closed", "Closed")],
                        default="active",
                        editable=False,
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "cycle_day",
                    models.PositiveSmallIntegerField(default=1, verbose_name="billing day of the month"),
                ),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("fr", "French")],
                        default="en",
                        max_length=5,
                        verbose_name="language of invoices",
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(default="Europe/Paris", max_length=64, verbose_name="time zone"),
                ),
                (
                    "tax_country",
                    models.CharField(default="FR", max_length=2, verbose_name="country of taxation"),
                ),
                (
                    "tax_status",
                    models.CharField(
                        choices=[
                            ("standard", "Taxed"),
                            ("reverse_charge", "Reverse charge"),
                            ("exempt", "Exempt"),
                        ],
                        default="standard",
                        max_length=14,
                        verbose_name="tax status",
                    ),
                ),
                (
                    "exemption_reason",
                    models.CharField(blank=True, max_length=120, verbose_name="reason of exemption"),
                ),
                (
                    "delivery",
                    models.CharField(
                        choices=[("email", "By e-mail"), ("portal", "On the portal"), ("paper", "On paper")],
                        default="email",
                        max_length=6,
                        verbose_name="delivery",
                    ),
                ),
                (
                    "payment_method",
                    models.CharField(
                        choices=[
                            ("transfer", "Bank transfer"),
                            ("direct_debit", "Direct debit"),
                            ("card", "Card"),
                        ],
                        default="transfer",
                        max_length=12,
                        verbose_name="payment method",
                    ),
                ),
                ("payment_days", models.PositiveSmallIntegerField(default=30, verbose_name="days to pay")),
                ("iban", models.CharField(blank=True, max_length=34, verbose_name="IBAN")),
                (
                    "mandate_reference",
                    models.CharField(blank=True, max_length=35, verbose_name="SEPA mandate"),
                ),
                ("mandate_signed", models.DateField(blank=True, null=True, verbose_name="mandate signed")),
                (
                    "dunning_policy",
                    models.CharField(default="standard", max_length=40, verbose_name="dunning policy"),
                ),
                (
                    "purchase_order",
                    models.CharField(blank=True, max_length=60, verbose_name="your reference"),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="bss_customers.billingaccount",
                        verbose_name="part of",
                    ),
                ),
                (
                    "billing_address",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bss_customers.contactmedium",
                        verbose_name="billing address",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="bss_customers.customer",
                    ),
                ),
                (
                    "payer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paid_accounts",
                        to="bss_customers.party",
                        verbose_name="payer",
                    ),
                ),
            ],
            options={
                "verbose_name": "billing account",
                "verbose_name_plural": "billing accounts",
                "ordering": ["number"],
                "indexes": [models.Index(fields=["status", "cycle_day"], name="bss_account_cycle")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cycle_day__range", (1, 31))), name="bss_account_cycle_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")), name="bss_account_currency"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "suspended", "closed"])),
                        name="bss_account_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("tax_status", "exempt"), models.Q(("exemption_reason", ""), _negated=True)
                            ),
                            ("tax_status__in", ["standard", "reverse_charge"]),
                            _connector="OR",
                        ),
                        name="bss_account_exemption_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("payment_method", "direct_debit"), _negated=True),
                            models.Q(
                                models.Q(("iban", ""), _negated=True),
                                models.Q(("mandate_reference", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="bss_account_debit_has_mandate",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("parent", models.F("id")), _negated=True),
                        name="bss_account_not_own_parent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Agreement",
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
                        db_default=kernel.models.base.PublicNumber("AGR"),
                        editable=False,
                        max_length=24,
                        prefix="AGR",
                        unique=True,
                    ),
                ),
                ("name", models.CharField(max_length=160, verbose_name="name")),
                ("kind", models.CharField(default="commercial", max_length=40, verbose_name="kind")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("in_process", "In process"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("ended", "Ended"),
                        ],
                        default="in_process",
                        editable=False,
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("start", models.DateField(verbose_name="start")),
                ("term_months", models.PositiveSmallIntegerField(default=0, verbose_name="term in months")),
                (
                    "notice_months",
                    models.PositiveSmallIntegerField(default=1, verbose_name="notice in months"),
                ),
                (
                    "early_termination_fee",
                    kernel.money.AmountField(
                        decimal_places=6, default=0, max_digits=24, verbose_name="early termination fee"
                    ),
                ),
                ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                (
                    "sla_class",
                    models.CharField(blank=True, max_length=40, verbose_name="service level class"),
                ),
                ("signed_by", models.CharField(blank=True, max_length=120, verbose_name="signed by")),
                (
                    "ended_on",
                    models.DateField(blank=True, editable=False, null=True, verbose_name="ended on"),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreements",
                        to="bss_customers.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "agreement",
                "verbose_name_plural": "agreements",
                "ordering": ["-start"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["in_process", "approved", "rejected", "ended"])),
                        name="bss_agreement_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("early_termination_fee__gte", 0)),
                        name="bss_agreement_fee_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_on", None), ("ended_on__gte", models.F("start")), _connector="OR"
                        ),
                        name="bss_agreement_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomerSite",
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
                ("street", models.CharField(max_length=160, verbose_name="street and number")),
                ("postcode", models.CharField(max_length=12, verbose_name="postcode")),
                ("city", models.CharField(max_length=80, verbose_name="city")),
                ("country", models.CharField(default="FR", max_length=2, verbose_name="country")),
                (
                    "location_code",
                    models.CharField(blank=True, max_length=64, verbose_name="serving location"),
                ),
                (
                    "latitude",
                    models.DecimalField(
                        blank=True, decimal_places=6, max_digits=9, null=True, verbose_name="latitude"
                    ),
                ),
                (
                    "longitude",
                    models.DecimalField(
                        blank=True, decimal_places=6, max_digits=9, null=True, verbose_name="longitude"
                    ),
                ),
                ("access_notes", models.TextField(blank=True, verbose_name="access notes")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sites",
                        to="bss_customers.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "site",
                "verbose_name_plural": "sites",
                "ordering": ["name"],
                "indexes": [
                    models.Index(fields=["location_code"], name="bss_site_location"),
                    models.Index(fields=["postcode"], name="bss_site_postcode"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "name"), name="bss_site_name_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("latitude", None), ("longitude", None)),
                            models.Q(("latitude__range", (-90, 90)), ("longitude__range", (-180, 180))),
                            _connector="OR",
                        ),
                        name="bss_site_coordinates",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("country__regex", "^[A-Z]{2}$")), name="bss_site_country"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Interaction",
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
                    "channel",
                    models.CharField(
                        choices=[
                            ("phone", "Telephone"),
                            ("email", "E-mail"),
                            ("chat", "Chat"),
                            ("portal", "Portal"),
                            ("shop", "Shop"),
                            ("letter", "Letter"),
                        ],
                        max_length=6,
                        verbose_name="channel",
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[("inbound", "From the customer"), ("outbound", "To the customer")],
                        default="inbound",
                        max_length=8,
                        verbose_name="direction",
                    ),
                ),
                ("reason", models.CharField(max_length=160, verbose_name="reason")),
                ("note", models.TextField(blank=True, verbose_name="note")),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("in_progress", "In progress"),
                            ("completed", "Completed"),
                        ],
                        default="completed",
                        editable=False,
                        max_length=11,
                        verbose_name="status",
                    ),
                ),
                ("verified", models.BooleanField(default=False, verbose_name="caller verified")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interactions",
                        to="bss_customers.customer",
                    ),
                ),
                (
                    "handled_by",
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
                "verbose_name": "interaction",
                "verbose_name_plural": "interactions",
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["customer", "-at"], name="bss_interaction_customer")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["open", "in_progress", "completed"])),
                        name="bss_interaction_status",
                    )
                ],
            },
        ),
    ]
