"""What must hold of usage whatever has crashed: no record lost, doubled or counted twice (`kernel.audit`)."""

from __future__ import annotations

from datetime import timedelta

from kernel import audit
from kernel.audit import PATIENCE, Check, Finding

CHECKS = (
    Check(
        "records in are not rated + suspended + duplicates + rejected",
        """
        SELECT number, records_in || ' in, ' || (rated + suspended + duplicates + rejected) || ' accounted for'
        FROM bss_usage_usagefile WHERE records_in <> rated + suspended + duplicates + rejected""",
    ),
    Check(
        "file counts other rated records than it has",
        """
        SELECT f.number, f.rated || ', records ' || coalesce(sum(r.count), 0) FROM bss_usage_usagefile f
        LEFT JOIN bss_usage_usagebatch b ON b.file_id = f.id
        LEFT JOIN (SELECT batch_id, count(*) AS count FROM bss_usage_usagerecord GROUP BY 1) r ON r.batch_id = b.id
        GROUP BY f.id HAVING f.rated <> coalesce(sum(r.count), 0)""",
    ),
    Check(
        "file counts other records in suspense than there are",
        """
        SELECT f.number, f.suspended || ', open ' || count(s.id) FROM bss_usage_usagefile f
        LEFT JOIN bss_usage_suspendedrecord s ON s.file_id = f.id AND s.state = 'open'
        GROUP BY f.id HAVING f.suspended <> count(s.id)""",
    ),
    Check(
        "file counts another amount than its records have",
        """
        SELECT f.number FROM bss_usage_usagefile f
        LEFT JOIN bss_usage_usagebatch b ON b.file_id = f.id
        LEFT JOIN (SELECT batch_id, sum(micros) AS micros FROM bss_usage_usagerecord GROUP BY 1) r ON r.batch_id = b.id
        GROUP BY f.id HAVING f.micros <> coalesce(sum(r.micros), 0)""",
    ),
    Check(
        "billable totals of a batch differ from its records",
        """
        SELECT f.number || ' ' || b.position FROM bss_usage_usagebatch b JOIN bss_usage_usagefile f ON f.id = b.file_id
        LEFT JOIN (SELECT batch_id, count(*) AS records, sum(micros) AS micros, sum(charged) AS charged,
                          sum(taken) AS taken FROM bss_usage_usagerecord GROUP BY 1) r ON r.batch_id = b.id
        LEFT JOIN (SELECT batch_id, sum(records) AS records, sum(micros) AS micros, sum(charged) AS charged,
                          sum(taken) AS taken FROM bss_usage_usagetotal GROUP BY 1) t ON t.batch_id = b.id
        WHERE (b.rated, coalesce(r.records, 0), coalesce(r.micros, 0), coalesce(r.charged, 0), coalesce(r.taken, 0))
            <> (coalesce(r.records, 0), coalesce(t.records, 0), coalesce(t.micros, 0), coalesce(t.charged, 0),
                coalesce(t.taken, 0))""",
    ),
    Check(
        "file is not worked off",
        """
        SELECT number, status || ' ' || "offset" || '/' || size FROM bss_usage_usagefile
        WHERE status IN ('received', 'processing') AND updated < %(waiting)s""",
    ),
    Check(
        "processed file has bytes that nobody read",
        """
        SELECT number, "offset" || '/' || size FROM bss_usage_usagefile WHERE status = 'processed' AND "offset" <> size""",
    ),
    Check(
        "accounting report waits to become usage",
        "SELECT id, report->>'session' FROM bss_usage_accountingpacket WHERE received < %(overdue)s",
    ),
    Check(
        "record names a product, an account or a source that does not exist",
        """
        SELECT r.id::text, r.key FROM bss_usage_usagerecord r LEFT JOIN bss_orders_product p ON p.id = r.product_id
        LEFT JOIN bss_customers_billingaccount a ON a.id = r.account_id LEFT JOIN bss_usage_usagesource s ON s.id = r.source_id
        LEFT JOIN bss_usage_usagebatch b ON b.id = r.batch_id
        WHERE p.id IS NULL OR a.id IS NULL OR s.id IS NULL OR b.id IS NULL""",
    ),
    Check(
        "record is there twice",
        """
        SELECT min(id::text), key FROM bss_usage_usagerecord GROUP BY source_id, key, started HAVING count(*) > 1""",
    ),
    Check(
        "more was taken from allowances than they gave",
        """
        SELECT a.number, coalesce(t.taken, 0) || ', allowances ' || coalesce(b.used, 0) FROM bss_customers_billingaccount a
        LEFT JOIN (SELECT account_id, sum(used) AS used FROM bss_usage_bucket GROUP BY 1) b ON b.account_id = a.id
        LEFT JOIN (SELECT account_id, sum(taken) AS taken FROM bss_usage_usagetotal GROUP BY 1) t ON t.account_id = a.id
        WHERE coalesce(b.used, 0) <> coalesce(t.taken, 0)""",
    ),
    Check(
        "allowance is overdrawn",
        "SELECT id::text, used || '/' || quantity FROM bss_usage_bucket WHERE used > quantity OR used < 0",
    ),
)


def audit_books(older_than: timedelta = PATIENCE) -> list[Finding]:
    """What is wrong with usage; an empty list means that every record is accounted for, once."""
    return audit.run("usage", CHECKS, older_than)
