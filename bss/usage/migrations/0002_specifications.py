"""The kinds of usage that are rated."""

from django.db import migrations

CALL = [
    {"name": "caller", "valueType": "string"},
    {"name": "called", "valueType": "string"},
    {"name": "duration", "valueType": "integer", "unit": "s"},
    {"name": "zone", "valueType": "string"},
    {"name": "timeBand", "valueType": "string"},
    {"name": "key", "valueType": "string"},
]
DATA = [
    {"name": "user", "valueType": "string"},
    {"name": "duration", "valueType": "integer", "unit": "s"},
    {"name": "volume", "valueType": "integer", "unit": "byte"},
    {"name": "key", "valueType": "string"},
]


def add(apps, schema_editor):
    specification = apps.get_model("bss_usage", "UsageSpecification")
    for code, name, text, characteristics in (
        ("voice", "Voice call", "A call with its destination and duration", CALL),
        ("data", "Data session", "Volume of a broadband session between two reports", DATA),
    ):
        specification.objects.get_or_create(
            code=code, defaults={"name": name, "description": text, "characteristics": characteristics}
        )


class Migration(migrations.Migration):
    dependencies = [("bss_usage", "0001_initial")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
