import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import kernel.ids
import kernel.models.base


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("kernel", "0002_functions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Manufacturer",
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
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
            ],
            options={
                "verbose_name": "manufacturer",
                "verbose_name_plural": "manufacturers",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Location",
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
                        choices=[
                            ("region", "Region"),
                            ("site", "Site"),
                            ("building", "Building"),
                            ("room", "Room"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("code", models.CharField(max_length=60, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "latitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Degrees, WGS 84",
                        max_digits=9,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-90),
                            django.core.validators.MaxValueValidator(90),
                        ],
                        verbose_name="latitude",
                    ),
                ),
                (
                    "longitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Degrees, WGS 84",
                        max_digits=9,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-180),
                            django.core.validators.MaxValueValidator(180),
                        ],
                        verbose_name="longitude",
                    ),
                ),
                ("street", models.CharField(blank=True, max_length=200, verbose_name="street")),
                ("postcode", models.CharField(blank=True, max_length=12, verbose_name="postcode")),
                ("city", models.CharField(blank=True, max_length=80, verbose_name="town")),
                (
                    "country",
                    models.CharField(
                        blank=True, help_text="ISO 3166-1, two letters", max_length=2, verbose_name="country"
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="oss_inventory.location",
                        verbose_name="part of",
                    ),
                ),
            ],
            options={
                "verbose_name": "location",
                "verbose_name_plural": "locations",
                "ordering": ["code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["region", "site", "building", "room"])),
                        name="oss_inventory_location_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("parent", models.F("id")), _negated=True),
                        name="oss_inventory_location_not_itself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("latitude", None), ("longitude", None)),
                            models.Q(("latitude__range", (-90, 90)), ("longitude__range", (-180, 180))),
                            _connector="OR",
                        ),
                        name="oss_inventory_location_coordinates",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("code", ""), _negated=True), name="oss_inventory_location_code"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeviceType",
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
                ("model", models.CharField(max_length=80, verbose_name="model")),
                (
                    "manufacturer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="device_types",
                        to="oss_inventory.manufacturer",
                    ),
                ),
            ],
            options={
                "verbose_name": "device type",
                "verbose_name_plural": "device types",
                "ordering": ["manufacturer__name", "model"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("manufacturer", "model"), name="oss_inventory_device_type_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NetworkElement",
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
                        db_default=kernel.models.base.PublicNumber("NE"),
                        editable=False,
                        max_length=24,
                        prefix="NE",
                        unique=True,
                    ),
                ),
                ("name", models.CharField(max_length=64, unique=True, verbose_name="name")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("core", "Core"),
                            ("aggregation", "Aggregation"),
                            ("access", "Access"),
                            ("bng", "Broadband gateway"),
                            ("voice_gateway", "Voice gateway"),
                            ("cpe", "Customer equipment"),
                        ],
                        max_length=20,
                        verbose_name="role",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("staged", "Staged"),
                            ("in_service", "In service"),
                            ("maintenance", "In maintenance"),
                            ("retired", "Retired"),
                        ],
                        default="planned",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                (
                    "software_version",
                    models.CharField(blank=True, max_length=40, verbose_name="software version"),
                ),
                ("serial", models.CharField(blank=True, max_length=60, verbose_name="serial number")),
                (
                    "criticality",
                    models.PositiveSmallIntegerField(
                        default=3,
                        help_text="1 = matters least, 5 = the network stands on it",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(5),
                        ],
                        verbose_name="criticality",
                    ),
                ),
                (
                    "management_address",
                    models.GenericIPAddressField(blank=True, null=True, verbose_name="management address"),
                ),
                (
                    "device_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="elements",
                        to="oss_inventory.devicetype",
                        verbose_name="device type",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="elements",
                        to="oss_inventory.location",
                        verbose_name="location",
                    ),
                ),
            ],
            options={
                "verbose_name": "network element",
                "verbose_name_plural": "network elements",
                "ordering": ["name"],
                "indexes": [
                    models.Index(fields=["status", "role", "name"], name="oss_inv_element_status"),
                    models.Index(
                        condition=models.Q(("serial", ""), _negated=True),
                        fields=["serial"],
                        name="oss_inv_element_serial",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["planned", "staged", "in_service", "maintenance", "retired"])
                        ),
                        name="oss_inventory_element_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("role__in", ["core", "aggregation", "access", "bng", "voice_gateway", "cpe"])
                        ),
                        name="oss_inventory_element_role",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("criticality__range", (1, 5))),
                        name="oss_inventory_element_criticality",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "retired"), _negated=True),
                        fields=("management_address",),
                        name="oss_inventory_element_address_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Port",
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
                ("name", models.CharField(max_length=64, verbose_name="name")),
                (
                    "if_index",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="interface index"),
                ),
                ("speed_mbps", models.PositiveIntegerField(verbose_name="speed, Mbit/s")),
                (
                    "media",
                    models.CharField(
                        choices=[
                            ("copper", "Copper"),
                            ("fibre", "Fibre"),
                            ("pon", "Passive optical network"),
                            ("radio", "Radio"),
                            ("other", "Other"),
                        ],
                        default="fibre",
                        max_length=10,
                        verbose_name="media",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("network", "Network"), ("customer", "Customer")],
                        default="network",
                        max_length=10,
                        verbose_name="serves",
                    ),
                ),
                (
                    "usage",
                    models.CharField(
                        choices=[
                            ("free", "Free"),
                            ("reserved", "Reserved"),
                            ("in_use", "In use"),
                            ("faulty", "Faulty"),
                        ],
                        default="free",
                        max_length=10,
                        verbose_name="occupancy",
                    ),
                ),
                (
                    "holder",
                    models.UUIDField(
                        blank=True,
                        help_text="Service or link it is kept for",
                        null=True,
                        verbose_name="holder",
                    ),
                ),
                (
                    "reserved_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="reserved until"),
                ),
                ("admin_enabled", models.BooleanField(default=True, verbose_name="switched on")),
                (
                    "oper_state",
                    models.CharField(
                        choices=[("up", "Up"), ("down", "Down"), ("unknown", "Unknown")],
                        default="unknown",
                        max_length=8,
                        verbose_name="operation",
                    ),
                ),
                ("oper_changed", models.DateTimeField(blank=True, null=True, verbose_name="since")),
                (
                    "element",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ports",
                        to="oss_inventory.networkelement",
                    ),
                ),
            ],
            options={
                "verbose_name": "port",
                "verbose_name_plural": "ports",
                "ordering": ["element__name", "if_index", "name"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("kind", "customer"), ("usage", "free")),
                        fields=["element", "speed_mbps", "if_index"],
                        name="oss_inv_port_free",
                    ),
                    models.Index(
                        condition=models.Q(("holder__isnull", False)),
                        fields=["holder"],
                        name="oss_inv_port_holder",
                    ),
                    models.Index(
                        condition=models.Q(("usage", "reserved")),
                        fields=["reserved_until"],
                        name="oss_inv_port_expiry",
                    ),
                    models.Index(
                        condition=models.Q(("oper_state", "down")),
                        fields=["element"],
                        name="oss_inv_port_down",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("element", "name"), name="oss_inventory_port_once"),
                    models.UniqueConstraint(
                        fields=("element", "if_index"), name="oss_inventory_port_index_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("holder", None), ("reserved_until", None), ("usage", "free")),
                            models.Q(
                                ("holder__isnull", False),
                                ("reserved_until__isnull", False),
                                ("usage", "reserved"),
                            ),
                            models.Q(
                                ("holder__isnull", False), ("reserved_until", None), ("usage", "in_use")
                            ),
                            models.Q(("reserved_until", None), ("usage", "faulty")),
                            _connector="OR",
                        ),
                        name="oss_inventory_port_usage",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("oper_state__in", ["up", "down", "unknown"])),
                        name="oss_inventory_port_oper_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["network", "customer"])),
                        name="oss_inventory_port_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("speed_mbps__gt", 0)), name="oss_inventory_port_speed"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Link",
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
                        db_default=kernel.models.base.PublicNumber("LNK"),
                        editable=False,
                        max_length=24,
                        prefix="LNK",
                        unique=True,
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="name")),
                (
                    "medium",
                    models.CharField(
                        choices=[
                            ("fibre", "Fibre"),
                            ("copper", "Copper"),
                            ("radio", "Radio"),
                            ("leased", "Leased line"),
                        ],
                        default="fibre",
                        max_length=10,
                        verbose_name="medium",
                    ),
                ),
                ("length_m", models.PositiveIntegerField(blank=True, null=True, verbose_name="length, m")),
                ("capacity_mbps", models.PositiveIntegerField(verbose_name="capacity, Mbit/s")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("in_service", "In service"),
                            ("retired", "Retired"),
                        ],
                        default="planned",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                (
                    "port_a",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links_a",
                        to="oss_inventory.port",
                        verbose_name="end A",
                    ),
                ),
                (
                    "port_b",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links_b",
                        to="oss_inventory.port",
                        verbose_name="end B",
                    ),
                ),
            ],
            options={
                "verbose_name": "link",
                "verbose_name_plural": "links",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["planned", "in_service", "retired"])),
                        name="oss_inventory_link_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("port_a", models.F("port_b")), _negated=True),
                        name="oss_inventory_link_two_ports",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("capacity_mbps__gt", 0)), name="oss_inventory_link_capacity"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PortTemplate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "pattern",
                    models.CharField(
                        help_text="For example ge-0/1/[1-48]", max_length=80, verbose_name="name pattern"
                    ),
                ),
                ("speed_mbps", models.PositiveIntegerField(verbose_name="speed, Mbit/s")),
                (
                    "media",
                    models.CharField(
                        choices=[
                            ("copper", "Copper"),
                            ("fibre", "Fibre"),
                            ("pon", "Passive optical network"),
                            ("radio", "Radio"),
                            ("other", "Other"),
                        ],
                        default="fibre",
                        max_length=10,
                        verbose_name="media",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("network", "Network"), ("customer", "Customer")],
                        default="network",
                        max_length=10,
                        verbose_name="serves",
                    ),
                ),
                (
                    "device_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="port_templates",
                        to="oss_inventory.devicetype",
                    ),
                ),
            ],
            options={
                "verbose_name": "port template",
                "verbose_name_plural": "port templates",
                "ordering": ["position", "pattern"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("device_type", "pattern"), name="oss_inventory_template_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("speed_mbps__gt", 0)), name="oss_inventory_template_speed"
                    ),
                ],
            },
        ),
    ]
