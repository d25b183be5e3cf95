"""From a checked draft to numbered, posted invoices: approval by a second person, numbers last, ledger in sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from bss.billing.events import AdjustmentApplied, InvoicePosted, InvoiceSent
from bss.billing.models import Adjustment, BillRun, Invoice, InvoiceLine
from bss.billing.services import credit, ledger, variance
from kernel import bulk, clock, events, jobs, journal, lifecycle, locks, numbering, permissions
from kernel.models import User

HUGE_FACTOR = 10
VARIANCE = Decimal("0.3")


def check_run(*, run: BillRun) -> BillRun:
    """Look at the drafts before anybody approves them: zero, negative and huge invoices, failures, variance.

    Findings are kept on the run as {check, level, count, sample}; none of them blocks by itself, a person decides.
    """
    findings = [*_amount_checks(run), *_failure_check(run), *_variance_check(run)]
    return lifecycle.move(run, BillRun.Status.CHECKED, checks=findings)


def _finding(check: str, level: str, invoices: Sequence[Invoice], count: int, **more: Any) -> dict[str, Any]:
    sample = [{"account": i.account.number, "gross": str(i.gross), "id": str(i.pk)} for i in invoices]
    return {"check": check, "level": level, "count": count, "sample": sample, **more}


def _amount_checks(run: BillRun) -> list[dict[str, Any]]:
    drafts = run.invoices.select_related("account")
    count = run.invoices_count or 1
    mean = abs(run.gross) / count
    found = []
    for name, level, rows in (
        ("zero", "warning", drafts.filter(gross=0)),
        ("negative", "warning", drafts.filter(gross__lt=0)),
        ("huge", "warning", drafts.filter(gross__gt=max(mean * HUGE_FACTOR, Decimal(1000)))),
    ):
        if number := rows.count():
            found.append(_finding(name, level, list(rows.order_by("-gross")[:10]), number))
    return found


def _failure_check(run: BillRun) -> list[dict[str, Any]]:
    failed = run.failed_accounts.select_related("account")
    if not failed:
        return []
    sample = [{"account": row.account.number, "reason": row.reason} for row in failed[:10]]
    return [{"check": "failed", "level": "error", "count": len(failed), "sample": sample}]


def _variance_check(run: BillRun) -> list[dict[str, Any]]:
    """Net by kind of line against the last posted run of the same cycle day; more than 30 % off is worth a look."""
    compared = variance.variance(run)
    if compared.against is None:
        return []
    rows = [
        {"kind": str(row.what), "currency": row.currency, "before": str(row.before), "now": str(row.now)}
        for row in compared.kinds
        if abs(row.change) > abs(row.before) * VARIANCE
    ]
    if not rows:
        return []
    against = compared.against.number
    return [{"check": "variance", "level": "info", "count": len(rows), "sample": rows, "against": against}]


def approve_run(*, run: BillRun, by: User, reason: str = "") -> BillRun:
    """Approve a checked run; never the person who drafted it."""
    permissions.forbid_own_work(run.drafted_by_id, by.pk)
    return lifecycle.move(run, BillRun.Status.APPROVED, reason=reason, approved_by=by)


def post_run(*, run: BillRun, at: datetime | None = None) -> BillRun:
    """Number and post every draft of an approved run, in one transaction with its ledger entries. Numbers come last.

    Credit the customers have pays at once.
    A crash leaves either everything or nothing posted, and the series without a gap. Raises Busy when another run is
    being posted.
    """
    moment = at or clock.now()
    with transaction.atomic():
        locks.advisory(locks.key_of("billing.post"), wait_ms=60_000)
        run = BillRun.objects.locked().get(pk=run.pk)
        lifecycle.move(run, BillRun.Status.POSTED, posted=moment)
        rows = list(
            run.invoices.filter(status="draft").values_list(
                "pk", "account_id", "net", "tax", "gross", "currency"
            )
        )
        day = moment.date()
        number(rows, "INV", day)
        _cover(run)
        _apply_adjustments(run, moment)
        ledger.post_invoices(rows, at=moment, day=day)
        _tell(rows, moment)
        credit.use_up(run)
    return run


def number(rows: Sequence[Any], prefix: str, day: date) -> None:
    """Give the next numbers of the year's series to the drafts, in order of account, in one statement."""
    if not rows:
        return
    series = f"{prefix}-{day.year}"
    first = numbering.gapless(series, len(rows)).start
    ordered = sorted(rows, key=lambda row: (row[1], row[0]))
    bulk.temporary("numbered", "id uuid, number text")
    bulk.copy_rows(
        "numbered", ("id", "number"), [(row[0], f"{series}-{first + i:06}") for i, row in enumerate(ordered)]
    )
    bulk.execute(
        "UPDATE bss_billing_invoice i SET number = numbered.number, status = 'validated', issued = %s, "
        "due = %s::date + a.payment_days, version = i.version + 1, updated = now() "
        "FROM numbered, bss_customers_billingaccount a WHERE i.id = numbered.id AND a.id = i.account_id",
        [day, day],
    )


