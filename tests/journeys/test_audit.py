"""The checker on a told story: it finds nothing, and each of its checks finds the row that is broken for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from kernel import audit, events
from kernel.models import HubDelivery, HubSubscription, Job, User
from portal.story import people
from portal.story.run import TELL, open_calendar
from portal.story.teller import CHAPTERS, Teller
from tests.journeys.test_story import Workers
from tests.journeys.test_story import workers as workers
from tests.running_lab import RunningLab

pytestmark = pytest.mark.django_db

NOW = timedelta(0)
AREAS = {
    "kernel": "kernel.books",
    "billing": "bss.billing.services.books",
    "usage": "bss.usage.services.books",
    "orders": "bss.orders.services.books",
    "inventory": "oss.inventory.services.books",
    "addressing": "oss.addressing.services.books",
    "alarms": "oss.alarms.services.books",
    "services": "service_mgmt.services.services.books",
    "provisioning": "service_mgmt.provisioning.services.books",
}


def one(table: str, where: str = "true") -> str:
    return f"(SELECT id FROM {table} WHERE {where} ORDER BY id LIMIT 1)"


INVOICE = one("bss_billing_invoice", "number IS NOT NULL")
PRODUCT = one("bss_orders_product", "status = 'active' AND parent_id IS NOT NULL")
LINE = "(SELECT line FROM bss_usage_usagetotal WHERE line IS NOT NULL LIMIT 1)"
FILE = one("bss_usage_usagefile")
ITEM = """(SELECT product_order_item_id FROM service_mgmt_provisioning_serviceorderitem
    WHERE product_order_item_id IS NOT NULL LIMIT 1)"""
CFS = one("service_mgmt_services_service", "kind = 'cfs' AND state = 'active'")
RUN = "service_mgmt_provisioning_workflowrun"
STEP = "service_mgmt_provisioning_workflowstep"
RUN_ID = one(RUN, "status = 'completed'")
SERVICE_ITEM = f"(SELECT item_id FROM {RUN} WHERE id = {RUN_ID})"


def resource(kind: str) -> str:
    return (
        f"(SELECT {kind}_id FROM service_mgmt_services_serviceresource r JOIN service_mgmt_services_service s "
        f"ON s.id = r.service_id WHERE r.{kind}_id IS NOT NULL AND s.state = 'active' ORDER BY r.id LIMIT 1)"
    )


def delivery(**values: Any) -> None:
    owner = User.objects.first()
    wanted = HubSubscription.objects.create(
        api="TMF622", owner=owner, callback="http://127.0.0.1/x", secret="s"
    )
    HubDelivery.objects.create(
        subscription=wanted, event_id=wanted.pk, event_type="Created", sequence=1, payload={}, **values
    )


def lost_job() -> None:
    Job.objects.create(
        kind="x", title="lost", status="running", heartbeat=timezone.now() - timedelta(hours=1)
    )


# The database refuses most of what is broken below. Until the end of the test it looks away.
UNGUARD = """
DO $$ DECLARE row record; BEGIN
    FOR row IN SELECT conrelid::regclass AS name, conname FROM pg_constraint
        WHERE contype IN ('c', 'u', 'x') AND conislocal AND conparentid = 0 AND connamespace = 'public'::regnamespace
        AND conrelid <> 0
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', row.name, row.conname); END LOOP;
    FOR row IN SELECT indexrelid::regclass AS name FROM pg_index JOIN pg_class c ON c.oid = indrelid
        WHERE indisunique AND NOT indisprimary AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND NOT c.relispartition
    LOOP EXECUTE format('DROP INDEX %s', row.name); END LOOP;
