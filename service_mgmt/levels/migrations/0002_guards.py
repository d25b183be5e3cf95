"""What credits rest on cannot be changed: the clock log and the closed months are append-only."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER levels_clock_append_only BEFORE UPDATE OR DELETE ON service_mgmt_levels_slaclockevent
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();
CREATE TRIGGER levels_result_append_only BEFORE UPDATE OR DELETE ON service_mgmt_levels_slaresult
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();
"""
BACKWARD = """
DROP TRIGGER levels_clock_append_only ON service_mgmt_levels_slaclockevent;
DROP TRIGGER levels_result_append_only ON service_mgmt_levels_slaresult;
"""


class Migration(migrations.Migration):
    dependencies = [("service_mgmt_levels", "0001_initial"), ("kernel", "0002_functions")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
