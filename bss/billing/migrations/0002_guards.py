"""What the database itself guards: issued documents never change, ledger entries balance and never change."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION billing_invoice_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.number IS NOT NULL THEN
            RAISE EXCEPTION 'invoice % is issued', OLD.number USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.number IS NOT NULL AND
       (to_jsonb(NEW) - '{status,paid,disputed,version,updated}'::text[])
       IS DISTINCT FROM (to_jsonb(OLD) - '{status,paid,disputed,version,updated}'::text[]) THEN
        RAISE EXCEPTION 'invoice % is issued', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_invoice_immutable BEFORE UPDATE OR DELETE ON bss_billing_invoice
    FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION billing_invoice_immutable();

CREATE FUNCTION billing_lines_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    issued text;
BEGIN
    SELECT i.number INTO issued FROM touched t JOIN bss_billing_invoice i ON i.id = t.invoice_id
        WHERE i.number IS NOT NULL LIMIT 1;
    IF issued IS NOT NULL THEN
        RAISE EXCEPTION 'invoice % is issued', issued USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_line_added AFTER INSERT ON bss_billing_invoiceline
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION billing_lines_immutable();
CREATE TRIGGER billing_line_changed AFTER UPDATE ON bss_billing_invoiceline
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION billing_lines_immutable();
CREATE TRIGGER billing_line_removed AFTER DELETE ON bss_billing_invoiceline
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION billing_lines_immutable();
CREATE TRIGGER billing_tax_added AFTER INSERT ON bss_billing_invoicetax
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION billing_lines_immutable();
CREATE TRIGGER billing_tax_changed AFTER UPDATE ON bss_billing_invoicetax
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION billing_lines_immutable();
CREATE TRIGGER billing_tax_removed AFTER DELETE ON bss_billing_invoicetax
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION billing_lines_immutable();

-- All sides of an entry come in one statement, which is when they must balance.
CREATE FUNCTION billing_ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT p.entry_id INTO wrong FROM bss_billing_ledgerposting p
        WHERE p.entry_id IN (SELECT entry_id FROM added)
        GROUP BY p.entry_id, p.currency HAVING sum(p.amount) <> 0 LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'ledger entry % does not balance', wrong USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_ledger_balances AFTER INSERT ON bss_billing_ledgerposting
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION billing_ledger_balances();
CREATE TRIGGER billing_posting_append_only BEFORE UPDATE OR DELETE ON bss_billing_ledgerposting
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();
CREATE TRIGGER billing_entry_append_only BEFORE UPDATE OR DELETE ON bss_billing_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();
"""
BACK = """
DROP TRIGGER billing_entry_append_only ON bss_billing_ledgerentry;
DROP TRIGGER billing_posting_append_only ON bss_billing_ledgerposting;
DROP TRIGGER billing_ledger_balances ON bss_billing_ledgerposting;
DROP FUNCTION billing_ledger_balances();
DROP TRIGGER billing_tax_removed ON bss_billing_invoicetax;
DROP TRIGGER billing_tax_changed ON bss_billing_invoicetax;
DROP TRIGGER billing_tax_added ON bss_billing_invoicetax;
DROP TRIGGER billing_line_removed ON bss_billing_invoiceline;
DROP TRIGGER billing_line_changed ON bss_billing_invoiceline;
DROP TRIGGER billing_line_added ON bss_billing_invoiceline;
DROP FUNCTION billing_lines_immutable();
DROP TRIGGER billing_invoice_immutable ON bss_billing_invoice;
DROP FUNCTION billing_invoice_immutable();
"""


class Migration(migrations.Migration):
    dependencies = [("bss_billing", "0001_initial"), ("kernel", "0002_functions")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