def _cover(run: BillRun) -> None:
    """Move the billed span of every charge on the run's invoices to what its lines say it covers now."""
    bulk.execute(
        """
        UPDATE bss_billing_subscription s SET billed_from = l.first, billed_to = l.last, version = version + 1, updated = now()
        FROM (SELECT subscription_id, min((derivation->>'billed_from')::date) AS first,
                     max((derivation->>'billed_to')::date) AS last
              FROM bss_billing_invoiceline JOIN bss_billing_invoice i ON i.id = invoice_id
              WHERE i.run_id = %s AND subscription_id IS NOT NULL GROUP BY subscription_id) l
        WHERE s.id = l.subscription_id
        """,
        [run.pk],
    )


def _apply_adjustments(run: BillRun, at: datetime) -> None:
    lines = InvoiceLine.objects.filter(invoice__run=run, adjustment__isnull=False)
    where = dict(lines.values_list("adjustment_id", "invoice_id"))
    moved = lifecycle.move_many(Adjustment.objects.filter(pk__in=where), Adjustment.Status.APPLIED)
    events.publish(*[AdjustmentApplied(row.pk, where[row.pk], at) for row in moved])


def _tell(rows: Sequence[Any], at: datetime) -> None:
    """Journal and event of every invoice posted, in sets."""
    posted = [
        (Invoice(pk=row[0], account_id=row[1]), {"status": "draft"}, {"status": "validated"}) for row in rows
    ]
    numbers = dict(Invoice.objects.filter(pk__in=[row[0] for row in rows]).values_list("pk", "number"))
    for invoice, _before, after in posted:
        invoice.number = after["number"] = numbers[invoice.pk] or ""
    journal.record_many("invoice.posted", posted)
    events.publish(*[InvoicePosted(row[0], row[1], at) for row in rows])


def deliver_run(*, run: BillRun, at: datetime | None = None) -> BillRun:
    """Send the invoices of a posted run; those on hold wait until they are released and sent by themselves.

    An invoice that was paid before it was sent is sent all the same: the customer needs the document.
    """
    moment = at or clock.now()
    with transaction.atomic():
        validated = run.invoices.filter(status=Invoice.Status.VALIDATED)
        sent = lifecycle.move_many(validated, Invoice.Status.SENT, sent=moment)
        paid = run.invoices.filter(
            status__in=[Invoice.Status.PARTIALLY_PAID, Invoice.Status.SETTLED], sent=None
        )
        for invoice in paid.locked():
            lifecycle.change(invoice, sent=moment, verb="sent")
            sent.append(invoice)
        events.publish(*[InvoiceSent(invoice.pk, invoice.account_id, moment) for invoice in sent])
        return lifecycle.move(run, BillRun.Status.DELIVERED)


@jobs.job("bss_billing.check_run", queue="billing")
def _check_job(run: jobs.Run) -> dict[str, Any]:
    bill_run = BillRun.objects.get(pk=run.params["run"])
    if bill_run.status == BillRun.Status.DRAFTED:
        bill_run = check_run(run=bill_run)
    return {"run": bill_run.number, "findings": len(bill_run.checks)}


@jobs.job("bss_billing.post_run", queue="billing")
def _post_job(run: jobs.Run) -> dict[str, Any]:
    bill_run = BillRun.objects.get(pk=run.params["run"])
    if bill_run.status == BillRun.Status.APPROVED:
        bill_run = post_run(run=bill_run)
    if bill_run.status == BillRun.Status.POSTED and run.params.get("deliver", True):
        bill_run = deliver_run(run=bill_run)
    return {"run": bill_run.number, "invoices": bill_run.invoices_count}


@jobs.job("bss_billing.deliver_run", queue="billing")
def _deliver_job(run: jobs.Run) -> dict[str, Any]:
    bill_run = BillRun.objects.get(pk=run.params["run"])
    if bill_run.status == BillRun.Status.POSTED:
        bill_run = deliver_run(run=bill_run)
    return {"run": bill_run.number, "invoices": bill_run.invoices_count}
