"""The checker of the books: what must hold of money whatever has crashed (`kernel.audit`)."""

from __future__ import annotations

from datetime import timedelta

from kernel import audit
from kernel.audit import PATIENCE, Check, Finding

# Accounts that a posted run had to bill: its only one, or those of its cycle day (on the last day of a short month, also
# those of the days it lacks) that are not closed; but not those it failed at or found with a draft of another run. As
# `services.drafting` selects them.
_OWED = """
        FROM bss_billing_billrun r JOIN bss_customers_billingaccount a ON a.status <> 'closed' AND a.created < r.created
        AND (r.account_id = a.id OR r.account_id IS NULL AND (
            a.cycle_day = r.cycle_day OR extract(day FROM r.bill_date + 1) = 1
            AND r.cycle_day >= extract(day FROM r.bill_date) AND a.cycle_day >= extract(day FROM r.bill_date)))
        {join}
        WHERE r.status IN ('posted', 'delivered')
          AND NOT EXISTS (SELECT 1 FROM bss_billing_runfailure f WHERE f.run_id = r.id AND f.account_id = a.id)
          AND NOT EXISTS (SELECT 1 FROM bss_billing_invoice d
                          WHERE d.account_id = a.id AND d.status = 'draft' AND d.kind = 'invoice')"""

