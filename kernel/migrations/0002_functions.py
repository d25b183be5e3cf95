"""What the database itself guards: public numbers and the append-only journal."""

from django.db import migrations

from kernel.numbering import PUBLIC_NUMBER_SQL

APPEND_ONLY = """
CREATE FUNCTION kernel_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER kernel_journal_append_only BEFORE UPDATE OR DELETE ON kernel_journalentry
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]

    operations = [
        migrations.RunSQL(PUBLIC_NUMBER_SQL, "DROP FUNCTION kernel_public_number(text)"),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER kernel_journal_append_only ON kernel_journalentry; DROP FUNCTION kernel_append_only()",
        ),
    ]
