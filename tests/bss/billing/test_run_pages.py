"""Pages of bill runs where they do more than the kit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from bss.billing import services
from bss.billing.models import Adjustment, BillRun, Invoice
from kernel import jobs
from kernel.models import Job, User
from tests.bss.billing.pages import act, page_of, text_of
from tests.factories.bss_billing import (
    BILL_DATE,
    make_adjustment,
    make_due_account,
    make_person,
    make_run,
)
from tests.portal.conftest import browser_of

pytestmark = pytest.mark.django_db


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
