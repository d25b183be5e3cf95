"""Pages of invoices where they do more than the kit."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from bss.billing import services
from bss.billing.models import Payment
from kernel import clock
from kernel.models import User
from tests.bss.billing.pages import act, page_of, text_of
from tests.factories.bss_billing import (
    ACTIVE,
    AT,
    BILL_DATE,
    make_invoice,
    make_paid_invoice,
    make_person,
)
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db


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
