"""Views for TMF666: billing days with their accounts, and what the product can render and deliver."""

from django.db import migrations

FORWARD = """
CREATE VIEW bss_billing_cycle AS
    SELECT 'monthly-' || d.day AS code, d.day::smallint AS day, 'Monthly, day ' || d.day AS name, count(a.id)::integer AS accounts
    FROM generate_series(1, 31) AS d(day)
    LEFT JOIN bss_customers_billingaccount a ON a.cycle_day = d.day AND a.status <> 'closed'
    GROUP BY d.day;
CREATE VIEW bss_billing_format AS
    SELECT * FROM (VALUES
        ('pdf', 'PDF', 'Portable document, kept as issued'),
        ('html', 'HTML', 'The same document as a page')
    ) AS f(code, name, description);
CREATE VIEW bss_billing_media AS
    SELECT * FROM (VALUES
        ('email', 'E-mail', 'The payer gets a message with a link'),
        ('portal', 'Portal', 'The bill waits on the portal'),
        ('paper', 'Paper', 'The bill is printed and posted')
    ) AS m(code, name, description);
"""
BACK = """
DROP VIEW bss_billing_media;
DROP VIEW bss_billing_format;
DROP VIEW bss_billing_cycle;
"""


class Migration(migrations.Migration):
    dependencies = [("bss_billing", "0006_reference"), ("bss_customers", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
