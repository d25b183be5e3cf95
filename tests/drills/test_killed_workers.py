"""kill -9 of workers in the middle of what they do. All are killed first; then each drill waits for its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from bss.billing import services as billing
from bss.billing.models import BillRun, Invoice
from bss.orders.models import ProductOrder
from bss.usage import services as usage
from bss.usage.models import UsageFile, UsageIdentifier, UsageRecord
from kernel import jobs
from kernel.models import Job
from portal.story.lab import Lab
from service_mgmt.services.models import Service
from tests.drills import customers
from tests.drills.house import House

pytestmark = pytest.mark.drill

ACCESS, CORE = "asw1-kvl", "bng1-pam"
RECORDS = 150_000
# A lease of two minutes, the sweeper's round, and the steps that follow.
LEASE_OVER = 240.0
# Two minutes without a sign of life, and the sweeper's round of one.
SWEPT = 300.0
# A minute without a heartbeat, and the sweeper's round.
HEART_STOPPED = 150.0


@dataclass
class Wreck:
    """What the dead were doing."""

    house: House
    order: ProductOrder
    file: UsageFile
    drafted: BillRun
    draft_job: Job
    posted: BillRun
    post_job: Job


@pytest.fixture(scope="module")
def wreck(whole_house: House, tmp_path_factory: pytest.TempPathFactory) -> Wreck:
    """A provisioning, a rating and twice a billing worker, each killed in the middle."""
    house = whole_house
    days = [customers.bill_day(days) for days in (1, 2)]
    to_bill = [
        customers.place_order(house, f"Billed-{n}", place="Port-Armel", cycle_day=day.day)
        for n, day in enumerate(days)
    ]
    for order in to_bill:
        customers.accept(house, order)
    for order in to_bill:
        customers.wait_until_completed(house, order)
    house.rest()
    order = kill_in_commit(house)
    file = kill_in_file(house, tmp_path_factory.mktemp("calls"))
    post_run, post_job = kill_in_posting(house, to_bill[0])
    draft_run, draft_job = kill_in_draft(house, to_bill[1])
    return Wreck(house, order, file, draft_run, draft_job, post_run, post_job)


def kill_in_commit(house: House) -> ProductOrder:
    """The element has the change and waits for its confirmation; the worker that should give it is gone."""
    house.lab.ctl("delay", ACCESS, "400")
    order = customers.accept(house, customers.place_order(house, "Rue-du-Port"))
    house.wait("the element to be changed", lambda: pending(house.lab, ACCESS))
    killed = house.kill("worker-fast")
    house.lab.ctl("delay", ACCESS, "0")
    assert pending(house.lab, ACCESS), "the worker was killed too late"
    step = customers.running(order, "commit")
    assert step is not None
    assert step.attempts == 1
    house.wait_for_successor("worker-fast", killed)
    return order


def pending(lab: Lab, element: str) -> int | None:
    """The generation that an element would take back unless it is confirmed."""
    found: int | None = lab.ctl("status", element)["pending"]
    return found


def kill_in_file(house: House, folder: Path) -> UsageFile:
    """Some batches of the file are stored, another is half written."""
    number = UsageIdentifier.objects.get(kind="e164", end=None)
    path = folder / "calls.csv"
    house.calls(path, number.value, RECORDS, seed=11)
    with house.held("bss_usage_usagetotal") as hold:
        file = usage.ingest_file(path, source="voice-files", name="killed.csv")
        hold.wait_for_writer()
        hold.let_one_pass()
        hold.wait_for_writer()
        killed = house.kill("worker-bulk")
    file.refresh_from_db()
    assert 0 < file.offset < file.size
    house.wait_for_successor("worker-bulk", killed)
    return file


def kill_in_posting(house: House, order: ProductOrder) -> tuple[BillRun, Job]:
    """The run is marked as posted and has no numbers yet, in a transaction that never ends."""
    run = draft(house, order)
    billing.check_run(run=run)
    with house.story.as_("finance") as approver:
        billing.approve_run(run=run, by=approver)
    job = kill_in_job(house, "bss_billing.post_run", run, "kernel_numberseries")
    run.refresh_from_db()
    assert run.status == "approved"
    return run, job


def kill_in_draft(house: House, order: ProductOrder) -> tuple[BillRun, Job]:
    """Invoices are written and their lines are not, in a transaction that never ends."""
    with house.story.as_("billing") as drafter:
        run = billing.select_run(
            cycle_day=order.account.cycle_day, bill_date=customers.next_bill(order.account), by=drafter
        )
    job = kill_in_job(house, "bss_billing.draft_run", run, "bss_billing_invoiceline")
    assert not Invoice.objects.filter(run=run).exists()
    return run, job


def kill_in_job(house: House, kind: str, run: BillRun, table: str) -> Job:
    with house.held(table) as hold:
        job = jobs.start(kind, str(run), run=str(run.pk))
        hold.wait_for_writer()
        killed = house.kill("worker-bulk")
    house.wait_for_successor("worker-bulk", killed)
    job.refresh_from_db()
    assert job.status == "running", "the worker was killed before it had the job"
    return job


def draft(house: House, order: ProductOrder) -> BillRun:
    with house.story.as_("billing") as drafter:
        return billing.draft_run(
            cycle_day=order.account.cycle_day, bill_date=customers.next_bill(order.account), by=drafter
        )


def test_the_element_is_configured_once_although_its_worker_died_before_the_confirmation(
    wreck: Wreck,
) -> None:
    house, order = wreck.house, wreck.order

    customers.wait_until_completed(house, order, seconds=LEASE_OVER)

    step = customers.step_of(order, "commit")
    assert step is not None
    assert step.attempts > 1
    assert pending(house.lab, ACCESS) is None
    for service in Service.objects.filter(customer=order.customer, kind="rfs"):
        text = house.lab.ctl("config", ACCESS)["text"]
        assert text.count(f"service {service.number} ") == 1
    house.check()


def test_no_record_of_a_file_is_lost_or_doubled_although_its_worker_died_in_a_batch(wreck: Wreck) -> None:
    house, file = wreck.house, wreck.file

    house.wait("the file to be worked off", lambda: processed(file), seconds=SWEPT)

    assert file.records_in == RECORDS
    assert file.duplicates == 0, "a batch was worked off twice"
    assert UsageRecord.objects.filter(batch__file=file).count() == file.rated > 0
    house.check()


def processed(file: UsageFile) -> bool | None:
    """Whether a file is worked off, without a person's help."""
    file.refresh_from_db()
    assert file.status != "failed", file.error
    return file.finished is not None or None


def test_a_draft_is_written_once_although_its_worker_died_in_it(wreck: Wreck) -> None:
    house, run = wreck.house, wreck.drafted

    house.wait("the job to be done", lambda: done(wreck.draft_job), seconds=HEART_STOPPED)

    run.refresh_from_db()
    assert (run.status, run.invoices_count, run.failures) == ("drafted", 1, 0)
    assert wreck.draft_job.attempts == 2
    house.check()


def test_invoices_are_numbered_once_although_the_worker_died_before_their_numbers(wreck: Wreck) -> None:
    house, run = wreck.house, wreck.posted

    house.wait("the job to be done", lambda: done(wreck.post_job), seconds=HEART_STOPPED)

    run.refresh_from_db()
    assert run.status == "delivered"
    assert len([number for number in customers.invoice_numbers(run) if number]) == 1
    assert wreck.post_job.attempts == 2
    house.check()


def done(job: Job) -> bool | None:
    """Whether a job has come to its end, and to a good one."""
    job.refresh_from_db()
    assert job.status not in {"failed", "cancelled"}, job.error
    return job.status == "succeeded" or None
