import django.db.models.deletion
from django.db import migrations, models

import kernel.ids
import kernel.models.base


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("oss_inventory", "0002_link_ports"),
    ]

    operations = [
        migrations.CreateModel(
            name="Credential",
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
                ("username", models.CharField(max_length=80, verbose_name="user name")),
                ("password_sealed", models.TextField(blank=True, editable=False)),
                ("community_sealed", models.TextField(blank=True, editable=False)),
                ("radius_secret_sealed", models.TextField(blank=True, editable=False)),
            ],
            options={
                "verbose_name": "credential",
                "verbose_name_plural": "credentials",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="ElementSession",
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
                        db_default=kernel.models.base.PublicNumber("ES"),
                        editable=False,
                        max_length=24,
                        prefix="ES",
                        unique=True,
                    ),
                ),
                ("purpose", models.CharField(max_length=60, verbose_name="purpose")),
                ("holder", models.UUIDField(null=True)),
                ("actor", models.CharField(blank=True, max_length=120, verbose_name="by")),
                ("started", models.DateTimeField(verbose_name="started")),
                ("finished", models.DateTimeField(null=True, verbose_name="finished")),
                ("ok", models.BooleanField(null=True, verbose_name="succeeded")),
                ("error", models.TextField(blank=True, verbose_name="error")),
                (
                    "diff",
                    models.TextField(
                        blank=True,
                        help_text="What the session changed, or would have",
                        verbose_name="difference",
                    ),
                ),
                (
                    "element",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sessions",
                        to="oss_inventory.networkelement",
                    ),
                ),
            ],
            options={
                "verbose_name": "element session",
                "verbose_name_plural": "element sessions",
                "ordering": ["-started"],
                "indexes": [
                    models.Index(fields=["element", "-started"], name="oss_south_session_element"),
                    models.Index(fields=["holder", "-started"], name="oss_south_session_holder"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ManagementEndpoint",
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
                ("driver", models.SlugField(max_length=30, verbose_name="driver")),
                ("host", models.CharField(max_length=120, verbose_name="host")),
                ("ssh_port", models.PositiveIntegerField(default=22, verbose_name="SSH port")),
                ("snmp_port", models.PositiveIntegerField(default=161, verbose_name="SNMP port")),
                (
                    "echo_port",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="UDP (RFC 862), where the element has one",
                        null=True,
                        verbose_name="echo port",
                    ),
                ),
                (
                    "coa_port",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="dynamic authorization port"
                    ),
                ),
                ("host_key", models.TextField(blank=True, verbose_name="host key")),
                ("lease_holder", models.UUIDField(editable=False, null=True)),
                ("lease_session", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                (
                    "credential",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="endpoints",
                        to="oss_southbound.credential",
                    ),
                ),
                (
                    "element",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="endpoint",
                        to="oss_inventory.networkelement",
                    ),
                ),
            ],
            options={
                "verbose_name": "management endpoint",
                "verbose_name_plural": "management endpoints",
                "ordering": ["element__name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lease_holder", None), ("lease_session", None), ("lease_until", None)),
                            models.Q(("lease_session__isnull", False), ("lease_until__isnull", False)),
                            _connector="OR",
                        ),
                        name="oss_southbound_lease_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("snmp_port__range", (1, 65535)), ("ssh_port__range", (1, 65535))),
                        name="oss_southbound_endpoint_ports",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SessionCommand",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField()),
                ("command", models.TextField()),
                ("reply", models.TextField(blank=True)),
                ("milliseconds", models.PositiveIntegerField()),
                ("ok", models.BooleanField()),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="commands",
                        to="oss_southbound.elementsession",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("session", "position"), name="oss_southbound_command_position"
                    )
                ],
            },
        ),
    ]