CHECKS = (
    Check(
        "invoice is not the sum of its lines",
        """
        SELECT coalesce(i.number, i.id::text), i.net || ', lines ' || coalesce(l.net, 0) FROM bss_billing_invoice i
        LEFT JOIN (SELECT invoice_id, sum(net) AS net FROM bss_billing_invoiceline GROUP BY 1) l ON l.invoice_id = i.id
        WHERE i.status <> 'void' AND i.net <> coalesce(l.net, 0)""",
    ),
    Check(
        "invoice's VAT is not the sum of its categories",
        """
        SELECT coalesce(i.number, i.id::text) FROM bss_billing_invoice i
        LEFT JOIN (SELECT invoice_id, sum(tax) AS tax FROM bss_billing_invoicetax GROUP BY 1) t ON t.invoice_id = i.id
        WHERE i.status <> 'void' AND i.tax <> coalesce(t.tax, 0)""",
    ),
    Check(
        "posted invoice without ledger entry, or with another amount",
        """
        SELECT i.number FROM bss_billing_invoice i
        LEFT JOIN bss_billing_ledgerentry e ON e.invoice_id = i.id AND e.kind = 'invoice'
        LEFT JOIN bss_billing_ledgerposting p ON p.entry_id = e.id AND p.ledger = 'receivable'
        WHERE i.number IS NOT NULL AND i.gross <> coalesce(p.amount, 0)""",
    ),
    Check(
        "payment without ledger entry, or with another amount",
        """
        SELECT p.number FROM bss_billing_payment p
        LEFT JOIN bss_billing_ledgerentry e ON e.payment_id = p.id AND e.kind = 'payment'
        LEFT JOIN bss_billing_ledgerposting l ON l.entry_id = e.id AND l.ledger = 'bank'
        GROUP BY p.id HAVING p.amount <> coalesce(sum(l.amount), 0)""",
    ),
    Check(
        "ledger entry does not balance",
        """
        SELECT entry_id::text FROM bss_billing_ledgerposting GROUP BY entry_id, currency HAVING sum(amount) <> 0""",
    ),
    Check(
        "ledger does not balance to zero",
        """
        SELECT currency, sum(amount) FROM bss_billing_ledgerposting GROUP BY currency HAVING sum(amount) <> 0""",
    ),
    Check(
        "payment's allocations do not add up",
        """
        SELECT p.number FROM bss_billing_payment p
        LEFT JOIN (SELECT payment_id, sum(amount) AS amount FROM bss_billing_allocation GROUP BY 1) a ON a.payment_id = p.id
        WHERE p.allocated <> coalesce(a.amount, 0)""",
    ),
    Check(
        "invoice's payments do not add up",
        """
        SELECT i.number FROM bss_billing_invoice i
        LEFT JOIN (SELECT invoice_id, sum(amount) AS amount FROM bss_billing_allocation GROUP BY 1) a ON a.invoice_id = i.id
        LEFT JOIN (SELECT credit_note_id, sum(amount) AS amount FROM bss_billing_allocation GROUP BY 1) c
               ON c.credit_note_id = i.id
        WHERE i.number IS NOT NULL AND i.paid <> coalesce(a.amount, 0) - coalesce(c.amount, 0)""",
    ),
    Check(
        "account's receivables are not what its documents and payments leave open",
        """
        SELECT a.number FROM bss_customers_billingaccount a
        LEFT JOIN (SELECT e.account_id, sum(p.amount) AS owed FROM bss_billing_ledgerentry e
                   JOIN bss_billing_ledgerposting p ON p.entry_id = e.id AND p.ledger = 'receivable' GROUP BY 1) l
               ON l.account_id = a.id
        LEFT JOIN (SELECT account_id, sum(gross - paid) AS open FROM bss_billing_invoice
                   WHERE number IS NOT NULL GROUP BY 1) i ON i.account_id = a.id
        LEFT JOIN (SELECT account_id, sum(amount - allocated - refunded) AS unused FROM bss_billing_payment GROUP BY 1) p
               ON p.account_id = a.id
        WHERE coalesce(l.owed, 0) <> coalesce(i.open, 0) - coalesce(p.unused, 0)""",
    ),
    Check(
        "series has a gap or a repeat",
        """
        SELECT left(number, length(number) - position('-' in reverse(number))) AS series FROM bss_billing_invoice
        WHERE number IS NOT NULL GROUP BY 1
        HAVING max(substring(number from '[0-9]+$')::bigint) <> count(*) OR min(substring(number from '[0-9]+$')::bigint) <> 1
            OR count(DISTINCT number) <> count(*)""",
    ),
    Check(
        "series counter is not its highest number",
        """
        SELECT s.name FROM kernel_numberseries s WHERE s.name ~ '^(INV|CRN)-[0-9]{4}$' AND s.value <> (
            SELECT count(*) FROM bss_billing_invoice i WHERE i.number LIKE s.name || '-%%')""",
    ),
    Check(
        "usage is billed by a line that does not exist",
        """
        SELECT t.id::text FROM bss_usage_usagetotal t LEFT JOIN bss_billing_invoiceline l ON l.id = t.line
        WHERE t.line IS NOT NULL AND l.id IS NULL""",
    ),
    Check(
        "usage line differs from its usage",
        """
        SELECT coalesce(i.number, i.id::text) || ' ' || l.position, l.net || ', usage ' || coalesce(t.micros, 0) / 1000000.0
        FROM bss_billing_invoiceline l JOIN bss_billing_invoice i ON i.id = l.invoice_id AND i.kind = 'invoice'
        LEFT JOIN (SELECT line, sum(micros) AS micros FROM bss_usage_usagetotal WHERE line IS NOT NULL GROUP BY line) t
               ON t.line = l.id
        WHERE l.kind = 'usage' AND (t.line IS NULL OR abs(t.micros / 1000000.0 - l.net) > 0.005)""",
    ),
    Check(
        "usage was not billed by the run that had to",
        "SELECT DISTINCT a.number, r.number || ', ' || t.zone || ' from ' || t.cycle_start"
        + _OWED.format(
            join="""JOIN bss_usage_usagetotal t ON t.account_id = a.id AND t.billable AND t.line IS NULL
             AND t.cycle_end <= r.bill_date
        JOIN bss_usage_usagebatch b ON b.id = t.batch_id AND b.stored < r.created"""
        ),
    ),
    Check(
        "charge was not billed by the run that had to",
        "SELECT DISTINCT a.number, r.number || ', charge ' || s.id"
        + _OWED.format(
            join="""JOIN bss_billing_subscription s ON s.account_id = a.id AND s.created < r.created
             AND s.start < r.bill_date AND s.billed_to IS NULL AND (s."end" IS NULL OR s."end" > s.start)
        JOIN bss_catalog_offeringprice p ON p.id = s.price_id AND (s.kind = 'one_off' OR p.period_months = 1)"""
        ),
    ),
    Check(
        "charge was billed twice for the same days",
        """
        SELECT ia.number || ' and ' || ib.number, 'charge ' || a.subscription_id FROM bss_billing_invoiceline a
        JOIN bss_billing_invoice ia ON ia.id = a.invoice_id AND ia.number IS NOT NULL AND ia.kind = 'invoice'
        JOIN bss_billing_invoiceline b ON b.subscription_id = a.subscription_id AND b.id > a.id
        JOIN bss_billing_invoice ib ON ib.id = b.invoice_id AND ib.number IS NOT NULL AND ib.kind = 'invoice'
        WHERE a.kind = 'recurring' AND b.kind = 'recurring' AND a.quantity > 0 AND b.quantity > 0
          AND daterange(a.period_start, a.period_end) && daterange(b.period_start, b.period_end)
          AND NOT EXISTS (SELECT 1 FROM bss_billing_invoiceline c JOIN bss_billing_invoice ic ON ic.id = c.invoice_id
                          WHERE c.subscription_id = a.subscription_id AND c.quantity < 0 AND ic.number IS NOT NULL)
          AND NOT EXISTS (SELECT 1 FROM bss_billing_invoice n WHERE n.corrects_id IN (ia.id, ib.id))""",
    ),
    Check(
        "charge due once was billed twice",
        """
        SELECT min(i.number), 'charge ' || l.subscription_id FROM bss_billing_invoiceline l
        JOIN bss_billing_invoice i ON i.id = l.invoice_id AND i.number IS NOT NULL AND i.kind = 'invoice'
        WHERE l.kind = 'one_off' AND NOT EXISTS (SELECT 1 FROM bss_billing_invoice n WHERE n.corrects_id = i.id)
        GROUP BY l.subscription_id HAVING count(*) > 1""",
    ),
    Check(
        "charge is marked as billed and stands on no invoice",
        """
        SELECT p.number, 'charge ' || s.id FROM bss_billing_subscription s JOIN bss_orders_product p ON p.id = s.product_id
        WHERE s.billed_to IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM bss_billing_invoiceline l JOIN bss_billing_invoice i ON i.id = l.invoice_id
            WHERE l.subscription_id = s.id AND i.number IS NOT NULL)""",
    ),
    Check(
        "active product is not charged for",
        """
        SELECT p.number, 'price ' || o.code FROM bss_orders_product p
        JOIN bss_orders_productprice pp ON pp.product_id = p.id
        JOIN bss_catalog_offeringprice o ON o.id = pp.price_id AND o.kind = 'recurring'
        WHERE p.status = 'active' AND p.updated < %(waiting)s AND NOT EXISTS (
            SELECT 1 FROM bss_billing_subscription s
            WHERE s.product_id = p.id AND s.price_id = o.id AND s."end" IS NULL)""",
    ),
    Check(
        "product out of service is charged for",
        """
        SELECT p.number, p.status FROM bss_orders_product p JOIN bss_billing_subscription s ON s.product_id = p.id
        WHERE s.kind = 'recurring' AND s."end" IS NULL AND p.updated < %(waiting)s
          AND p.status IN ('suspended', 'terminated', 'cancelled', 'aborted')""",
    ),
    Check(
        "applied adjustment does not stand on exactly one invoice",
        """
        SELECT a.number FROM bss_billing_adjustment a LEFT JOIN bss_billing_invoiceline l ON l.adjustment_id = a.id
        LEFT JOIN bss_billing_invoice i ON i.id = l.invoice_id
        WHERE a.status = 'applied' GROUP BY a.id HAVING count(i.number) <> 1""",
    ),
    Check(
        "bill run is not the sum of its invoices, or left drafts behind",
        """
        SELECT r.number, r.gross || ', invoices ' || coalesce(sum(i.gross), 0) FROM bss_billing_billrun r
        LEFT JOIN bss_billing_invoice i ON i.run_id = r.id WHERE r.status IN ('posted', 'delivered') GROUP BY r.id
        HAVING r.gross <> coalesce(sum(i.gross), 0) OR r.invoices_count <> count(i.id) OR bool_or(i.number IS NULL)""",
    ),
)


def audit_books(older_than: timedelta = PATIENCE) -> list[Finding]:
    """What is wrong with money; an empty list means the books are right."""
    return audit.run("billing", CHECKS, older_than)
