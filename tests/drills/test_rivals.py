"""Two of a kind at once: bill runs over the same accounts, the same usage file; and a file that came by half."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from bss.billing import services as billing
from bss.billing.models import BillRun, Invoice
from bss.usage import services as usage
from bss.usage.models import UsageFile, UsageIdentifier, UsageRecord
from kernel.errors import DomainError
from tests.drills import customers
from tests.drills.house import House
from tests.drills.test_killed_workers import processed

pytestmark = pytest.mark.drill

RECORDS = 20_000


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returns, or the domain's refusal of it; all begin at the same moment, each on its own connection."""
    gate = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait(30)
        try:
            return call()
        except DomainError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures: list[Future[Any]] = [pool.submit(run, call) for call in calls]
        return [future.result() for future in futures]


def test_two_bill_runs_at_once_bill_every_account_once(house: House) -> None:
    day = customers.bill_day(4)
    orders = [
        customers.accept(
            house, customers.place_order(house, f"Rival-{n}", place="Port-Armel", cycle_day=day.day)
        )
        for n in range(2)
    ]
    for order in orders:
        customers.wait_until_completed(house, order)
    house.rest()
    date = customers.next_bill(orders[0].account)

    def draft() -> BillRun:
        with house.story.as_("billing") as drafter:
            return billing.draft_run(cycle_day=day.day, bill_date=date, by=drafter)

    outcomes = at_once(draft, draft)

    made = [outcome for outcome in outcomes if isinstance(outcome, BillRun)]
    assert len(made) == 1, outcomes
    assert isinstance(next(outcome for outcome in outcomes if outcome not in made), DomainError)
    assert post(house, made[0]).invoices_count == 2
    # Told again the same day, there is nothing left to bill.
    again = draft()
    assert again.invoices_count == 0
    billing.discard_run(run=again)
    accounts = [order.account_id for order in orders]
    assert Invoice.objects.filter(account__in=accounts, number__isnull=False).count() == 2
    house.check()


def test_two_runs_posted_at_once_share_one_series_without_a_gap(house: House) -> None:
    days = [customers.bill_day(5), customers.bill_day(6)]
    orders = [
        customers.accept(
            house, customers.place_order(house, f"Series-{n}", place="Port-Armel", cycle_day=day.day)
        )
        for n, day in enumerate(days)
    ]
    for order in orders:
        customers.wait_until_completed(house, order)
    house.rest()
    runs = [approved(house, order.account) for order in orders]

    outcomes = at_once(*(lambda run=run: billing.post_run(run=run) for run in runs))

    assert [outcome.status for outcome in outcomes] == ["posted", "posted"]
    numbers = sorted(number for run in runs for number in customers.invoice_numbers(run) if number)
    first, second = (int(number.rsplit("-", 1)[1]) for number in numbers)
    assert second == first + 1
    for run in outcomes:
        billing.deliver_run(run=run)
    house.check()


def approved(house: House, account: Any) -> BillRun:
    """A run of an account's cycle, approved by another person than drafted it."""
    with house.story.as_("billing") as drafter:
        run = billing.draft_run(
            cycle_day=account.cycle_day, bill_date=customers.next_bill(account), by=drafter
        )
    billing.check_run(run=run)
    with house.story.as_("finance") as approver:
        return billing.approve_run(run=run, by=approver)


def post(house: House, run: BillRun) -> BillRun:
    """Check, approve, post and deliver a drafted run."""
    billing.check_run(run=run)
    with house.story.as_("finance") as approver:
        billing.approve_run(run=run, by=approver)
    return billing.deliver_run(run=billing.post_run(run=run))


def test_the_same_file_twice_at_once_and_half_of_another(house: House, tmp_path: Path) -> None:
    number = UsageIdentifier.objects.filter(kind="e164", end=None).earliest("start")
    whole = tmp_path / "whole.csv"
    house.calls(whole, number.value, RECORDS, seed=13)
    text = whole.read_bytes()
    half = text[: len(text) // 2]

    assert not half.endswith(b"\n"), "the half ends within a record"
    first = usage.ingest_file(half, source="voice-files", name="half.csv")
    house.wait("the half to be worked off", lambda: processed(first))
    files = at_once(
        *(lambda: usage.ingest_file(whole, source="voice-files", name="whole.csv") for _ in range(2))
    )
    assert files[0].pk == files[1].pk
    house.wait("the whole to be worked off", lambda: processed(files[0]))

    file = UsageFile.objects.get(pk=files[0].pk)
    assert first.records_in == half.count(b"\n")  # the heading is no record, the cut line is one
    assert first.suspended <= 1
    assert file.records_in == RECORDS
    # Each record is rated, or known from the half; those that are not charged are told apart before.
    assert file.duplicates == first.rated
    assert file.rated + file.duplicates + file.rejected + file.suspended == RECORDS
    keys = UsageRecord.objects.filter(batch__file__in=[first, file]).values_list("key", flat=True)
    assert len(keys) == len(set(keys)) > 0
    house.check()
