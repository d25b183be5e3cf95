"""The checker of the books: invariants that must hold whatever has crashed. Each finding is one sentence."""

from __future__ import annotations

from django.db import connection

CHECKS: dict[str, str] = {
    "invoice is not the sum of its lines": """
        SELECT coalesce(i.number, i.id::text) FROM bss_billing_invoice i
        LEFT JOIN (SELECT invoice_id, sum(net) AS net FROM bss_billing_invoiceline GROUP BY 1) l ON l.invoice_id = i.id
        WHERE i.status <> 'void' AND i.net <> coalesce(l.net, 0)""",
    "invoice's VAT is not the sum of its categories": """
        SELECT coalesce(i.number, i.id::text) FROM bss_billing_invoice i
        LEFT JOIN (SELECT invoice_id, sum(tax) AS tax FROM bss_billing_invoicetax GROUP BY 1) t ON t.invoice_id = i.id
        WHERE i.status <> 'void' AND i.tax <> coalesce(t.tax, 0)""",
    "posted invoice without ledger entry, or with another amount": """
        SELECT i.number FROM bss_billing_invoice i
        LEFT JOIN bss_billing_ledgerentry e ON e.invoice_id = i.id AND e.kind = 'invoice'
        LEFT JOIN bss_billing_ledgerposting p ON p.entry_id = e.id AND p.ledger = 'receivable'
        WHERE i.number IS NOT NULL AND i.gross <> coalesce(p.amount, 0)""",
    "ledger entry does not balance": """
        SELECT entry_id::text FROM bss_billing_ledgerposting GROUP BY entry_id, currency HAVING sum(amount) <> 0""",
    "payment's allocations do not add up": """
        SELECT p.number FROM bss_billing_payment p
        LEFT JOIN (SELECT payment_id, sum(amount) AS amount FROM bss_billing_allocation GROUP BY 1) a ON a.payment_id = p.id
        WHERE p.allocated <> coalesce(a.amount, 0)""",
    "invoice's payments do not add up": """
        SELECT i.number FROM bss_billing_invoice i
        LEFT JOIN (SELECT invoice_id, sum(amount) AS amount FROM bss_billing_allocation GROUP BY 1) a ON a.invoice_id = i.id
        LEFT JOIN (SELECT credit_note_id, sum(amount) AS amount FROM bss_billing_allocation GROUP BY 1) c
               ON c.credit_note_id = i.id
        WHERE i.number IS NOT NULL AND i.paid <> coalesce(a.amount, 0) - coalesce(c.amount, 0)""",
    "account's receivables are not what its documents and payments leave open": """
        SELECT a.number FROM bss_customers_billingaccount a
        LEFT JOIN (SELECT e.account_id, sum(p.amount) AS owed FROM bss_billing_ledgerentry e
                   JOIN bss_billing_ledgerposting p ON p.entry_id = e.id AND p.ledger = 'receivable' GROUP BY 1) l
               ON l.account_id = a.id
        LEFT JOIN (SELECT account_id, sum(gross - paid) AS open FROM bss_billing_invoice
                   WHERE number IS NOT NULL GROUP BY 1) i ON i.account_id = a.id
        LEFT JOIN (SELECT account_id, sum(amount - allocated - refunded) AS unused FROM bss_billing_payment GROUP BY 1) p
               ON p.account_id = a.id
        WHERE coalesce(l.owed, 0) <> coalesce(i.open, 0) - coalesce(p.unused, 0)""",
    "series has a gap or a repeat": """
        SELECT left(number, length(number) - position('-' in reverse(number))) AS series FROM bss_billing_invoice
        WHERE number IS NOT NULL GROUP BY 1
        HAVING max(substring(number from '[0-9]+$')::bigint) <> count(*) OR min(substring(number from '[0-9]+$')::bigint) <> 1""",
    "series counter is not its highest number": """
        SELECT s.name FROM kernel_numberseries s WHERE s.name ~ '^(INV|CRN)-[0-9]{4}$' AND s.value <> (
            SELECT count(*) FROM bss_billing_invoice i WHERE i.number LIKE s.name || '-%')""",
    "usage is billed by a line that does not exist": """
        SELECT t.id::text FROM bss_usage_usagetotal t LEFT JOIN bss_billing_invoiceline l ON l.id = t.line
        WHERE t.line IS NOT NULL AND l.id IS NULL""",
    "usage line differs from its usage": """
        SELECT l.id::text FROM bss_billing_invoiceline l JOIN bss_usage_usagetotal t ON t.line = l.id
        GROUP BY l.id, l.net HAVING abs(sum(t.micros) / 1000000.0 - l.net) > 0.005""",
    "charge was billed twice for the same days": """
        SELECT a.subscription_id::text FROM bss_billing_invoiceline a
        JOIN bss_billing_invoice ia ON ia.id = a.invoice_id AND ia.number IS NOT NULL AND ia.kind = 'invoice'
        JOIN bss_billing_invoiceline b ON b.subscription_id = a.subscription_id AND b.id > a.id
        JOIN bss_billing_invoice ib ON ib.id = b.invoice_id AND ib.number IS NOT NULL AND ib.kind = 'invoice'
        WHERE a.kind = 'recurring' AND b.kind = 'recurring' AND a.quantity > 0 AND b.quantity > 0
          AND daterange(a.period_start, a.period_end) && daterange(b.period_start, b.period_end)
          AND NOT EXISTS (SELECT 1 FROM bss_billing_invoiceline c JOIN bss_billing_invoice ic ON ic.id = c.invoice_id
                          WHERE c.subscription_id = a.subscription_id AND c.quantity < 0 AND ic.number IS NOT NULL)
          AND NOT EXISTS (SELECT 1 FROM bss_billing_invoice n WHERE n.corrects_id IN (ia.id, ib.id))""",
}
SHOWN = 10


def audit_books() -> list[str]:
    """Findings of every check, at most ten names each; an empty list means the books are right."""
    findings = []
    with connection.cursor() as cursor:
        for what, query in CHECKS.items():
            cursor.execute(query)
            rows = [str(row[0]) for row in cursor.fetchall()]
            if rows:
                more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
                findings.append(f"{what}: {', '.join(rows[:SHOWN])}{more}")
    return findings