END $$"""


Break = str | Callable[[], None]
BILLING: dict[str, Break] = {
    "invoice is not the sum of its lines": "UPDATE bss_billing_invoiceline SET net = net + 1",
    "invoice's VAT is not the sum of its categories": f"DELETE FROM bss_billing_invoicetax WHERE invoice_id = {INVOICE}",
    "posted invoice without ledger entry, or with another amount": "UPDATE bss_billing_ledgerentry SET invoice_id = NULL",
    "payment without ledger entry, or with another amount": "UPDATE bss_billing_ledgerentry SET payment_id = NULL",
    "ledger entry does not balance": "DELETE FROM bss_billing_ledgerposting WHERE ledger = 'tax'",
    "ledger does not balance to zero": "DELETE FROM bss_billing_ledgerposting WHERE ledger = 'bank'",
    "payment's allocations do not add up": "DELETE FROM bss_billing_allocation",
    "invoice's payments do not add up": "UPDATE bss_billing_allocation SET amount = amount - 1",
    "account's receivables are not what its documents and payments leave open": """
        UPDATE bss_billing_ledgerposting SET amount = amount + 1 WHERE ledger = 'receivable'""",
    "series has a gap or a repeat": "UPDATE bss_billing_invoice SET number = left(number, -1) || '7' WHERE number LIKE '%1'",
    "series counter is not its highest number": "UPDATE kernel_numberseries SET value = value + 1 WHERE name LIKE 'INV-%'",
    "usage is billed by a line that does not exist": f"DELETE FROM bss_billing_invoiceline WHERE id = {LINE}",
    "usage line differs from its usage": f"UPDATE bss_usage_usagetotal SET line = NULL WHERE line = {LINE}",
    "usage was not billed by the run that had to": f"UPDATE bss_usage_usagetotal SET line = NULL WHERE line = {LINE}",
    "charge was not billed by the run that had to": "UPDATE bss_billing_subscription SET billed_from = NULL, billed_to = NULL",
    "charge was billed twice for the same days": """
        UPDATE bss_billing_invoiceline l SET period_start = o.period_start, period_end = o.period_end,
            subscription_id = o.subscription_id, quantity = 1
        FROM (SELECT * FROM bss_billing_invoiceline WHERE kind = 'recurring' AND quantity > 0 ORDER BY id LIMIT 1) o
        WHERE l.kind = 'recurring' AND l.invoice_id <> o.invoice_id;
        DELETE FROM bss_billing_invoiceline WHERE quantity < 0""",
    "charge due once was billed twice": f"""
        UPDATE bss_billing_invoiceline SET kind = 'one_off', subscription_id = {one("bss_billing_subscription")}""",
    "charge is marked as billed and stands on no invoice": "DELETE FROM bss_billing_invoiceline",
    "active product is not charged for": """UPDATE bss_billing_subscription SET "end" = start""",
    "product out of service is charged for": "UPDATE bss_orders_product SET status = 'suspended' WHERE status = 'active'",
    "applied adjustment does not stand on exactly one invoice": f"""
        INSERT INTO bss_billing_adjustment (id, created, updated, version, number, amount, currency, tax_category, reason,
            evidence_kind, status, account_id) SELECT gen_random_uuid(), now(), now(), 1, 'ADJ-1', -1, 'EUR', 'S', '', '',
            'applied', account_id FROM bss_billing_invoice WHERE id = {INVOICE}""",
    "bill run is not the sum of its invoices, or left drafts behind": "UPDATE bss_billing_billrun SET gross = gross + 1",
}
USAGE: dict[str, Break] = {
    "records in are not rated + suspended + duplicates + rejected": "UPDATE bss_usage_usagefile SET records_in = records_in + 1",
    "file counts other rated records than it has": "DELETE FROM bss_usage_usagerecord WHERE line % 7 = 0",
    "file counts other records in suspense than there are": "UPDATE bss_usage_suspendedrecord SET state = 'open'",
    "file counts another amount than its records have": "UPDATE bss_usage_usagerecord SET micros = micros + 1",
    "billable totals of a batch differ from its records": "UPDATE bss_usage_usagetotal SET records = records + 1",
    "file is not worked off": f"UPDATE bss_usage_usagefile SET status = 'received' WHERE id = {FILE}",
    "processed file has bytes that nobody read": 'UPDATE bss_usage_usagefile SET "offset" = "offset" - 1',
    "accounting report waits to become usage": """
        INSERT INTO bss_usage_accountingpacket (source_id, received, report)
        SELECT id, now() - interval '1 year', '{"session": "x"}' FROM bss_usage_usagesource LIMIT 1""",
    "record names a product, an account or a source that does not exist": """
        UPDATE bss_usage_usagerecord SET product_id = gen_random_uuid() WHERE line = 2""",
    "record is there twice": """UPDATE bss_usage_usagerecord r SET key = 'same', started = o.started
        FROM (SELECT started FROM bss_usage_usagerecord ORDER BY started LIMIT 1) o""",
    "more was taken from allowances than they gave": "UPDATE bss_usage_bucket SET used = used - 1",
    "allowance is overdrawn": "UPDATE bss_usage_bucket SET used = quantity + 1",
}
ORDERS: dict[str, Break] = {
    "order's state does not follow from its items": """
        UPDATE bss_orders_productorder SET state = 'in_progress' WHERE state = 'completed'""",
    "item failed without a reason": f"UPDATE bss_orders_productorderitem SET state = 'failed' WHERE id = {ITEM}",
    "item and product disagree": f"UPDATE bss_orders_product SET status = 'cancelled' WHERE id = {PRODUCT}",
}
PORT = one("oss_inventory_port", "usage = 'in_use' AND kind = 'customer'")
INVENTORY: dict[str, Break] = {
    "reservation of a port has outlived its end": f"""
        UPDATE oss_inventory_port SET usage = 'reserved', reserved_until = now() - interval '1 day' WHERE id = {PORT}""",
    "port is taken and nobody has it, or free and somebody has it": f"""
        UPDATE oss_inventory_port SET holder = NULL WHERE id = {PORT}""",
    "port ends more than one link": """
        UPDATE oss_inventory_link SET port_b_id = (SELECT port_a_id FROM oss_inventory_link ORDER BY id LIMIT 1)
        WHERE id = (SELECT id FROM oss_inventory_link ORDER BY id DESC LIMIT 1)""",
}
POOLS = {
    "address": ("oss_addressing_address", "address = '10.255.255.1'"),
    "VLAN": ("oss_addressing_vlan", "vid = 4000"),
    "number": ("oss_addressing_telephonenumber", "e164 = '+33100000000'"),
}
ADDRESSING: dict[str, Break] = {}
for thing, (table, elsewhere) in POOLS.items():
    taken = one(table, "status = 'assigned'")
    ADDRESSING |= {
        f"reservation of a {thing} has outlived its end": f"""
            UPDATE {table} SET status = 'reserved', reserved_until = now() - interval '1 day' WHERE id = {taken}""",
        f"{thing} is taken and nobody has it, or free and somebody has it": f"""
            UPDATE {table} SET holder = NULL WHERE id = {taken}""",
        f"{thing} is handed out that its pool does not have": f"UPDATE {table} SET {elsewhere} WHERE id = {taken}",
    }
ADDRESSING |= {
    "address is there twice": "UPDATE oss_addressing_address SET address = '100.72.0.9'",
    "VLAN is there twice": "UPDATE oss_addressing_vlan SET vid = 101",
    "number is there twice": "UPDATE oss_addressing_telephonenumber SET e164 = '+33299000101'",
}
ALARM = """INSERT INTO oss_alarms_alarm (id, created, updated, version, number, key, source, system, external_id, sources,
    alarm_type, probable_cause, perceived_severity, raised_severity, specific_problem, state, raised, last_raised, changed,
    arrived, count, cleared_by, clear_evidence, flaps, flapping, ack_state, ack_note, service_affecting, planned_outage,
    because, proposed_repair, details, expires)
    SELECT gen_random_uuid(), now(), now(), 1, 'ALM-T' || n, 'same', 'trap', 'x', '', '{trap}', 'equipmentAlarm',
    'powerProblem', 'major', 'major', 'test', 'raised', now(), now(), now(), now(), 1, '', '', 0, false, 'unacknowledged',
    '', false, false, '{}', '', '{}', now() - interval '1 year' FROM generate_series(1, 3) n;"""
ALARMS: dict[str, Break] = {
    "condition has more than one open alarm": ALARM,
    "symptom's root is a symptom itself": ALARM
    + """UPDATE oss_alarms_alarm a SET root_id = b.id FROM oss_alarms_alarm b
        WHERE (a.number, b.number) IN (('ALM-T1', 'ALM-T2'), ('ALM-T2', 'ALM-T3'))""",
    "alarm that ends by itself has not ended": ALARM,
}
SERVICES: dict[str, Break] = {
    "service that has ended still holds something": """
        UPDATE service_mgmt_services_service SET state = 'terminated', ended = now()""",
    "service in use rests on one that is not": """
        UPDATE service_mgmt_services_service SET state = 'inactive' WHERE kind = 'rfs'""",
    "service and product disagree": f"UPDATE service_mgmt_services_service SET state = 'suspended' WHERE id = {CFS}",
}
for thing, table, state in (
    ("port", "oss_inventory_port", "usage"),
    ("vlan", "oss_addressing_vlan", "status"),
    ("address", "oss_addressing_address", "status"),
    ("number", "oss_addressing_telephonenumber", "status"),
):
    SERVICES |= {
        f"service holds a {thing} that is not kept for it": f"""
            UPDATE {table} SET holder = gen_random_uuid() WHERE id = {resource(thing)}""",
        f"service in use rests on a {thing} that is not in use": f"""
            UPDATE {table} SET {state} = 'reserved', reserved_until = now() WHERE id = {resource(thing)}""",
        f"{thing} is kept for a service that does not hold it": f"""
            UPDATE service_mgmt_services_serviceresource SET released = now() WHERE {thing}_id = {resource(thing)}""",
    }
PROVISIONING: dict[str, Break] = {
    "accepted item that nobody works on": f"""
        UPDATE bss_orders_productorderitem SET state = 'in_progress' WHERE id = {ITEM};
        UPDATE service_mgmt_provisioning_serviceorderitem SET product_order_item_id = NULL""",
    "open item has no run under way": f"""
        UPDATE service_mgmt_provisioning_serviceorderitem SET state = 'inProgress' WHERE id = {SERVICE_ITEM}""",
    "run goes on and no step of it can": f"UPDATE {RUN} SET status = 'running' WHERE id = {RUN_ID}",
    "step has lost its worker": f"""
        UPDATE {STEP} SET status = 'running', lease_until = now() - interval '1 hour' WHERE run_id = {RUN_ID}""",
    "step is due and nobody takes it": f"""
        UPDATE {STEP} SET status = 'ready' WHERE run_id = {RUN_ID};
        UPDATE {RUN} SET status = 'running' WHERE id = {RUN_ID}""",
    "run has failed and nobody is asked to look at it": f"UPDATE {RUN} SET status = 'failed' WHERE id = {RUN_ID}",
    "run is over and its item is not": f"""
        UPDATE service_mgmt_provisioning_serviceorderitem SET state = 'failed' WHERE id = {SERVICE_ITEM}""",
    "service order's state does not follow from its items": """
        UPDATE service_mgmt_provisioning_serviceorder SET state = 'inProgress' WHERE state = 'completed'""",
    "item of the service order and item of the product order disagree": f"""
        UPDATE bss_orders_productorderitem SET state = 'failed' WHERE id = {ITEM}""",
    "who pays for a telephone number's usage is not known": "DELETE FROM bss_usage_usageidentifier WHERE kind = 'e164'",
}
KERNEL: dict[str, Break] = {
    "event was never delivered": "UPDATE kernel_outboxevent SET delivered = NULL",
    "delivery waits for nobody": delivery,
    "job has lost its worker": lost_job,
    "bss_orders.Product: the journal says another status": f"""
        UPDATE bss_orders_product SET status = 'suspended' WHERE id = {PRODUCT}""",
    "bss_customers.Customer: changed without a word in the journal": """
        DELETE FROM kernel_journalentry; UPDATE bss_customers_customer SET version = 2""",
}
BREAKS: dict[str, dict[str, Break]] = {
    "billing": BILLING,
    "usage": USAGE,
    "orders": ORDERS,
    "inventory": INVENTORY,
    "addressing": ADDRESSING,
    "alarms": ALARMS,
    "services": SERVICES,
    "provisioning": PROVISIONING,
    "kernel": KERNEL,
}


def test_every_check_is_broken_below() -> None:
    untested = {
        (area, check.what)
        for area, module in AREAS.items()
        if area != "kernel"  # its checks of the journal are made for each model alike
        for check in import_module(module).CHECKS
        if check.what not in BREAKS[area]
    }

    assert untested == set()


def test_the_checker_finds_nothing_in_a_told_story_and_every_row_that_is_broken(
    lab: RunningLab,
    workers: Workers,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(settings, "LAB_STATE", str(lab.state_file))
    tell(lab, workers)
    call_command("audit_books", "--older-than", "0")
    assert capsys.readouterr().out == ""

    missed = [
        f"{area}: {what}"
        for area, breaks in BREAKS.items()
        for what, spoil in breaks.items()
        if not found(area, what, spoil)
    ]

    assert missed == []


def test_a_finding_is_one_line_with_the_number_of_its_row_and_ends_with_code_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lost_job()

    with pytest.raises(SystemExit) as ended:
        call_command("audit_books")

    assert ended.value.code == 1
    assert capsys.readouterr().out.startswith("kernel: job has lost its worker: lost (x ")


def test_past_a_hundred_rows_a_check_only_counts(db: None) -> None:
    rows = audit.run("x", [audit.Check("too many", "SELECT n FROM generate_series(1, 130) n")])

    assert len(rows) == audit.NAMED + 1
    assert str(rows[-1]) == "x: too many: and 30 more"


def tell(lab: RunningLab, workers: Workers) -> None:
    story = Teller(people.hire(), base_url="http://test", pump=workers.round, quiet=True)
    open_calendar(story)
    for name in CHAPTERS:
        assert story.tell(name, TELL[name]), story.step.error
    events.drain()
    with connection.cursor() as cursor:
        # What is still to be checked at the end of the transaction would keep tables from being altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(UNGUARD)


def found(area: str, what: str, spoil: Break) -> bool:
    """Whether the checker names what is wrong, past the constraints and triggers that would have refused it."""
    look = import_module(AREAS[area]).audit_books
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        if callable(spoil):
            spoil()
        else:
            cursor.execute(spoil)
        findings = look(NOW)
        transaction.set_rollback(True)
    return what in {finding.what for finding in findings}
