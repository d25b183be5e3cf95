"""Pages of billing where they do more than the kit."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bss.billing import services
from bss.billing.models import Adjustment, BillRun, DunningCase, Invoice, InvoiceLine, Payment
from bss.billing.services import explain
from bss.billing.views import home, line_of
from bss.billing.views.badges import plain_day
from bss.usage.models import UsageRecord, UsageTotal
from kernel import clock, jobs
from kernel.models import Job, User
from tests.factories.bss_billing import (
    ACTIVE,
    AT,
    BILL_DATE,
    make_adjustment,
    make_case,
    make_due_account,
    make_invoice,
    make_paid_invoice,
    make_payment,
    make_person,
    make_rates,
    make_run,
)
from tests.factories.bss_customers import make_account
from tests.factories.bss_usage import call, make_record, rate_lines
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return unescape(str(response.content.decode()))


def act(user: User, thing: Any, row: Any, key: str, **data: Any) -> Any:
    number = getattr(row, "number", None) or row.pk
    url = reverse(f"bss_billing:{thing}-detail-part", args=[number, "do", key])
    return browser_of(user).post(url, data)


def page_of(invoice: Invoice, what: str = "invoice-detail") -> str:
    return reverse(f"bss_billing:{what}", args=[invoice.number or invoice.pk])


# Invoices


def test_an_invoice_shows_its_lines_totals_and_what_settled_it(drafter: User) -> None:
    invoice = make_paid_invoice()
    note = invoice.corrected_by.get()

    page = text_of(browser_of(drafter).get(page_of(invoice)))

    for words in ("VAT S 20 %", "€41.00", "€8.20", "€49.20", str(note.number), Payment.objects.get().number):
        assert words in page, words
    assert page.count("Why?") == 2


def test_each_line_says_why_as_a_page_and_as_a_dialog(drafter: User) -> None:
    invoice = make_invoice()
    line = invoice.lines.get(position=1)
    url = reverse("bss_billing:line-why", args=[invoice.number, 1])
    browser = browser_of(drafter)

    whole, part = text_of(browser.get(url)), text_of(browser.get(url, headers={"HX-Request": "true"}))

    for words in services.why(line=line).steps:
        assert words in whole
        assert words in part
    assert "<html" in whole
    assert "<html" not in part
    assert "FR S 20" in whole
    assert f"/orders/products/{line.product.number}/" in whole
    assert browser.get(reverse("bss_billing:line-why", args=[invoice.number, 99])).status_code == 404


def test_the_pdf_is_named_after_its_number_and_kept_out_of_caches(drafter: User) -> None:
    invoice = make_invoice()
    browser = browser_of(drafter)

    answer = browser.get(page_of(invoice, "invoice-pdf"))

    assert answer.content.startswith(b"%PDF")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{invoice.number}.pdf"'
    assert answer["Cache-Control"] == "no-store"
    assert browser.get(page_of(invoice, "invoice-pdf")).content == answer.content
    assert browser.get(page_of(invoice, "invoice-pdf") + "?inline")["Content-Disposition"].startswith(
        "inline"
    )


def test_the_twin_of_the_pdf_says_the_same_in_the_customers_language(drafter: User) -> None:
    invoice = make_invoice()
    assert invoice.language == "fr"

    page = text_of(browser_of(drafter).get(page_of(invoice, "invoice-document")))

    content = services.content_of(invoice=invoice)
    for words in (
        content["gross"],
        content["lines"][0]["text"],
        content["labels"]["total"],
        *content["mentions"],
    ):
        assert words in page, words


def test_a_draft_has_no_document_and_no_number_to_show(drafter: User) -> None:
    draft = make_invoice(status="draft")
    browser = browser_of(drafter)

    page = text_of(browser.get(page_of(draft)))

    heading = re.search(r'<div class="head">.*?</h1>', page, re.DOTALL)
    assert heading is not None
    assert str(draft.pk) not in heading[0]
    assert browser.get(page_of(draft, "invoice-pdf")).status_code == 404
    assert browser.get(page_of(draft, "invoice-document")).status_code == 404
    assert text_of(browser.get(reverse("bss_billing:line-why", args=[draft.pk, 1])))


def test_nobody_sees_another_customers_bill_in_any_form(make_user: Callable[..., User]) -> None:
    mine, other = make_invoice(), make_invoice()
    browser = browser_of(make_user("customer", customer=mine.account.customer_id))

    for what in ("invoice-detail", "invoice-pdf", "invoice-document"):
        assert browser.get(page_of(mine, what)).status_code == 200, what
        assert browser.get(page_of(other, what)).status_code == 404, what
    assert browser.get(reverse("bss_billing:line-why", args=[mine.number, 1])).status_code == 200
    assert browser.get(reverse("bss_billing:line-why", args=[other.number, 1])).status_code == 404
    listed = text_of(browser.get(reverse("bss_billing:invoice-list") + "?view=all"))
    assert str(mine.number) in listed
    assert str(other.number) not in listed


def test_a_payment_is_recorded_on_the_page_and_pays_this_invoice_first(drafter: User) -> None:
    older = make_invoice()
    account = older.account
    services.start_charges(product_id=account.products.get().pk, at=ACTIVE)
    run = services.draft_run(cycle_day=15, bill_date=BILL_DATE.replace(month=2), by=make_person("x"))
    services.check_run(run=run)
    services.approve_run(run=run, by=make_person("y"))
    newer = services.post_run(run=run, at=AT).invoices.get()

    answer = act(drafter, "invoice", newer, "pay", amount="10", method="card", reference="terminal 4")

    assert answer.status_code == 303
    newer.refresh_from_db()
    older.refresh_from_db()
    assert (newer.paid, older.paid) == (10, 0)
    assert Payment.objects.get().method == "card"


def test_the_line_picker_credits_what_is_ticked(approver: User) -> None:
    invoice = make_invoice()
    first, second = services.creditable(invoice)
    asked = browser_of(approver).get(
        reverse("bss_billing:invoice-detail-part", args=[invoice.number, "do", "credit"])
    )

    answer = act(approver, "invoice", invoice, "credit", lines=[str(second.pk)], reason="not wanted")

    assert first.text in text_of(asked)
    assert answer.status_code == 303
    note = invoice.corrected_by.get()
    assert answer["Location"] == page_of(note)
    assert note.net == -second.net
    again = act(approver, "invoice", invoice, "credit", lines=[str(second.pk)], reason="once more")
    assert again.status_code == 422


@pytest.mark.parametrize(
    ("key", "data", "field", "value"),
    [
        ("hold", {"reason": "unclear"}, "status", "on_hold"),
        ("dispute", {"reason": "never ordered"}, "disputed", True),
        ("write-off", {"reason": "insolvent"}, "status", "settled"),
    ],
)
def test_actions_of_an_invoice_reach_their_doors(
    approver: User, key: str, data: dict[str, str], field: str, value: Any
) -> None:
    invoice = make_invoice()
    assert act(approver, "invoice", invoice, key).status_code == 422
    assert act(approver, "invoice", invoice, key, **data).status_code == 303
    invoice.refresh_from_db()
    assert getattr(invoice, field) == value


def test_overdue_invoices_are_found_and_aged(drafter: User) -> None:
    late, calm = make_invoice(), make_invoice()
    services.receive_payment(account=calm.account, amount=calm.gross, at=AT)
    assert late.due is not None
    with clock.frozen(AT + timedelta(days=30 + 45)):
        page = text_of(
            browser_of(drafter).get(reverse("bss_billing:invoice-list") + "?overdue=true&view=all")
        )

    assert str(late.number) in page
    assert "31–60 days" in page
    assert str(calm.number) not in page


# Bill runs


def test_a_run_is_previewed_opened_and_drafted_by_a_job(drafter: User) -> None:
    account = make_due_account()
    browser = browser_of(drafter)
    data = {"cycle_day": str(account.cycle_day), "bill_date": BILL_DATE.isoformat()}

    check = text_of(browser.post(reverse("bss_billing:run-create"), {**data, "_go": "check"}))
    answer = browser.post(reverse("bss_billing:run-create"), {**data, "_go": "save"})

    run = BillRun.objects.get()
    assert "Accounts to be billed: 1" in check
    assert answer["Location"] == reverse("bss_billing:run-detail", args=[run.number])
    assert (run.status, run.drafted_by) == ("selected", drafter)
    job = Job.objects.get()
    jobs.execute(job.pk)
    jobs.execute(job.pk)
    run.refresh_from_db()
    job.refresh_from_db()
    assert (run.status, run.invoices_count, job.status, job.done) == ("drafted", 1, "succeeded", 1)


def test_a_run_goes_from_check_to_delivery_and_shows_every_stage(drafter: User, approver: User) -> None:
    run = make_run(status="drafted", drafter=drafter)

    assert act(drafter, "run", run, "check").status_code == 303
    assert act(approver, "run", run, "approve", reason="looks right").status_code == 303
    assert act(approver, "run", run, "post").status_code == 303
    jobs.execute(Job.objects.get().pk)
    run.refresh_from_db()
    assert run.status == "posted"
    assert act(drafter, "run", run, "deliver").status_code == 303
    jobs.execute(Job.objects.order_by("-created")[0].pk)
    run.refresh_from_db()

    page = text_of(browser_of(drafter).get(reverse("bss_billing:run-detail", args=[run.number])))
    assert run.status == "delivered"
    for words in ("Approved", "fay", "sent: 1, on hold: 0", "€49.20"):
        assert words in page, words


def test_a_large_run_is_checked_and_discarded_by_jobs(drafter: User) -> None:
    run = make_run(status="drafted", drafter=drafter)
    BillRun.objects.update(accounts=100_000)

    act(drafter, "run", run, "check")
    run.refresh_from_db()
    assert run.status == "drafted"
    assert act(drafter, "run", run, "discard", reason="wrong day").status_code == 303
    run.refresh_from_db()
    assert run.status == "drafted"  # a job is at work: nothing else may touch the run
    jobs.execute(Job.objects.get().pk)
    run.refresh_from_db()
    assert run.status == "checked"
    act(drafter, "run", run, "discard", reason="wrong day")
    jobs.execute(Job.objects.get(kind="bss_billing.discard_run").pk)
    run.refresh_from_db()
    assert (run.status, Invoice.objects.exists()) == ("discarded", False)


def test_nobody_approves_the_run_they_drafted_and_the_button_says_so(make_user: Callable[..., User]) -> None:
    both = make_user("billing", "finance")
    run = make_run(status="checked", drafter=both)

    page = text_of(browser_of(both).get(reverse("bss_billing:run-detail", args=[run.number])))
    answer = act(both, "run", run, "approve", reason="mine")

    assert "The person who made this may not approve it" in page
    assert answer.status_code == 303
    run.refresh_from_db()
    assert run.status == "checked"


def test_who_may_only_draft_does_not_approve(drafter: User) -> None:
    run = make_run(status="checked")
    act(drafter, "run", run, "approve")
    run.refresh_from_db()
    assert run.status == "checked"


def test_what_the_checks_found_leads_to_the_drafts(drafter: User) -> None:
    account = make_due_account()
    make_adjustment(amount="-500", account=account)
    services.approve_adjustment(adjustment=Adjustment.objects.get(), by=make_person("z"))
    run = services.draft_run(cycle_day=15, bill_date=BILL_DATE, by=drafter)
    services.check_run(run=run)

    page = text_of(browser_of(drafter).get(reverse("bss_billing:run-detail", args=[run.number])))

    assert "Invoices below zero" in page
    assert page_of(run.invoices.get()) in page


def test_an_account_is_taken_out_of_a_run_on_its_page(drafter: User) -> None:
    run = make_run(status="checked", drafter=drafter)
    account = run.invoices.get().account

    answer = act(drafter, "run", run, "exclude", account=account.number, reason="moves")

    assert answer.status_code == 303
    left = text_of(
        browser_of(drafter).get(reverse("bss_billing:run-detail-tab", args=[run.number, "left-out"]))
    )
    assert account.number in left
    assert "moves" in left


def test_the_variance_names_the_accounts_that_moved_most(drafter: User) -> None:
    run = make_run(status="delivered")
    account = run.invoices.get().account
    second = services.draft_run(cycle_day=15, bill_date=BILL_DATE.replace(month=2), by=drafter)

    page = text_of(
        browser_of(drafter).get(reverse("bss_billing:run-detail-tab", args=[second.number, "variance"]))
    )

    for words in (run.number, account.number, "−€10.00", "−24.4 %"):
        assert words in page, words


# Payments, ledger, adjustments


def test_a_payment_is_entered_for_an_account_and_used_up(drafter: User) -> None:
    invoice = make_invoice()
    browser = browser_of(drafter)
    data = {"account": invoice.account.number, "amount": "60", "method": "transfer", "_go": "save"}

    check = browser.post(reverse("bss_billing:payment-create"), {**data, "_go": "check"})
    answer = browser.post(reverse("bss_billing:payment-create"), data)

    payment = Payment.objects.get()
    assert "owes 49.20 EUR" in text_of(check)
    assert answer["Location"] == reverse("bss_billing:payment-detail", args=[payment.number])
    assert payment.unallocated == 60 - invoice.gross
    assert payment.number in text_of(browser.get(reverse("bss_billing:payment-list") + "?left=true&view=all"))


def test_money_is_paid_back_by_who_may_and_says_first_what_opens_again(drafter: User, approver: User) -> None:
    payment = make_payment()
    invoice = Invoice.objects.get()
    url = reverse("bss_billing:payment-detail-part", args=[payment.number, "do", "refund"])

    act(drafter, "payment", payment, "refund", reason="no right")
    payment.refresh_from_db()
    assert payment.status == "done"
    assert str(invoice.number) in text_of(browser_of(approver).get(url))
    assert act(approver, "payment", payment, "refund", reason="paid twice").status_code == 303
    payment.refresh_from_db()
    invoice.refresh_from_db()
    assert (payment.status, invoice.paid) == ("refunded", 0)


def test_the_ledger_of_an_account_keeps_a_running_balance(drafter: User) -> None:
    invoice = make_invoice()
    make_invoice()  # another account's entries never count
    services.receive_payment(account=invoice.account, amount=Decimal("9.20"), at=AT + timedelta(days=1))
    url = reverse("bss_customers:account-detail-tab", args=[invoice.account.number, "ledger"])

    page = text_of(browser_of(drafter).get(url + "?sort=at"))
    narrowed = text_of(browser_of(drafter).get(url + "?kind=payment"))

    rows = re.findall(r"<tr[ >].*?</tr>", page, re.DOTALL)
    assert len([row for row in rows if "€49.20" in row and str(invoice.number) in row]) == 1
    assert any("€9.20" in row and "€40.00" in row for row in rows)
    assert "€40.00" in narrowed


def test_an_adjustment_is_proposed_by_one_and_approved_by_another(
    make_user: Callable[..., User], drafter: User
) -> None:
    account = make_account()
    both = make_user("billing", "finance", username="both")
    data = {
        "account": account.number,
        "amount": "-7.5",
        "tax_category": "S",
        "reason": "Goodwill",
        "_go": "save",
    }

    assert browser_of(both).post(reverse("bss_billing:adjustment-create"), data).status_code == 303
    adjustment = Adjustment.objects.get()
    act(both, "adjustment", adjustment, "approve")
    adjustment.refresh_from_db()
    assert (adjustment.status, adjustment.proposed_by) == ("proposed", both)

    other = make_user("finance", username="other")
    assert act(other, "adjustment", adjustment, "approve", reason="fair").status_code == 303
    adjustment.refresh_from_db()
    assert (adjustment.status, adjustment.approved_by) == ("approved", other)


def test_approvals_wait_for_others_only(
    drafter: User, approver: User, make_user: Callable[..., User]
) -> None:
    both = make_user("billing", "finance", username="both")
    run = make_run(status="checked", drafter=both)
    adjustment = make_adjustment()
    Adjustment.objects.update(proposed_by=drafter)

    assert [todo.by for todo in home.waiting(approver)] == [str(drafter), str(both)]
    assert [run.number in str(todo.title) for todo in home.waiting(both)] == [False]
    assert adjustment.number in str(home.waiting(both)[0].title)
    assert home.waiting(drafter) == []


# Dunning, charges, home


def test_a_case_says_what_happens_next_and_is_held_until_a_day(drafter: User) -> None:
    case = make_case()
    day = clock.today() + timedelta(days=20)
    until = day.isoformat()
    url = reverse("bss_billing:case-detail", args=[case.number])

    assert "Suspend services on" in text_of(browser_of(drafter).get(url))
    assert act(drafter, "case", case, "hold", until=BILL_DATE.isoformat(), reason="past").status_code == 422
    assert act(drafter, "case", case, "hold", until=until, reason="promised to pay").status_code == 303
    held = text_of(browser_of(drafter).get(url))
    assert "promised to pay" in held
    assert f"Suspend services on {plain_day(day)}" in held
    assert act(drafter, "case", case, "end-hold").status_code == 303
    assert DunningCase.objects.get().held_until is None


def test_the_board_counts_cases_by_step_and_says_what_is_due(drafter: User) -> None:
    case = make_case()
    browser = browser_of(drafter)
    with clock.frozen(AT + timedelta(days=60)):
        page = text_of(browser.get(reverse("bss_billing:dunning-board")))

    listed = f"{reverse('bss_billing:case-list')}?status=open&step=1&policy=standard"
    assert "Due now: 0 reminders, 1 accounts to be suspended with 1 services." in page
    assert f'<a href="{listed}">1</a><br>€49.20' in page
    assert case.number in text_of(browser.get(listed))


def test_dunning_is_run_from_the_board_by_who_may(
    drafter: User, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(jobs, "enqueue", lambda task, *args: asked.append(task))
    url = reverse("bss_billing:dunning-board")

    assert browser_of(approver).post(url).status_code == 403
    assert browser_of(drafter).post(url).status_code == 303
    assert asked == ["bss.billing.run_dunning"]


def test_holding_needs_its_permission(make_user: Callable[..., User]) -> None:
    case = make_case()
    until = (clock.today() + timedelta(days=20)).isoformat()
    act(make_user("care"), "case", case, "hold", until=until, reason="friend")
    assert DunningCase.objects.get().held_until is None


def test_a_vat_rate_is_entered_and_the_old_one_ends(drafter: User) -> None:
    make_invoice()
    data = {"country": "FR", "category": "S", "percent": "21,5", "start": "2027-01-01", "_go": "save"}

    answer = browser_of(drafter).post(reverse("bss_billing:taxrate-create"), data)
    wrong = browser_of(drafter).post(reverse("bss_billing:taxrate-create"), {**data, "country": "France"})

    assert answer.status_code == 303
    assert wrong.status_code == 422
    page = text_of(browser_of(drafter).get(reverse("bss_billing:taxrate-list") + "?view=all"))
    assert "21.5 %" in page
    assert "1 Jan 2027" in page


def test_balances_stand_on_the_pages_of_customers_and_accounts(drafter: User) -> None:
    account = make_invoice().account
    browser = browser_of(drafter)

    for url in (
        reverse("bss_customers:account-detail", args=[account.number]),
        reverse("bss_customers:customer-detail", args=[account.customer.number]),
    ):
        page = text_of(browser.get(url))
        assert "Balance" in page
        assert "€49.20" in page


def test_a_product_shows_its_charges_and_every_line_that_billed_it(drafter: User) -> None:
    invoice = make_invoice()
    product = invoice.account.products.get()
    url = reverse("bss_orders:product-detail-tab", args=[product.number, "bills"])

    page = text_of(browser_of(drafter).get(url))

    for line in invoice.lines.all():
        assert line.text in page


def test_a_usage_record_and_the_line_that_bills_it_lead_to_each_other(drafter: User) -> None:
    make_rates()
    record = make_record()
    account = record.account
    total = UsageTotal.objects.get(product=record.product)
    assert line_of(record) is None
    run = services.draft_run(cycle_day=account.cycle_day, bill_date=total.cycle_end, by=drafter)
    line = run.invoices.get().lines.get(kind="usage")
    browser = browser_of(drafter)

    why = reverse("bss_billing:line-why", args=[line.invoice_id, line.position])
    record_url = reverse("bss_usage:record-detail", args=[record.id])

    assert line_of(record) == line
    assert why in text_of(browser.get(record_url))
    assert record_url in text_of(browser.get(why))


def test_an_invoice_shows_the_usage_it_bills_and_no_other(drafter: User) -> None:
    make_rates()
    record, other = make_record(), make_record()
    total = UsageTotal.objects.get(product=record.product)
    run = services.draft_run(cycle_day=record.account.cycle_day, bill_date=total.cycle_end, by=drafter)
    line = run.invoices.get(account=record.account).lines.get(kind="usage")
    flat = make_invoice()
    browser = browser_of(drafter)
    address, foreign = (reverse("bss_usage:record-detail", args=[row.id]) for row in (record, other))

    def shown(invoice: Any) -> str:
        return text_of(browser.get(reverse("bss_billing:invoice-detail-tab", args=[invoice.pk, "usage"])))

    assert address in shown(line.invoice)
    assert foreign not in shown(line.invoice)
    assert address not in shown(flat)


def test_records_beyond_those_shown_with_a_line_are_one_click_away(
    drafter: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_rates()
    first = make_record()
    rate_lines(call(first.identifier, seconds=60))
    last = UsageRecord.objects.exclude(id=first.id).get(product=first.product)
    cycle_end = UsageTotal.objects.filter(product=first.product).values_list("cycle_end", flat=True)[0]
    run = services.draft_run(cycle_day=first.account.cycle_day, bill_date=cycle_end, by=drafter)
    line = run.invoices.get().lines.get(kind="usage")
    monkeypatch.setattr(explain, "RECORDS_SHOWN", 1)
    browser = browser_of(drafter)

    why = text_of(browser.get(reverse("bss_billing:line-why", args=[line.invoice_id, line.position])))
    all_of_them = re.search(r'href="([^"]*/usage/[?][^"]*)"', why)

    assert all_of_them
    addresses = [reverse("bss_usage:record-detail", args=[record.id]) for record in (first, last)]
    assert sum(address in why for address in addresses) == 1
    page = text_of(browser.get(all_of_them[1]))
    assert all(address in page for address in addresses)


@pytest.mark.parametrize("card", home.CARDS, ids=lambda card: card.name)
def test_the_cards_of_the_home_page_cost_four_queries_at_most(card: Any, drafter: User) -> None:
    make_run(status="checked")
    make_case()
    context = card.context
    drafter.has_perm("bss_billing.view_invoice")  # rights are read once a request
    with CaptureQueriesContext(connection) as queries:
        shown = context(drafter)
    assert shown
    assert len(queries) <= 4


def test_the_home_page_of_billing_shows_what_is_due(drafter: User) -> None:
    case = make_case()
    with clock.frozen(AT + timedelta(days=60)):
        due = home._dunning(drafter)
        overdue = home._overdue(drafter)["rows"]
    assert [row for row, _step in due["cases"]] == [case]
    assert [(row["currency"], row["total"], row["days30"]) for row in overdue] == [
        ("EUR", case.amount, case.amount)
    ]


def test_lines_of_other_customers_are_not_visible(make_user: Callable[..., User]) -> None:
    mine, other = make_invoice(), make_invoice()
    user = make_user("customer", customer=mine.account.customer_id)
    seen = set(InvoiceLine.objects.visible_to(user).values_list("invoice", flat=True))
    assert seen == {mine.pk}
    assert other.pk not in seen
