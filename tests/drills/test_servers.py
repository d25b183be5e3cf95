"""PostgreSQL killed under work, the broker emptied and killed, the dispatcher killed between an event and its delivery."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import redis
from django.conf import settings

from bss.billing import services as billing
from bss.usage import services as usage
from bss.usage.models import UsageFile, UsageIdentifier
from kernel import jobs
from kernel.models import OutboxEvent
from service_mgmt.provisioning.models import ServiceOrder
from tests.drills import customers
from tests.drills.house import House
from tests.drills.test_killed_workers import done, processed

pytestmark = pytest.mark.drill

RECORDS = 150_000
# Leases of two minutes, files without a sign of life for two, and the sweepers' rounds of up to one.
LEASE_OVER, SWEPT = 240.0, 300.0


def test_postgres_killed_while_elements_are_configured_and_a_file_is_rated(
    house: House, tmp_path: Path
) -> None:
    number = UsageIdentifier.objects.filter(kind="e164", end=None).earliest("start")
    house.calls(tmp_path / "calls.csv", number.value, RECORDS, seed=12)
    house.lab.ctl("delay", "asw1-kvl", "1500")
    order = customers.accept(house, customers.place_order(house, "Rue-de-la-Base"))
    house.wait("the elements to be configured", lambda: customers.running(order, "commit"))
    with house.held("bss_usage_usagetotal") as hold:
        file = usage.ingest_file(tmp_path / "calls.csv", source="voice-files", name="outage.csv")
        hold.wait_for_writer()
        hold.let_one_pass()
        hold.wait_for_writer()
        assert 0 < UsageFile.objects.get(pk=file.pk).offset < file.size
        assert customers.running(order, "commit"), "the elements were configured too early for this drill"
        killed = house.kill("postgres")

    house.lab.ctl("delay", "asw1-kvl", "0")
    house.wait_for_successor("postgres", killed)
    customers.wait_until_completed(house, order, seconds=LEASE_OVER)
    house.wait("the file to be worked off", lambda: processed(file), seconds=SWEPT)
    assert (file.records_in, file.duplicates) == (RECORDS, 0)
    house.check()


def test_the_broker_loses_everything_and_is_killed(house: House) -> None:
    day = customers.bill_day(3)
    paying = customers.accept(
        house, customers.place_order(house, "Paid-later", place="Port-Armel", cycle_day=day.day)
    )
    customers.wait_until_completed(house, paying)
    with house.story.as_("billing") as drafter:
        run = billing.select_run(cycle_day=day.day, bill_date=customers.next_bill(paying.account), by=drafter)
    workers = ("worker-fast", "worker-bulk")
    # They stand still, then die: what the broker has handed to them already is lost like what it still has.
    for worker in workers:
        house.signal(worker, signal.SIGSTOP)
    order = customers.accept(house, customers.place_order(house, "Place-Vide"))
    job = jobs.start("bss_billing.draft_run", str(run), run=str(run.pk))
    house.wait("the plan", lambda: customers.step_of(order, "reserve"))
    redis.Redis.from_url(settings.REDIS_URL).flushall()
    killed = house.kill("valkey")
    for worker in workers:
        house.kill(worker)
    house.wait_for_successor("valkey", killed)
    job.refresh_from_db()
    assert (job.status, customers.status_of(order, "reserve")) == ("pending", "ready")

    customers.wait_until_completed(house, order, seconds=120)
    house.wait("the job to be done", lambda: done(job), seconds=120)
    house.check()


def test_the_dispatcher_is_killed_between_an_event_and_its_delivery(house: House) -> None:
    order = customers.place_order(house, "Quai-Sans-Nouvelles")
    with house.held("service_mgmt_provisioning_serviceorder") as hold:
        customers.accept(house, order)
        hold.wait_for_writer()
        killed = house.kill("dispatcher")
    told = OutboxEvent.objects.get(name="bss_orders.ProductOrderAccepted", payload__order_id=str(order.pk))
    assert told.delivered is None

    house.wait_for_successor("dispatcher", killed)
    customers.wait_until_completed(house, order)

    told.refresh_from_db()
    assert told.delivered is not None
    assert ServiceOrder.objects.filter(product_order=order).count() == 1
    house.check()
