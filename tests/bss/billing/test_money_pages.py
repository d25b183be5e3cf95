"""Pages of payments, the ledger, adjustments, dunning and what billing shows elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bss.billing import services
from bss.billing.models import Adjustment, DunningCase, Invoice, InvoiceLine, Payment
from bss.billing.services import explain
from bss.billing.views import home, line_of
from bss.billing.views.badges import plain_day
from bss.usage.models import UsageRecord, UsageTotal
from kernel import clock, jobs
from kernel.models import User
from tests.bss.billing.pages import act, text_of
from tests.factories.bss_billing import (
    AT,
    BILL_DATE,
    make_adjustment,
    make_case,
    make_invoice,
    make_payment,
    make_rates,
    make_run,
)
from tests.factories.bss_customers import make_account
from tests.factories.bss_usage import call, make_record, rate_lines
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db


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
