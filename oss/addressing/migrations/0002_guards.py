"""What no model constraint says: number ranges never overlap, a gateway lies in its prefix."""

from django.db import migrations

GUARDS = """
ALTER TABLE oss_addressing_numberrange
    ADD CONSTRAINT oss_addressing_range_order CHECK (length(first) = length(last) AND first <= last),
    ADD CONSTRAINT oss_addressing_ranges_apart EXCLUDE USING gist
        (int8range(substr(first, 2)::bigint, substr(last, 2)::bigint, '[]') WITH &&);
ALTER TABLE oss_addressing_prefix
    ADD CONSTRAINT oss_addressing_prefix_gateway CHECK (gateway IS NULL OR gateway << cidr);
"""
UNDO = """
ALTER TABLE oss_addressing_numberrange
    DROP CONSTRAINT oss_addressing_ranges_apart, DROP CONSTRAINT oss_addressing_range_order;
ALTER TABLE oss_addressing_prefix DROP CONSTRAINT oss_addressing_prefix_gateway;
"""


class Migration(migrations.Migration):
    dependencies = [("oss_addressing", "0001_initial")]

    operations = [migrations.RunSQL(GUARDS, UNDO)]
