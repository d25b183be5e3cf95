import django.db.models.deletion
from django.db import migrations, models

import kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("bss_billing", "0002_guards"),
        ("bss_customers", "0001_initial"),
        ("bss_orders", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Discount",
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
                ("name_en", models.CharField(max_length=120, verbose_name="text (English)")),
                ("name_fr", models.CharField(blank=True, max_length=120, verbose_name="text (French)")),
                ("percent", models.DecimalField(decimal_places=3, max_digits=6, verbose_name="percent")),
                ("start", models.DateField(verbose_name="from")),
                ("end", models.DateField(blank=True, null=True, verbose_name="until")),
            ],
            options={
                "verbose_name": "discount",
                "verbose_name_plural": "discounts",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("percent__gt", 0), ("percent__lte", 100)),
                        name="billing_discount_percent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("end", None), ("end__gt", models.F("start")), _connector="OR"),
                        name="billing_discount_period",
                    ),
                ],
            },
        ),
        migrations.AlterModelOptions(
            name="runfailure",
            options={"verbose_name": "account left out", "verbose_name_plural": "accounts left out"},
        ),
        migrations.RemoveConstraint(
            model_name="invoiceline",
            name="billing_line_kind",
        ),
        migrations.AddField(
            model_name="dunningcase",
            name="product_ids",
            field=models.JSONField(default=list, editable=False),
        ),
        migrations.AddField(
            model_name="runfailure",
            name="excluded",
            field=models.BooleanField(default=False, verbose_name="taken out"),
        ),
        migrations.AlterField(
            model_name="invoiceline",
            name="kind",
            field=models.CharField(
                choices=[
                    ("one_off", "Once"),
                    ("recurring", "Recurring"),
                    ("usage", "Usage"),
                    ("discount", "Discount"),
                    ("adjustment", "Adjustment"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["one_off", "recurring", "usage", "discount", "adjustment"])),
                name="billing_line_kind",
            ),
        ),
        migrations.AddField(
            model_name="discount",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="discounts",
                to="bss_customers.billingaccount",
            ),
        ),
        migrations.AddField(
            model_name="discount",
            name="product",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="discounts",
                to="bss_orders.product",
            ),
        ),
        migrations.AddIndex(
            model_name="discount",
            index=models.Index(fields=["account"], name="billing_discount_account"),
        ),
    ]
