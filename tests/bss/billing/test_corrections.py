"""What corrects a posted invoice: credit notes of single lines, credit, write-off, hold, dispute, refunds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bss.billing import services
from bss.billing.models import Allocation, BillRun, DunningCase, Invoice, LedgerPosting, Payment
from kernel import lifecycle
from kernel.errors import DomainError, IllegalMove, Invalid
from kernel.models import OutboxEvent, User
from tests.factories.bss_billing import (
    ACTIVE,
    AT,
    BILL_DATE,
    invoice_of,
    make_adjustment,
    make_billed_product,
    make_case,
    make_due_account,
    make_invoice,
    make_payment,
    make_posted_run,
    make_run,
)
from tests.factories.bss_customers import make_account
from tests.factories.bss_orders import make_product

pytestmark = pytest.mark.django_db
STATES = [str(state) for state in Invoice.Status]
CENT = Decimal("0.01")


def posted(people: tuple[User, User]) -> BillRun:
    """The run of the bill date, posted but not delivered."""
    run = services.draft_run(cycle_day=BILL_DATE.day, bill_date=BILL_DATE, by=people[0])
    services.check_run(run=run)
    services.approve_run(run=run, by=people[1])
    return services.post_run(run=run, at=AT)


# Credit notes


def test_single_lines_are_taken_back_and_the_last_one_takes_the_rest_of_the_vat() -> None:
    # 10.27 and 31.84: 20 % of each is not a whole cent, of both together it is another one.
    invoice = make_invoice(amount="31.84")
    first, second = services.creditable(invoice)

    one = services.credit_note(invoice=invoice, reason="late", lines=[first], at=AT)
    two = services.credit_note(invoice=invoice, reason="late", lines=[second], at=AT)

    invoice.refresh_from_db()
    assert (one.net, two.net) == (-first.net, -second.net)
    assert one.tax + two.tax == -invoice.tax
    assert abs(one.tax + round(first.net * Decimal("0.2"), 2)) < CENT
    assert (invoice.status, services.creditable(invoice)) == ("settled", [])
    assert services.balance(account=invoice.account) == 0
    assert services.audit_books() == []


def test_a_line_is_taken_back_once_and_only_from_its_own_invoice() -> None:
    invoice, other = make_invoice(), make_invoice()
    line = services.creditable(invoice)[0]
    services.credit_note(invoice=invoice, reason="late", lines=[line], at=AT)

    for lines in ([line], services.creditable(other), []):
        with pytest.raises(Invalid) as refused:
            services.credit_note(invoice=invoice, reason="again", lines=lines)
        assert refused.value.code == "invoice.notCorrectable"
    assert invoice.corrected_by.count() == 1


def test_what_was_paid_already_becomes_credit_that_pays_another_invoice(people: Any) -> None:
    invoice = make_invoice()
    account = invoice.account
    later = invoice_of(
        make_posted_run(
            bill_date=date(2026, 2, account.cycle_day), drafter=people[0], approver=people[1], at=AT
        )
    )
    services.receive_payment(account=account, amount=invoice.gross, reference=str(invoice.number), at=AT)
    note = services.credit_note(invoice=invoice, reason="not delivered", at=AT)

    services.use_credit(note=note, invoice=later, amount=Decimal(7), at=AT)

    note.refresh_from_db()
    later.refresh_from_db()
    assert (note.open_amount, later.paid, later.status) == (7 - invoice.gross, 7, "partially_paid")
    with pytest.raises(Invalid) as refused:
        services.use_credit(note=note, invoice=later, amount=invoice.gross)
    assert "amount" in refused.value.fields
    assert services.audit_books() == []


# Written off


def test_what_is_written_off_is_a_loss_and_no_longer_dunned() -> None:
    case = make_case()
    invoice = Invoice.objects.get(account=case.account, kind="invoice")

    entry = services.write_off(invoice=invoice, reason="insolvent", at=AT + timedelta(days=70))

    invoice.refresh_from_db()
    case.refresh_from_db()
    assert (invoice.status, case.status) == ("settled", "closed")
    assert LedgerPosting.objects.get(entry=entry, ledger="write_off").amount == invoice.gross
    assert services.balance(account=invoice.account) == 0
    assert services.audit_books() == []
    with pytest.raises(Invalid):
        services.write_off(invoice=invoice, reason="again")


# On hold, disputed, sent


def test_an_invoice_on_hold_is_not_dunned_and_stands_afterwards_where_it_stood() -> None:
    case = make_case()
    invoice = Invoice.objects.get(account=case.account, kind="invoice")

    services.hold_invoice(invoice=invoice, reason="unclear", at=AT + timedelta(days=70))

    case.refresh_from_db()
    assert (invoice.status, case.status) == ("on_hold", "closed")
    assert services.run_dunning(at=AT + timedelta(days=90)) == 0
    assert services.release_invoice(invoice=invoice).status == "sent"
    assert services.run_dunning(at=AT + timedelta(days=90)) > 0


def test_a_part_payment_does_not_release_what_is_on_hold_but_the_rest_settles_it() -> None:
    invoice = make_invoice()
    services.hold_invoice(invoice=invoice, reason="unclear", at=AT)
    number = str(invoice.number)

    services.receive_payment(account=invoice.account, amount=Decimal(5), at=AT)
    assert Payment.objects.get().unallocated == 5
    services.receive_payment(account=invoice.account, amount=Decimal(5), reference=number, at=AT)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.paid) == ("on_hold", 5)
    services.receive_payment(account=invoice.account, amount=invoice.open_amount, reference=number, at=AT)
    invoice.refresh_from_db()
    assert invoice.status == "settled"


@pytest.mark.parametrize(("before", "after"), [(a, b) for a in STATES for b in STATES])
def test_every_pair_of_invoice_states_follows_the_table(before: str, after: str) -> None:
    invoice = make_invoice(status="draft")
    named = {"number": "INV-2026-000001", "issued": BILL_DATE}
    posted = {} if before in {"draft", "void"} else named
    Invoice.objects.filter(pk=invoice.pk).update(status=before, **posted)
    invoice.refresh_from_db()
    if not Invoice.lifecycle.allows(before, after):
        with pytest.raises(IllegalMove):
            lifecycle.move(invoice, after)
    elif before == "draft" and after != "void":
        assert lifecycle.move(invoice, after, **named).status == after
    else:
        assert lifecycle.move(invoice, after).status == after


def test_a_held_invoice_is_left_out_when_its_run_is_delivered_and_sent_later(people: Any) -> None:
    make_billed_product(at=ACTIVE, account=make_account(cycle_day=BILL_DATE.day))
    make_billed_product(at=ACTIVE, account=make_account(cycle_day=BILL_DATE.day))
    run = posted(people)
    held, paid = run.invoices.order_by("number")
    services.hold_invoice(invoice=held, reason="look at it first", at=AT)
    services.receive_payment(account=paid.account, amount=paid.gross, at=AT)

    services.deliver_run(run=run, at=AT)

    held.refresh_from_db()
    paid.refresh_from_db()
    assert (held.status, held.sent) == ("on_hold", None)
    assert (paid.status, paid.sent) == ("settled", AT)
    with pytest.raises(Invalid):
        services.send_invoice(invoice=held)
    services.release_invoice(invoice=held)
    assert services.send_invoice(invoice=held, at=AT).status == "sent"


def test_an_invoice_sent_again_is_told_as_a_second_time() -> None:
    invoice = make_invoice()

    services.send_invoice(invoice=invoice, at=AT + timedelta(days=3))

    told = OutboxEvent.objects.filter(name="bss_billing.InvoiceSent").order_by("seq")
    assert [event.payload["again"] for event in told] == [False, True]


def test_a_disputed_invoice_ends_dunning_until_the_dispute_is_settled() -> None:
    case = make_case()
    invoice = Invoice.objects.get(account=case.account, kind="invoice")

    services.dispute_invoice(invoice=invoice, reason="never ordered", at=AT + timedelta(days=70))

    case.refresh_from_db()
    assert case.status == "closed"
    assert services.run_dunning(at=AT + timedelta(days=80)) == 0
    services.settle_dispute(invoice=invoice, reason="it was ordered")
    services.run_dunning(at=AT + timedelta(days=80))
    assert DunningCase.objects.exclude(pk=case.pk).get().status != "closed"


# Payments


def test_a_refunded_payment_pays_nothing_any_more() -> None:
    invoice = make_invoice()
    payment = services.receive_payment(account=invoice.account, amount=Decimal(10), at=AT)
    services.refund(payment=payment, reason="wrong account", at=AT)

    assert payment.unallocated == 0
    with pytest.raises(Invalid):
        services.allocate(payment=payment, invoice=invoice)
    assert services.audit_books() == []


def test_only_what_pays_nothing_yet_is_paid_back_in_part() -> None:
    invoice = make_invoice()
    payment = services.receive_payment(account=invoice.account, amount=invoice.gross + 9, at=AT)

    services.refund(payment=payment, reason="too much", amount=Decimal(4), at=AT)

    assert (payment.status, payment.refunded, payment.unallocated) == ("done", 4, 5)
    with pytest.raises(Invalid) as refused:
        services.refund(payment=payment, reason="more", amount=Decimal(6))
    assert "5" in refused.value.fields["amount"]
    invoice.refresh_from_db()
    assert invoice.status == "settled"
    services.refund(payment=payment, reason="all of it", at=AT)
    assert services.balance(account=invoice.account) == invoice.gross
    assert services.audit_books() == []


def test_more_than_there_is_cannot_be_allocated_and_a_second_part_adds_up() -> None:
    invoice = make_invoice()
    services.hold_invoice(invoice=invoice, reason="so that nothing is matched", at=AT)
    payment = services.receive_payment(account=invoice.account, amount=Decimal(10), at=AT)
    services.release_invoice(invoice=invoice)

    with pytest.raises(Invalid):
        services.allocate(payment=payment, invoice=invoice, amount=Decimal(11))
    services.allocate(payment=payment, invoice=invoice, amount=Decimal(4), at=AT)
    services.allocate(payment=payment, invoice=invoice, at=AT)

    assert Allocation.objects.get().amount == 10
    assert (payment.allocated, payment.unallocated) == (10, 0)


def test_money_is_not_allocated_to_drafts_or_to_other_accounts() -> None:
    payment = make_payment(amount="500")
    foreign, draft = make_invoice(), make_invoice(status="draft")

    for invoice in (foreign, draft):
        with pytest.raises(Invalid) as refused:
            services.allocate(payment=payment, invoice=invoice)
        assert refused.value.code == "payment.allocation"


def test_a_payment_for_named_invoices_pays_them_as_it_says() -> None:
    invoice = make_invoice()
    payment = services.receive_payment(
        account=invoice.account, amount=Decimal(10), items=[(invoice, Decimal(3))], at=AT
    )
    # The rest is matched as ever.
    assert Allocation.objects.get(payment=payment).amount == 10
    with pytest.raises(Invalid):
        services.receive_payment(account=invoice.account, amount=Decimal("1.005"))


def test_the_banks_id_of_another_account_is_refused() -> None:
    payment = make_payment()
    with pytest.raises(Invalid) as refused:
        services.receive_payment(
            account=make_account(), amount=payment.amount, external_id=payment.external_id
        )
    assert refused.value.code == "payment.externalId"


def test_money_and_credit_that_were_there_before_pay_what_a_run_posts(people: Any) -> None:
    account = make_account(cycle_day=BILL_DATE.day)
    make_billed_product(at=ACTIVE, amount="31", account=account)
    services.receive_payment(account=account, amount=Decimal(30), at=AT)
    first = posted(people).invoices.get()
    assert (first.status, first.paid) == ("partially_paid", 30)
    services.receive_payment(account=account, amount=first.open_amount, at=AT)
    note = services.credit_note(invoice=first, reason="not delivered", at=AT)

    second = make_posted_run(bill_date=date(2026, 2, 15), drafter=people[0], approver=people[1], at=AT)

    note.refresh_from_db()
    later = invoice_of(second)
    assert (later.status, later.sent) == ("settled", AT)
    assert note.open_amount == later.gross - first.gross
    assert services.audit_books() == []


# Runs


def test_an_account_taken_out_of_a_run_is_billed_by_the_next_one(people: Any) -> None:
    run = make_run(status="checked", drafter=people[0])
    account = run.invoices.get().account

    services.exclude_account(run=run, account=account, reason="moves tomorrow")

    run.refresh_from_db()
    assert (run.status, run.invoices_count, run.net, run.failures) == ("drafted", 0, 0, 1)
    assert run.failed_accounts.get().excluded
    with pytest.raises(Invalid):
        services.exclude_account(run=run, account=account, reason="again")
    assert services.retry_failed(run=run) == 0
    services.discard_run(run=run, reason="empty")
    again = services.draft_run(cycle_day=run.cycle_day, bill_date=run.bill_date, by=people[0])
    assert again.invoices.get().account == account


def test_failed_accounts_are_tried_again_once_the_cause_is_mended(people: Any) -> None:
    account = make_account(cycle_day=BILL_DATE.day, tax_country="XX")
    make_billed_product(at=ACTIVE, account=account)
    run = services.draft_run(cycle_day=BILL_DATE.day, bill_date=BILL_DATE, by=people[0])
    assert run.failures == 1
    services.add_tax_rate(country="XX", category="S", percent=Decimal(7), start=date(2020, 1, 1))

    assert services.retry_failed(run=run) == 1

    run.refresh_from_db()
    assert (run.failures, run.invoices_count) == (0, 1)


def test_a_second_open_run_of_the_same_day_is_refused_with_the_first_ones_number(people: Any) -> None:
    run = make_run(status="drafted", drafter=people[0])
    with pytest.raises(Invalid) as refused:
        services.select_run(cycle_day=run.cycle_day, bill_date=run.bill_date)
    assert run.number in refused.value.message


def test_a_suspended_account_is_still_billed_and_a_closed_one_is_not(people: Any) -> None:
    accounts = [make_account(cycle_day=BILL_DATE.day, status=status) for status in ("suspended", "closed")]
    for account in accounts:
        make_billed_product(at=ACTIVE, account=account)
    run = services.draft_run(cycle_day=BILL_DATE.day, bill_date=BILL_DATE, by=people[0])
    assert run.invoices.get().account == accounts[0]


def test_an_account_is_billed_on_demand_through_the_same_four_eyes(people: Any) -> None:
    account = make_due_account()
    make_due_account()  # of the same day: a run over one account owes it nothing
    draft = services.bill_on_demand(account=account, at=AT, by=people[0])
    run = draft.run
    assert run is not None
    assert (run.account, run.status, draft.status) == (account, "drafted", "draft")
    services.check_run(run=run)
    services.approve_run(run=run, by=people[1])
    services.post_run(run=run, at=AT)
    assert services.audit_books(timedelta(0)) == []
    # What it billed is billed: the cycle's own run has nothing left.
    cycle = services.draft_run(cycle_day=account.cycle_day, bill_date=BILL_DATE)
    assert not cycle.invoices.filter(account=account).exists()
    with pytest.raises(DomainError) as refused:
        services.bill_on_demand(account=account, at=AT, by=people[0])
    assert refused.value.code == "billing.nothingDue"
    assert BillRun.objects.filter(account=account).count() == 1


def test_a_run_is_compared_with_the_last_one_of_its_day(people: Any) -> None:
    account = make_account(cycle_day=BILL_DATE.day)
    make_billed_product(at=ACTIVE, amount="31", account=account)
    first = make_posted_run(bill_date=BILL_DATE, drafter=people[0], approver=people[1], at=AT)
    second = services.draft_run(cycle_day=15, bill_date=date(2026, 2, 15), by=people[0])

    found = services.variance(second)

    assert found.against == first
    assert [(str(row.what), row.before, row.now) for row in found.kinds] == [("Recurring", 41, 31)]
    assert [(row.what, row.change) for row in found.movers] == [(account, -10)]
    assert services.variance(first).against is None


# Adjustments and tax rates


def test_an_adjustment_must_fit_its_account() -> None:
    account = make_account()
    foreign = make_product()
    with pytest.raises(Invalid) as refused:
        services.propose_adjustment(
            account_id=account.pk, amount=Decimal(0), currency="USD", reason="?", product_id=foreign.pk
        )
    assert set(refused.value.fields) == {"amount", "currency", "product"}


def test_an_approval_is_not_taken_back_while_it_stands_on_a_draft(people: Any) -> None:
    account = make_due_account()
    adjustment = services.approve_adjustment(adjustment=make_adjustment(account=account), by=people[1])
    run = services.draft_run(cycle_day=account.cycle_day, bill_date=BILL_DATE, by=people[0])

    with pytest.raises(Invalid):
        services.reject_adjustment(adjustment=adjustment, by=people[1], reason="mistake")
    services.discard_run(run=run)
    assert (
        services.reject_adjustment(adjustment=adjustment, by=people[1], reason="mistake").status == "rejected"
    )


def test_a_new_rate_ends_the_one_before_it() -> None:
    old = services.add_tax_rate(country="FR", category="S", percent=Decimal(20), start=date(2014, 1, 1))
    new = services.add_tax_rate(country="FR", category="S", percent=Decimal(21), start=date(2027, 1, 1))

    old.refresh_from_db()
    assert (old.end, new.end) == (date(2027, 1, 1), None)
    with pytest.raises(Invalid):
        services.add_tax_rate(country="FR", category="S", percent=Decimal(22), start=date(2020, 1, 1))
    with pytest.raises(Invalid):
        services.end_tax_rate(rate=old, end=None)
    assert services.end_tax_rate(rate=new, end=date(2028, 1, 1)).end == date(2028, 1, 1)


@pytest.fixture
def people(make_user: Callable[..., User]) -> tuple[User, User]:
    return make_user("billing"), make_user("finance")
