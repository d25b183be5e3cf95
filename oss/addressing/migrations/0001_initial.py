import django.contrib.postgres.constraints
import django.contrib.postgres.indexes
import django.contrib.postgres.operations
import django.db.models.deletion
from django.db import migrations, models

import kernel.ids
import oss.addressing.models.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("oss_inventory", "0002_link_ports"),
    ]

    operations = [
        django.contrib.postgres.operations.BtreeGistExtension(),
        migrations.CreateModel(
            name="VRF",
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
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                (
                    "route_distinguisher",
                    models.CharField(blank=True, max_length=21, verbose_name="route distinguisher"),
                ),
            ],
            options={
                "verbose_name": "VRF",
                "verbose_name_plural": "VRFs",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="NumberRange",
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
                ("first", models.CharField(max_length=16, verbose_name="first number")),
                ("last", models.CharField(max_length=16, verbose_name="last number")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("geographic", "Geographic"),
                            ("non_geographic", "Non-geographic"),
                            ("mobile", "Mobile"),
                            ("freephone", "Freephone"),
                        ],
                        default="geographic",
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                (
                    "quarantine_days",
                    models.PositiveSmallIntegerField(
                        default=90,
                        help_text="How long a number that was given up is not handed out",
                        verbose_name="quarantine, days",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="number_ranges",
                        to="oss_inventory.location",
                        verbose_name="serves",
                    ),
                ),
            ],
            options={
                "verbose_name": "number range",
                "verbose_name_plural": "number ranges",
                "ordering": ["first"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first__regex", "^\\+[1-9][0-9]{6,14}$"),
                            ("last__regex", "^\\+[1-9][0-9]{6,14}$"),
                        ),
                        name="oss_addressing_range_e164",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["geographic", "non_geographic", "mobile", "freephone"])
                        ),
                        name="oss_addressing_range_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Prefix",
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
                ("cidr", oss.addressing.models.fields.CidrField(verbose_name="network")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("container", "Container"),
                            ("customer", "Customers"),
                            ("infrastructure", "Infrastructure"),
                            ("link", "Link"),
                        ],
                        default="customer",
                        max_length=16,
                        verbose_name="role",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=80, verbose_name="name")),
                (
                    "gateway",
                    models.GenericIPAddressField(
                        blank=True,
                        help_text="Address of the network in it, never handed out",
                        null=True,
                        verbose_name="gateway",
                    ),
                ),
                ("filled", models.PositiveBigIntegerField(default=0, editable=False)),
                (
                    "location",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prefixes",
                        to="oss_inventory.location",
                        verbose_name="serves",
                    ),
                ),
                (
                    "vrf",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prefixes",
                        to="oss_addressing.vrf",
                        verbose_name="VRF",
                    ),
                ),
            ],
            options={
                "verbose_name": "prefix",
                "verbose_name_plural": "prefixes",
                "ordering": ["vrf__name", "cidr"],
                "constraints": [
                    models.UniqueConstraint(fields=("vrf", "cidr"), name="oss_addressing_prefix_once"),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["container", "customer", "infrastructure", "link"])),
                        name="oss_addressing_prefix_role",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("role", "container"), _negated=True),
                        expressions=[
                            ("vrf", "="),
                            (
                                django.contrib.postgres.indexes.OpClass(models.F("cidr"), name="inet_ops"),
                                "&&",
                            ),
                        ],
                        name="oss_addressing_prefix_leaves_apart",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Address",
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
                ("holder", models.UUIDField(blank=True, null=True, verbose_name="holder")),
                (
                    "reserved_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="reserved until"),
                ),
                ("address", models.GenericIPAddressField(verbose_name="address")),
                (
                    "status",
                    models.CharField(
                        choices=[("free", "Free"), ("reserved", "Reserved"), ("assigned", "Assigned")],
                        default="free",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                (
                    "prefix",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="addresses",
                        to="oss_addressing.prefix",
                    ),
                ),
            ],
            options={
                "verbose_name": "address",
                "verbose_name_plural": "addresses",
                "ordering": ["address"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "free")),
                        fields=["prefix", "address"],
                        name="oss_addr_address_free",
                    ),
                    models.Index(
                        condition=models.Q(("holder__isnull", False)),
                        fields=["holder"],
                        name="oss_addr_address_holder",
                    ),
                    models.Index(
                        condition=models.Q(("status", "reserved")),
                        fields=["reserved_until"],
                        name="oss_addr_address_expiry",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("prefix", "address"), name="oss_addressing_address_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("holder", None), ("reserved_until", None), ("status", "free")),
                            models.Q(
                                ("holder__isnull", False),
                                ("reserved_until__isnull", False),
                                ("status", "reserved"),
                            ),
                            models.Q(
                                ("holder__isnull", False), ("reserved_until", None), ("status", "assigned")
                            ),
                            _connector="OR",
                        ),
                        name="oss_addressing_address_status",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TelephoneNumber",
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
                ("holder", models.UUIDField(blank=True, null=True, verbose_name="holder")),
                (
                    "reserved_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="reserved until"),
                ),
                ("e164", models.CharField(max_length=16, unique=True, verbose_name="number")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("free", "Free"),
                            ("reserved", "Reserved"),
                            ("assigned", "Assigned"),
                            ("quarantined", "In quarantine"),
                        ],
                        default="free",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                (
                    "quarantine_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="in quarantine until"),
                ),
                (
                    "range",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="numbers",
                        to="oss_addressing.numberrange",
                    ),
                ),
            ],
            options={
                "verbose_name": "telephone number",
                "verbose_name_plural": "telephone numbers",
                "ordering": ["e164"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "free")),
                        fields=["range", "e164"],
                        name="oss_addr_number_free",
                    ),
                    models.Index(
                        condition=models.Q(("holder__isnull", False)),
                        fields=["holder"],
                        name="oss_addr_number_holder",
                    ),
                    models.Index(
                        condition=models.Q(("status", "reserved")),
                        fields=["reserved_until"],
                        name="oss_addr_number_expiry",
                    ),
                    models.Index(
                        condition=models.Q(("status", "quarantined")),
                        fields=["quarantine_until"],
                        name="oss_addr_number_rest",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("e164__regex", "^\\+[1-9][0-9]{6,14}$")),
                        name="oss_addressing_number_e164",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("holder", None),
                                ("quarantine_until", None),
                                ("reserved_until", None),
                                ("status", "free"),
                            ),
                            models.Q(
                                ("holder__isnull", False),
                                ("quarantine_until", None),
                                ("reserved_until__isnull", False),
                                ("status", "reserved"),
                            ),
                            models.Q(
                                ("holder__isnull", False),
                                ("quarantine_until", None),
                                ("reserved_until", None),
                                ("status", "assigned"),
                            ),
                            models.Q(
                                ("holder", None),
                                ("quarantine_until__isnull", False),
                                ("reserved_until", None),
                                ("status", "quarantined"),
                            ),
                            _connector="OR",
                        ),
                        name="oss_addressing_number_status",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VlanGroup",
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
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                ("first_vid", models.PositiveSmallIntegerField(default=100, verbose_name="first VLAN")),
                ("last_vid", models.PositiveSmallIntegerField(default=4000, verbose_name="last VLAN")),
                (
                    "element",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vlan_group",
                        to="oss_inventory.networkelement",
                        verbose_name="network element",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vlan_groups",
                        to="oss_inventory.location",
                        verbose_name="serves",
                    ),
                ),
            ],
            options={
                "verbose_name": "VLAN group",
                "verbose_name_plural": "VLAN groups",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first_vid__gte", 1),
                            ("first_vid__lte", models.F("last_vid")),
                            ("last_vid__lte", 4094),
                        ),
                        name="oss_addressing_vlan_group_span",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Vlan",
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
                ("holder", models.UUIDField(blank=True, null=True, verbose_name="holder")),
                (
                    "reserved_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="reserved until"),
                ),
                ("vid", models.PositiveSmallIntegerField(verbose_name="VLAN")),
                (
                    "status",
                    models.CharField(
                        choices=[("free", "Free"), ("reserved", "Reserved"), ("assigned", "Assigned")],
                        default="free",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vlans",
                        to="oss_addressing.vlangroup",
                    ),
                ),
            ],
            options={
                "verbose_name": "VLAN",
                "verbose_name_plural": "VLANs",
                "ordering": ["group__name", "vid"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "free")),
                        fields=["group", "vid"],
                        name="oss_addr_vlan_free",
                    ),
                    models.Index(
                        condition=models.Q(("holder__isnull", False)),
                        fields=["holder"],
                        name="oss_addr_vlan_holder",
                    ),
                    models.Index(
                        condition=models.Q(("status", "reserved")),
                        fields=["reserved_until"],
                        name="oss_addr_vlan_expiry",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("group", "vid"), name="oss_addressing_vlan_once"),
                    models.CheckConstraint(
                        condition=models.Q(("vid__range", (1, 4094))), name="oss_addressing_vlan_vid"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("holder", None), ("reserved_until", None), ("status", "free")),
                            models.Q(
                                ("holder__isnull", False),
                                ("reserved_until__isnull", False),
                                ("status", "reserved"),
                            ),
                            models.Q(
                                ("holder__isnull", False), ("reserved_until", None), ("status", "assigned")
                            ),
                            _connector="OR",
                        ),
                        name="oss_addressing_vlan_status",
                    ),
                ],
            },
        ),
    ]
