"""Drafting a bill run: what each account should be billed less what it was, in sets of accounts, by COPY.

A batch of accounts is read with a handful of queries, computed in memory and written with one COPY a table. A batch
that fails is tried account by account, so that one bad account never stops the others. Drafting again after a crash,
or twice, changes nothing: an account has at most one draft (constraint), and billed spans move only at posting.
"""

from __future__ import annotations

import json
import logging
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _

from bss.billing.models import BillRun, Invoice, InvoiceLine, RunFailure
from bss.billing.services import lines as line_builder
from bss.billing.services.lines import Line
from bss.billing.services.parties import buyer_of, seller
from bss.billing.services.taxes import Rates
from bss.billing.services.totals import Taxed, document_totals
from bss.customers.models import BillingAccount
from kernel import bulk, clock, jobs, journal, lifecycle
from kernel.errors import UNAVAILABLE, DomainError, Invalid
from kernel.ids import uuid7_block
from kernel.models import User
from kernel.periods import local_date

logger = logging.getLogger(__name__)

BATCH = 2000
OPEN = (
    BillRun.Status.SELECTED,
    BillRun.Status.DRAFTED,
    BillRun.Status.CHECKED,
    BillRun.Status.APPROVED,
)
# What a draft reads of its account.
TO_BILL = ("payer", "billing_address", "customer__party")
INVOICE_COLUMNS = (
    "id", "created", "updated", "version", "kind", "run_id", "account_id", "status", "bill_date", "currency", "language",
    "net", "tax", "gross", "paid", "disputed", "seller", "buyer",
)  # fmt: skip
LINE_COLUMNS = (
    "id", "invoice_id", "position", "kind", "product_id", "subscription_id", "adjustment_id", "text", "quantity", "unit",
    "unit_price", "net", "tax_category", "tax_percent", "period_start", "period_end", "derivation",
)  # fmt: skip
TAX_COLUMNS = ("id", "invoice_id", "category", "percent", "base", "tax")


@dataclass
class _Draft:
    """One account's invoice on its way to the tables."""

    account: BillingAccount
    lines: list[Line]
    id: UUID = field(default_factory=lambda: UUID(int=0))


def select_run(
    *, cycle_day: int, bill_date: date, by: User | None = None, account: BillingAccount | None = None
) -> BillRun:
    """Open a run for the accounts of a cycle day, or for one account outside its cycle (`bill_on_demand`).

    One open run a day, date and account (constraint). Raises Invalid for a day outside 1–31 and for a second open run.
    """
    if not 1 <= cycle_day <= 31:
        raise Invalid(
            _("A day from 1 to 31"), code="billing.cycleDay", fields={"cycle_day": _("A day from 1 to 31")}
        )
    run = BillRun(cycle_day=cycle_day, bill_date=bill_date, drafted_by=by, account=account)
    run.accounts = accounts_of(run).count()
    try:
        with transaction.atomic():
            return lifecycle.create(run)
    except IntegrityError as error:
        rivals = BillRun.objects.filter(cycle_day=cycle_day, bill_date=bill_date, account=account)
        rival = rivals.filter(status__in=OPEN).first()
        if rival is None:
            raise
        raise Invalid(
            _("%(run)s of this day is still open") % {"run": rival},
            code="billing.runOpen",
            fields={"bill_date": _("Finish or discard %(run)s first") % {"run": rival}},
        ) from error


def draft_run(*, cycle_day: int, bill_date: date, by: User | None = None) -> BillRun:
    """Select and draft at once (small runs, tests, the story); large runs go through the job `bss_billing.draft_run`."""
    run = select_run(cycle_day=cycle_day, bill_date=bill_date, by=by)
    for _count in draft_batches(run=run):
        continue
    return finish_draft(run=run)


def draft_batches(*, run: BillRun, after: UUID | None = None) -> Iterator[tuple[UUID, int]]:
    """Draft batch by batch in order of account id; yields (last account id, accounts done), from where to resume."""
    while True:
        accounts = list(_batch(run, after))
        if not accounts:
            return
        _draft_accounts(run, accounts)
        after = accounts[-1].pk
        yield after, len(accounts)


def finish_draft(*, run: BillRun) -> BillRun:
    """Sum the drafts up; the run is then ready for its checks."""
    return lifecycle.move(run, BillRun.Status.DRAFTED, **_sums(run))


def discard_run(*, run: BillRun, reason: str = "") -> BillRun:
    """Throw the drafts of a run away; usage and adjustments on them are free for the next run."""
    with transaction.atomic():
        _throw_away(run.invoices.filter(status=Invoice.Status.DRAFT))
        return lifecycle.move(run, BillRun.Status.DISCARDED, reason=reason)


def _throw_away(drafts: QuerySet[Invoice]) -> None:
    """Delete drafts and free the usage on them. Only drafts ever go: issued documents are guarded by trigger."""
    ids = list(drafts.values_list("pk", flat=True))
    bulk.execute(
        "UPDATE bss_usage_usagetotal SET line = NULL FROM bss_billing_invoiceline l "
        "WHERE bss_usage_usagetotal.line = l.id AND l.invoice_id = ANY(%s)",
        [ids],
    )
    InvoiceLine.objects.filter(invoice__in=drafts.values("pk")).delete()
    drafts.delete()


