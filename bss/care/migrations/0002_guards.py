"""The history of a ticket is what its clocks are worked out from: the database refuses to change it."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER bss_care_statuschange_append_only BEFORE UPDATE OR DELETE ON bss_care_ticketstatuschange
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();
"""
BACKWARD = "DROP TRIGGER bss_care_statuschange_append_only ON bss_care_ticketstatuschange"


class Migration(migrations.Migration):
    dependencies = [("bss_care", "0001_initial"), ("kernel", "0002_functions")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
