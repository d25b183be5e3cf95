"""From charge to paid invoice: runs, numbers, ledger, credit, payment — through the doors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from bss.billing import services
from bss.billing.models import BillRun, Invoice, InvoiceLine, LedgerPosting, RunFailure, Subscription
from bss.billing.services import drafting
from kernel import clock
from kernel.errors import IllegalMove, Invalid, NotAllowed
from kernel.models import JournalEntry, User
from tests.factories.bss_billing import invoice_of, make_billed_product, make_posted_run, make_rates
from tests.factories.bss_customers import make_account

pytestmark = pytest.mark.django_db

ACTIVE = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
BILL_DATE = date(2026, 1, 15)
AT = datetime(2026, 1, 15, 6, 0, tzinfo=UTC)


@pytest.fixture
def people(make_user: Callable[..., User]) -> tuple[User, User]:
    return make_user("billing"), make_user("finance")


def bill(people: tuple[User, User], day: date = BILL_DATE) -> BillRun:
    at = datetime(day.year, day.month, day.day, 6, 0, tzinfo=UTC)
    return make_posted_run(bill_date=day, drafter=people[0], approver=people[1], at=at)


def test_the_first_invoice_has_the_days_before_the_cycle_and_the_month_ahead(people: Any) -> None:
    make_billed_product(at=ACTIVE, amount="31")
    invoice = invoice_of(bill(people))
    lines = list(invoice.lines.order_by("period_start"))
    # 5 to 15 January is 10 of the 31 days of the period that began on 15 December.
    assert [(line.period_start, line.period_end, line.net) for line in lines] == [
        (date(2026, 1, 5), date(2026, 1, 15), Decimal(10)),
        (date(2026, 1, 15), date(2026, 2, 15), Decimal(31)),
    ]
    assert (invoice.net, invoice.tax, invoice.gross) == (Decimal(41), Decimal("8.2"), Decimal("49.2"))
    assert invoice.number == "INV-2026-000001"
    assert invoice.status == "sent"
    assert invoice.due == BILL_DATE + timedelta(days=invoice.account.payment_days)
    assert services.audit_books() == []


def test_the_next_invoice_is_one_whole_month_and_a_second_run_of_the_day_is_empty(people: Any) -> None:
    make_billed_product(at=ACTIVE, amount="31")
    bill(people)
    second = bill(people, date(2026, 2, 15))
    line = invoice_of(second).lines.get()
    assert (line.period_start, line.period_end, line.net) == (
        date(2026, 2, 15),
        date(2026, 3, 15),
        Decimal(31),
    )
    again = services.draft_run(cycle_day=15, bill_date=date(2026, 2, 15), by=people[0])
    assert again.invoices.count() == 0
    assert services.audit_books() == []


def test_termination_gives_the_days_paid_in_advance_back(people: Any) -> None:
    product = make_billed_product(at=ACTIVE, amount="31")
    bill(people)
    services.stop_charges(product_id=product.pk, at=datetime(2026, 1, 25, 12, 0, tzinfo=UTC))
    invoice = invoice_of(bill(people, date(2026, 2, 15)))
    line = invoice.lines.get()
    assert (line.period_start, line.period_end, line.net) == (
        date(2026, 1, 25),
        date(2026, 2, 15),
        Decimal(-21),
    )
    assert invoice.gross == Decimal("-25.2")
    nothing = services.draft_run(cycle_day=15, bill_date=date(2026, 3, 15), by=people[0])
    assert nothing.invoices.count() == 0
    assert services.audit_books() == []


def test_drafting_moves_nothing_and_a_discarded_run_can_be_drafted_again(people: Any) -> None:
    make_billed_product(at=ACTIVE)
    run = services.draft_run(cycle_day=15, bill_date=BILL_DATE, by=people[0])
    assert Subscription.objects.get().billed_to is None
    services.discard_run(run=run)
    assert not Invoice.objects.exists()
    again = services.draft_run(cycle_day=15, bill_date=BILL_DATE, by=people[0])
    assert again.invoices.count() == 1


def test_nobody_approves_their_own_run(people: Any) -> None:
    make_billed_product(at=ACTIVE)
    run = services.draft_run(cycle_day=15, bill_date=BILL_DATE, by=people[0])
    services.check_run(run=run)
    with pytest.raises(NotAllowed):
        services.approve_run(run=run, by=people[0])
    with pytest.raises(IllegalMove):
        services.post_run(run=run)
    assert not Invoice.objects.exclude(number=None).exists()


def test_one_bad_account_does_not_stop_the_others(people: Any) -> None:
    make_billed_product(at=ACTIVE)
    make_billed_product(at=ACTIVE, account=make_account(cycle_day=15, tax_country="XX"))
    run = services.draft_run(cycle_day=15, bill_date=BILL_DATE, by=people[0])
    assert (run.invoices_count, run.failures) == (1, 1)
    assert "VAT" in run.failed_accounts.get().reason
    checked = services.check_run(run=run)
    assert "failed" in {row["check"] for row in checked.checks}


def test_an_outage_of_the_database_is_no_accounts_fault(people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make_billed_product(at=ACTIVE)

    def outage(run: BillRun, accounts: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(drafting, "_write", outage)
    with pytest.raises(OperationalError):
        services.draft_run(cycle_day=15, bill_date=BILL_DATE, by=people[0])

    assert not RunFailure.objects.exists()


def test_a_second_run_of_a_day_that_is_still_open_is_refused(people: Any) -> None:
    services.draft_run(cycle_day=15, bill_date=BILL_DATE, by=people[0])

    with pytest.raises(Invalid) as refusal:
        services.draft_run(cycle_day=15, bill_date=BILL_DATE, by=people[1])

    assert refusal.value.code == "billing.runOpen"


def test_a_posted_invoice_and_its_ledger_never_change(people: Any) -> None:
    make_billed_product(at=ACTIVE)
    invoice = invoice_of(bill(people))
    line = invoice.lines.first()
    assert line is not None
    attempts: list[Callable[[], Any]] = [
        lambda: Invoice.objects.filter(pk=invoice.pk).update(net=1, gross=1, tax=0),
        lambda: Invoice.objects.filter(pk=invoice.pk).update(number="INV-2026-999999"),
        lambda: InvoiceLine.objects.filter(pk=line.pk).update(net=1),
        lambda: InvoiceLine.objects.filter(pk=line.pk).delete(),
        lambda: LedgerPosting.objects.update(amount=0),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()
    assert services.audit_books() == []


def test_an_unbalanced_ledger_entry_is_refused(people: Any) -> None:
    from bss.billing.models import LedgerAccount
    from bss.billing.services import ledger

    account = make_account()
    with pytest.raises(IntegrityError, match="balance"), transaction.atomic():
        ledger.post(
            kind="test", account=account, at=AT, sides={LedgerAccount.BANK: Decimal(1)}, currency="EUR"
        )


def test_accounts_without_anything_to_bill_get_no_invoice_and_no_number(people: Any) -> None:
    make_rates()
    make_account(cycle_day=15)
    run = bill(people)
    assert run.invoices_count == 0


def test_a_cycle_day_of_31_bills_on_the_last_day_of_february(people: Any) -> None:
    account = make_account(cycle_day=31)
    make_billed_product(at=datetime(2026, 2, 3, 9, tzinfo=UTC), amount="28", account=account)
    run = services.draft_run(cycle_day=28, bill_date=date(2026, 2, 28), by=people[0])
    periods = [
        (line.period_start, line.period_end) for line in invoice_of(run).lines.order_by("period_start")
    ]
    assert periods == [(date(2026, 2, 3), date(2026, 2, 28)), (date(2026, 2, 28), date(2026, 3, 31))]


def test_a_credit_is_proposed_once_approved_by_another_and_stands_on_the_next_invoice(people: Any) -> None:
    product = make_billed_product(at=ACTIVE)
    evidence = product.pk
    first = services.propose_adjustment(
        account_id=product.account_id,
        amount=Decimal(-5),
        currency="EUR",
        reason="SLA",
        evidence_kind="sla",
        evidence_id=evidence,
    )
    again = services.propose_adjustment(
        account_id=product.account_id,
        amount=Decimal(-5),
        currency="EUR",
        reason="SLA",
        evidence_kind="sla",
        evidence_id=evidence,
    )
    assert first == again
    services.approve_adjustment(adjustment=first, by=people[1])
    invoice = invoice_of(bill(people))
    line = invoice.lines.get(kind="adjustment")
    first.refresh_from_db()
    assert (line.net, line.adjustment, first.status) == (Decimal(-5), first, "applied")
    assert any("SLA" in step for step in services.why(line=line).steps)


def test_a_payment_settles_by_reference_then_by_age_and_the_rest_is_credit(people: Any) -> None:
    product = make_billed_product(at=ACTIVE, amount="31")
    older, newer = invoice_of(bill(people)), invoice_of(bill(people, date(2026, 2, 15)))
    services.receive_payment(
        account=product.account, amount=newer.gross, reference=f"payment of {newer.number.lower()}", at=AT
    )
    newer.refresh_from_db()
    assert newer.status == "settled"
    payment = services.receive_payment(
        account=product.account, amount=older.gross + 7, reference="?", at=AT, external_id="bank-1"
    )
    assert payment == services.receive_payment(
        account=product.account, amount=Decimal(99), external_id="bank-1"
    )
    older.refresh_from_db()
    assert (older.status, payment.unallocated) == ("settled", Decimal(7))
    assert services.balance(account=product.account) == Decimal(-7)
    assert services.audit_books() == []


def test_a_refund_opens_what_was_paid(people: Any) -> None:
    product = make_billed_product(at=ACTIVE, amount="31")
    invoice = invoice_of(bill(people))
    payment = services.receive_payment(account=product.account, amount=invoice.gross, at=AT)
    services.refund(payment=payment, reason="paid twice", at=AT)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.paid) == ("sent", Decimal(0))
    assert services.balance(account=product.account) == invoice.gross
    assert services.audit_books() == []


def test_a_credit_note_mirrors_the_invoice_once(people: Any) -> None:
    make_billed_product(at=ACTIVE)
    invoice = invoice_of(bill(people))
    note = services.credit_note(invoice=invoice, reason="wrong customer", at=AT)
    invoice.refresh_from_db()
    assert (note.number, note.gross, invoice.status) == ("CRN-2026-000001", -invoice.gross, "settled")
    assert services.balance(account=invoice.account) == 0
    with pytest.raises(Invalid):
        services.credit_note(invoice=invoice, reason="again")
    assert services.audit_books() == []


def test_every_line_explains_itself(people: Any) -> None:
    make_billed_product(at=ACTIVE, amount="31")
    for line in invoice_of(bill(people)).lines.all():
        steps = services.why(line=line).steps
        assert len(steps) >= 3
        assert any("31" in step for step in steps)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_document_is_rendered_once_in_the_customers_language(people: Any, language: str) -> None:
    make_billed_product(at=ACTIVE, account=make_account(cycle_day=15, language=language))
    invoice = invoice_of(bill(people))
    pdf = services.pdf_of(invoice=invoice)
    assert pdf.startswith(b"%PDF")
    assert services.pdf_of(invoice=invoice) == pdf
    draft = Invoice(account=invoice.account)
    with pytest.raises(Invalid):
        services.pdf_of(invoice=draft)


def test_posting_is_journalled_per_invoice(people: Any) -> None:
    make_billed_product(at=ACTIVE)
    invoice = invoice_of(bill(people))
    entry = JournalEntry.objects.get(verb="invoice.posted", object_id=invoice.pk)
    assert entry.after["number"] == invoice.number


def test_drafting_takes_the_same_queries_for_one_account_as_for_ten(people: Any) -> None:
    def queries(day: date) -> int:
        # A clock that stands still asks the database nothing, however slow the machine.
        with clock.frozen(AT), CaptureQueriesContext(connection) as captured:
            services.draft_run(cycle_day=day.day, bill_date=day, by=people[0])
        return len(captured)

    from django.test.utils import CaptureQueriesContext

    make_billed_product(at=ACTIVE, account=make_account(cycle_day=16))
    for _ in range(10):
        make_billed_product(at=ACTIVE, account=make_account(cycle_day=17))
    assert queries(date(2026, 1, 16)) == queries(date(2026, 1, 17))