def exclude_account(*, run: BillRun, account: BillingAccount, reason: str) -> RunFailure:
    """Take an account out of a run that nobody has approved yet: its draft goes, what is on it waits for the next run.

    Raises Invalid when the run bills it no more, or is approved already.
    """
    with transaction.atomic():
        run = _correctable(run)
        drafts = run.invoices.filter(account=account, status=Invoice.Status.DRAFT)
        if not drafts.exists() or run.failed_accounts.filter(account=account).exists():
            raise Invalid(
                _("%(run)s does not bill %(account)s") % {"run": run, "account": account},
                code="billing.notInRun",
                fields={"account": _("Not in this run")},
            )
        _throw_away(drafts)
        left_out = RunFailure.objects.create(run=run, account=account, reason=reason[:2000], excluded=True)
        journal.record("bill_run.excluded", run, after={"account": account.number}, reason=reason)
        _recount(run)
    return left_out


def retry_failed(*, run: BillRun) -> int:
    """Draft the accounts again that failed (not those taken out by hand); returns how many are drafted now.

    The run must be checked again afterwards. Raises Invalid once it is approved.
    """
    with transaction.atomic():
        run = _correctable(run)
        failed = run.failed_accounts.filter(excluded=False)
        ids = list(failed.values_list("account_id", flat=True))
        failed.delete()
    accounts = BillingAccount.objects.filter(pk__in=ids).order_by("pk")
    before = run.invoices.count()
    _draft_accounts(run, list(accounts.select_related(*TO_BILL)))
    _recount(run)
    return run.invoices.count() - before


def _correctable(run: BillRun) -> BillRun:
    locked = BillRun.objects.locked().get(pk=run.pk)
    if locked.status not in {BillRun.Status.DRAFTED, BillRun.Status.CHECKED}:
        raise Invalid(
            _("%(run)s is %(status)s") % {"run": locked, "status": locked.get_status_display().lower()},
            code="billing.runState",
        )
    return locked


def _sums(run: BillRun) -> dict[str, Any]:
    found = run.invoices.aggregate(count=Count("pk"), net=Sum("net"), gross=Sum("gross"))
    return {
        "invoices_count": found["count"],
        "net": found["net"] or Decimal(0),
        "gross": found["gross"] or Decimal(0),
        "failures": run.failed_accounts.count(),
    }


def _recount(run: BillRun) -> None:
    """New sums after a change of the drafts; what the checks found before no longer counts."""
    if run.status == BillRun.Status.CHECKED:
        lifecycle.move(run, BillRun.Status.DRAFTED, checks=[], **_sums(run))
    else:
        lifecycle.change(run, **_sums(run), verb="recounted")


def bill_on_demand(*, account: BillingAccount, at: datetime | None = None, by: User | None = None) -> Invoice:
    """Draft an invoice of everything an account owes by today, outside its cycle; approved and posted as any run.

    Raises DomainError when nothing is due, or a draft of the account waits already.
    """
    day = local_date(at or clock.now(), account.time_zone)
    with transaction.atomic():
        run = select_run(cycle_day=account.cycle_day, bill_date=day, by=by, account=account)
        for _count in draft_batches(run=run):
            continue
        finish_draft(run=run)
        draft = run.invoices.first()
        if draft is None:
            failed = run.failed_accounts.first()
            raise DomainError(
                failed.reason if failed is not None else _("Nothing is due on this account"),
                code="billing.nothingDue",
            )
    return draft


@jobs.job("bss_billing.draft_run", queue="billing")
def _draft_job(run: jobs.Run) -> dict[str, Any]:
    bill_run = BillRun.objects.get(pk=run.params["run"])
    if bill_run.status != BillRun.Status.SELECTED:
        return {"run": bill_run.number}
    after = UUID(run.state["after"]) if "after" in run.state else None
    for last, count in draft_batches(run=bill_run, after=after):
        run.checkpoint(after=str(last))
        run.advance(count, total=bill_run.accounts)
    finish_draft(run=bill_run)
    return {"run": bill_run.number, "invoices": bill_run.invoices_count}


@jobs.job("bss_billing.discard_run", queue="billing")
def _discard_job(run: jobs.Run) -> dict[str, Any]:
    bill_run = BillRun.objects.get(pk=run.params["run"])
    if bill_run.status != BillRun.Status.DISCARDED:
        discard_run(run=bill_run, reason=run.params.get("reason", ""))
    return {"run": bill_run.number}


@jobs.job("bss_billing.retry_failed", queue="billing")
def _retry_job(run: jobs.Run) -> dict[str, Any]:
    bill_run = BillRun.objects.get(pk=run.params["run"])
    return {"run": bill_run.number, "invoices": retry_failed(run=bill_run)}


