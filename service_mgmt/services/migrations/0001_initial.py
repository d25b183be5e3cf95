import django.db.models.deletion
from django.db import migrations, models

import kernel.ids
import kernel.models.base


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("bss_customers", "0001_initial"),
        ("bss_orders", "0001_initial"),
        ("oss_addressing", "0002_guards"),
        ("oss_inventory", "0002_link_ports"),
        ("service_mgmt_design", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Service",
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
                        db_default=kernel.models.base.PublicNumber("SRV"),
                        editable=False,
                        max_length=24,
                        prefix="SRV",
                        unique=True,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("cfs", "Customer-facing"), ("rfs", "Resource-facing")], max_length=3
                    ),
                ),
                ("name", models.CharField(max_length=160, verbose_name="name")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("feasibilityChecked", "Feasibility checked"),
                            ("designed", "Designed"),
                            ("reserved", "Reserved"),
                            ("inactive", "Inactive"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("terminated", "Terminated"),
                        ],
                        default="feasibilityChecked",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("characteristics", models.JSONField(blank=True, default=dict)),
                ("started", models.DateTimeField(null=True, verbose_name="in service since")),
                ("ended", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bss_customers.customer",
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
                    "site",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bss_customers.customersite",
                    ),
                ),
                (
                    "specification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instances",
                        to="service_mgmt_design.servicespecification",
                    ),
                ),
            ],
            options={
                "verbose_name": "service",
                "indexes": [
                    models.Index(fields=["customer", "state"], name="services_by_customer"),
                    models.Index(fields=["product"], name="services_by_product"),
                    models.Index(fields=["-created"], name="services_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["cfs", "rfs"])), name="services_service_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "feasibilityChecked",
                                    "designed",
                                    "reserved",
                                    "inactive",
                                    "active",
                                    "suspended",
                                    "terminated",
                                ],
                            )
                        ),
                        name="services_service_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["active", "suspended"]), _negated=True),
                            ("started__isnull", False),
                            _connector="OR",
                        ),
                        name="services_active_started",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "terminated"), _negated=True),
                            ("ended__isnull", False),
                            _connector="OR",
                        ),
                        name="services_terminated_ended",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "cfs"), models.Q(("state", "terminated"), _negated=True)),
                        fields=("product",),
                        name="services_one_cfs_per_product",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ServiceLink",
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
                    "redundancy",
                    models.CharField(
                        choices=[("all", "All are needed"), ("any", "Any one is enough")],
                        default="all",
                        max_length=3,
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="supports_needed",
                        to="service_mgmt_services.service",
                    ),
                ),
                (
                    "supporting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supported_services",
                        to="service_mgmt_services.service",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("service", "supporting"), name="services_link_once"),
                    models.CheckConstraint(
                        condition=models.Q(("service", models.F("supporting")), _negated=True),
                        name="services_link_not_itself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ServiceResource",
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
                ("role", models.SlugField(max_length=40)),
                ("released", models.DateTimeField(null=True)),
                (
                    "address",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="oss_addressing.address",
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
                (
                    "number",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="oss_addressing.telephonenumber",
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
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="resources",
                        to="service_mgmt_services.service",
                    ),
                ),
                (
                    "vlan",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="oss_addressing.vlan",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("address__isnull", True),
                                ("element__isnull", False),
                                ("link__isnull", True),
                                ("number__isnull", True),
                                ("port__isnull", True),
                                ("vlan__isnull", True),
                            ),
                            models.Q(
                                ("address__isnull", True),
                                ("element__isnull", True),
                                ("link__isnull", True),
                                ("number__isnull", True),
                                ("port__isnull", False),
                                ("vlan__isnull", True),
                            ),
                            models.Q(
                                ("address__isnull", True),
                                ("element__isnull", True),
                                ("link__isnull", False),
                                ("number__isnull", True),
                                ("port__isnull", True),
                                ("vlan__isnull", True),
                            ),
                            models.Q(
                                ("address__isnull", True),
                                ("element__isnull", True),
                                ("link__isnull", True),
                                ("number__isnull", True),
                                ("port__isnull", True),
                                ("vlan__isnull", False),
                            ),
                            models.Q(
                                ("address__isnull", False),
                                ("element__isnull", True),
                                ("link__isnull", True),
                                ("number__isnull", True),
                                ("port__isnull", True),
                                ("vlan__isnull", True),
                            ),
                            models.Q(
                                ("address__isnull", True),
                                ("element__isnull", True),
                                ("link__isnull", True),
                                ("number__isnull", False),
                                ("port__isnull", True),
                                ("vlan__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="services_resource_exactly_one",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("released", None)),
                        fields=("service", "role"),
                        name="services_resource_role_once",
                    ),
                ],
            },
        ),
    ]
