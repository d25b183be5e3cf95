"""Double entry: every document and payment posts an entry whose sides sum to zero. Nothing is ever changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from bss.billing.models import Invoice, LedgerAccount, LedgerEntry, LedgerPosting, Payment
from bss.customers.models import BillingAccount
from kernel import bulk
from kernel.ids import uuid7_block
from kernel.money import AmountField

POSTING_COLUMNS = ("entry_id", "ledger", "amount", "currency")
ENTRY_COLUMNS = ("id", "at", "day", "kind", "account_id", "invoice_id", "payment_id", "text")


def post_invoices(rows: Sequence[Sequence[Any]], *, at: datetime, day: date) -> None:
    """Receivable against revenue and VAT for documents given as (id, account id, net, tax, gross, currency)."""
    entries, postings = [], []
    for entry_id, (pk, account_id, net, tax, gross, currency) in zip(
        uuid7_block(len(rows)), rows, strict=True
    ):
        entries.append((entry_id, at, day, "invoice", account_id, pk, None, ""))
        postings += [
            (entry_id, ledger, amount, currency)
            for ledger, amount in (
                (LedgerAccount.RECEIVABLE.value, gross),
                (LedgerAccount.REVENUE.value, -net),
                (LedgerAccount.TAX.value, -tax),
            )
            if amount
        ]
    bulk.copy_rows("bss_billing_ledgerentry", ENTRY_COLUMNS, entries)
    bulk.copy_rows("bss_billing_ledgerposting", POSTING_COLUMNS, postings)


def post(
    *,
    kind: str,
    account: BillingAccount,
    at: datetime,
    sides: dict[str, Decimal],
    currency: str,
    payment: Payment | None = None,
    invoice: Invoice | None = None,
    text: str = "",
) -> LedgerEntry:
    """One entry with its sides (debit positive); the database refuses sides that do not sum to zero."""
    entry = LedgerEntry.objects.create(
        at=at, day=at.date(), kind=kind, account=account, payment=payment, invoice=invoice, text=text[:200]
    )
    bulk.copy_rows(
        "bss_billing_ledgerposting",
        POSTING_COLUMNS,
        [(entry.pk, str(ledger), amount, currency) for ledger, amount in sides.items() if amount],
    )
    return entry


def balance(*, account: BillingAccount) -> Decimal:
    """What the account owes (positive) or has in credit, from the ledger."""
    postings = LedgerPosting.objects.filter(entry__account=account, ledger=LedgerAccount.RECEIVABLE)
    return postings.aggregate(owed=Sum("amount"))["owed"] or Decimal(0)


def owing(accounts: QuerySet[BillingAccount]) -> Iterable[tuple[UUID, str, Decimal]]:
    """(account id, currency, what it owes or has in credit) of each account, in one query."""
    mine = Q(ledger_entries__postings__ledger=LedgerAccount.RECEIVABLE)
    owed = Coalesce(
        Sum("ledger_entries__postings__amount", filter=mine), Decimal(0), output_field=AmountField()
    )
    rows: Iterable[tuple[UUID, str, Decimal]] = (
        accounts.order_by("number").annotate(owed=owed).values_list("pk", "currency", "owed")
    )
    return rows
