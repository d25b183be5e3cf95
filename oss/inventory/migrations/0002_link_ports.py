"""A port is an end of at most one link that stands, whichever end: no unique index can say this over two columns."""

from django.db import migrations

GUARD = """
-- Without sequential scans: the plan is kept, and one made while the table was empty would read all of it per row.
CREATE FUNCTION oss_inventory_link_ports() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF NEW.status = 'retired' THEN
        RETURN NEW;
    END IF;
    -- Rivals for the same port wait here, in one order; afterwards each sees what the other committed.
    PERFORM 1 FROM oss_inventory_port WHERE id IN (NEW.port_a_id, NEW.port_b_id) ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT 1 FROM oss_inventory_link
        WHERE id <> NEW.id AND status <> 'retired'
        AND (port_a_id IN (NEW.port_a_id, NEW.port_b_id) OR port_b_id IN (NEW.port_a_id, NEW.port_b_id))
    ) THEN
        RAISE EXCEPTION 'a port of this link already is an end of another link'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'oss_inventory_link_port_once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER oss_inventory_link_port_once BEFORE INSERT OR UPDATE OF port_a_id, port_b_id, status
    ON oss_inventory_link FOR EACH ROW EXECUTE FUNCTION oss_inventory_link_ports();
"""


class Migration(migrations.Migration):
    dependencies = [("oss_inventory", "0001_initial")]

    operations = [
        migrations.RunSQL(
            GUARD,
            "DROP TRIGGER oss_inventory_link_port_once ON oss_inventory_link; DROP FUNCTION oss_inventory_link_ports()",
        )
    ]
