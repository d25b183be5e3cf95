"""A posted invoice may be sent again; refunds of old count as paid back."""

from django.db import migrations

GUARD = """
CREATE OR REPLACE FUNCTION billing_invoice_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.number IS NOT NULL THEN
            RAISE EXCEPTION 'invoice % is issued', OLD.number USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.number IS NOT NULL AND
       (to_jsonb(NEW) - '{KEPT}'::text[]) IS DISTINCT FROM (to_jsonb(OLD) - '{KEPT}'::text[]) THEN
        RAISE EXCEPTION 'invoice % is issued', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
FORWARD = GUARD.replace("{KEPT}", "{status,paid,disputed,sent,version,updated}")
BACK = GUARD.replace("{KEPT}", "{status,paid,disputed,version,updated}")
# When an invoice was sent is not on record from before; its last change is the nearest there is.
SENT = """
UPDATE bss_billing_invoice SET sent = updated
WHERE number IS NOT NULL AND status IN ('sent', 'partially_paid', 'settled') AND kind = 'invoice';
"""
UNSENT = "UPDATE bss_billing_invoice SET sent = NULL WHERE sent IS NOT NULL;"
REFUNDED = "UPDATE bss_billing_payment SET refunded = amount WHERE status = 'refunded';"


class Migration(migrations.Migration):
    dependencies = [("bss_billing", "0004_corrections")]
    operations = [
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
        migrations.RunSQL(SENT, UNSENT),
        migrations.RunSQL(migrations.RunSQL.noop, BACK),
        migrations.RunSQL(REFUNDED, migrations.RunSQL.noop),
    ]