def accounts_of(run: BillRun) -> QuerySet[BillingAccount]:
    """Accounts a run bills: those of its cycle day that are not closed, or its only one.

    On the last day of a short month, also those of the days that month lacks. Suspended accounts are still billed.
    """
    accounts = BillingAccount.objects.exclude(status=BillingAccount.Status.CLOSED)
    if run.account_id is not None:
        return accounts.filter(pk=run.account_id)
    last = monthrange(run.bill_date.year, run.bill_date.month)[1]
    if run.bill_date.day == last and run.cycle_day >= last:
        return accounts.filter(cycle_day__gte=last)
    return accounts.filter(cycle_day=run.cycle_day)


def _batch(run: BillRun, after: UUID | None) -> Any:
    todo = accounts_of(run).order_by("pk")
    if after is not None:
        todo = todo.filter(pk__gt=after)
    return todo.select_related(*TO_BILL)[:BATCH]


def _draft_accounts(run: BillRun, accounts: Sequence[BillingAccount]) -> None:
    try:
        with transaction.atomic():
            _write(run, accounts)
    except UNAVAILABLE:
        raise
    except Exception as error:
        if len(accounts) == 1:
            _note_failure(run, accounts[0], error)
            return
        # Something in this batch cannot be billed: find it by halves, and bill the rest.
        middle = len(accounts) // 2
        _draft_accounts(run, accounts[:middle])
        _draft_accounts(run, accounts[middle:])


def _note_failure(run: BillRun, account: BillingAccount, error: Exception) -> None:
    if not isinstance(error, DomainError):
        logger.error("account %s cannot be billed", account.number, exc_info=error)
    reason = str(error.message) if isinstance(error, DomainError) else f"{type(error).__name__}: {error}"
    RunFailure.objects.get_or_create(run=run, account=account, defaults={"reason": reason[:2000]})


def _write(run: BillRun, accounts: Sequence[BillingAccount]) -> None:
    """Draft a batch: skip who has a draft, compute lines, tax them, COPY, and mark usage as taken."""
    busy = set(
        Invoice.objects.filter(account__in=accounts, status="draft", kind="invoice").values_list(
            "account_id", flat=True
        )
    )
    todo = {account.pk: account for account in accounts if account.pk not in busy}
    found = line_builder.build(accounts=todo, bill_date=run.bill_date)
    drafts = [_Draft(todo[pk], lines) for pk, lines in found.items() if lines]
    for draft, pk in zip(drafts, uuid7_block(len(drafts)), strict=True):
        draft.id = pk
    _copy(run, drafts)


def _copy(run: BillRun, drafts: list[_Draft]) -> None:
    rates, now, issuer = Rates.on(run.bill_date), clock.system_now(), json.dumps(seller())
    invoices: list[Sequence[Any]] = []
    lines: list[Sequence[Any]] = []
    taxes: list[Sequence[Any]] = []
    usage: list[Sequence[Any]] = []
    ids = iter(uuid7_block(sum(2 * len(draft.lines) for draft in drafts)))
    for draft in drafts:
        account, taxed = draft.account, []
        for position, line in enumerate(draft.lines, start=1):
            category, percent = rates.of(account, line.tax_category)
            taxed.append(Taxed(line.net, category, percent))
            line_id = next(ids)
            lines.append(
                (
                    line_id,
                    draft.id,
                    position,
                    line.kind,
                    line.product_id,
                    line.subscription_id,
                    line.adjustment_id,
                    line.text[:200],
                    line.quantity,
                    line.unit,
                    line.unit_price,
                    line.net,
                    category,
                    percent,
                    line.period_start,
                    line.period_end,
                    json.dumps(line.derivation),
                )
            )
            usage.extend((total_id, line_id) for total_id in line.usage_totals)
        totals = document_totals(taxed, currency=account.currency)
        taxes.extend((next(ids), draft.id, t.category, t.percent, t.base, t.tax) for t in totals.breakdown)
        invoices.append(
            (
                draft.id,
                now,
                now,
                1,
                "invoice",
                run.pk,
                account.pk,
                "draft",
                run.bill_date,
                account.currency,
                account.language,
                totals.net,
                totals.tax,
                totals.gross,
                0,
                False,
                issuer,
                json.dumps(buyer_of(account)),
            )
        )
    bulk.copy_rows("bss_billing_invoice", INVOICE_COLUMNS, invoices)
    bulk.copy_rows("bss_billing_invoiceline", LINE_COLUMNS, lines)
    bulk.copy_rows("bss_billing_invoicetax", TAX_COLUMNS, taxes)
    _take_usage(usage)


def _take_usage(pairs: list[Sequence[Any]]) -> None:
    """Mark usage totals as billed by their line; fails when another run took one of them meanwhile."""
    if not pairs:
        return
    bulk.temporary("taken", "total bigint, line uuid")
    bulk.copy_rows("taken", ("total", "line"), pairs)
    marked = bulk.execute(
        "UPDATE bss_usage_usagetotal t SET line = taken.line FROM taken WHERE t.id = taken.total AND t.line IS NULL"
    )
    if marked != len(pairs):
        raise DomainError(_("Usage was billed by another run meanwhile"), code="billing.usageTaken")
