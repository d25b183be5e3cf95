"""RADIUS accounting: cumulative reports become what each adds, whatever is repeated, lost or restarted."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from pyrad.packet import AcctPacket

from bss.usage import services
from bss.usage.models import (
    AccountingPacket,
    AccountingSession,
    SuspendedRecord,
    UsageFile,
    UsageRecord,
    UsageTotal,
)
from bss.usage.services.accounting import dictionary
from tests.factories.bss_orders import make_product
from tests.factories.bss_usage import make_radius_source

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
SECRET = b"shared"
GIB = 2**30


def report(seconds: int = 0, up: int = 0, down: int = 0, **overrides: Any) -> dict[str, Any]:
    return {
        "status": "interim", "element": "bng1", "session": "S1", "user": "site-1",
        "seconds": seconds, "up": up, "down": down, **overrides,
    }  # fmt: skip


def online(user: str, now: datetime) -> Any:
    product = make_product(active_from=now - timedelta(days=30))
    services.assign_identifier(
        kind="user_name", value=user, product_id=product.pk, start=now - timedelta(days=30)
    )
    return product


def process(source: Any, *reports: dict[str, Any]) -> UsageFile:
    for one in reports:
        services.take_report(report=one, source=source)
    (file,) = services.drain_accounting()
    return services.process_file(file.pk)


def usage() -> list[tuple[int, int]]:
    return list(UsageRecord.objects.order_by("started").values_list("seconds", "units"))


def test_each_report_adds_what_is_new(now: datetime) -> None:
    product, source = online("site-1", now), make_radius_source()
    start = now - timedelta(minutes=20)

    file = process(
        source,
        report(status="start", at=start.isoformat()),
        report(300, 10, 90, at=(start + timedelta(seconds=300)).isoformat()),
        report(600, 20, 5 * GIB, at=(start + timedelta(seconds=600)).isoformat()),
        report(700, 30, 5 * GIB, status="stop", at=(start + timedelta(seconds=700)).isoformat()),
    )

    assert (file.records_in, file.rated, file.duplicates) == (3, 3, 0)
    assert usage() == [(300, 100), (300, 10 + 5 * GIB - 90), (100, 10)]
    assert UsageRecord.objects.order_by("started").first().started == start
    total = UsageTotal.objects.get()
    assert (total.units, total.micros, total.billable) == (5 * GIB + 30, 0, False), (
        "the flat price pays for it"
    )
    session = AccountingSession.objects.get()
    assert (session.user, session.open, session.down) == ("site-1", False, 5 * GIB)
    assert total.product_id == product.pk


def test_repeats_and_late_reports_are_duplicates(now: datetime) -> None:
    online("site-1", now)
    source = make_radius_source()

    first = process(source, report(300, 0, 100), report(300, 0, 100), report(900, 0, 400))
    second = process(source, report(600, 0, 250), report(900, 0, 400), report(1200, 0, 500))

    assert (first.rated, first.duplicates) == (2, 1)
    assert (second.rated, second.duplicates) == (1, 2)
    assert sum(units for _seconds, units in usage()) == 500


def test_an_element_that_restarts_begins_its_sessions_anew(now: datetime) -> None:
    online("site-1", now)
    source = make_radius_source()

    process(source, report(300, 0, 1000))
    process(source, report(status="reset", session="", user=""), report(60, 0, 40), report(120, 0, 70))

    assert [units for _seconds, units in usage()].count(1000) == 1
    assert sum(units for _seconds, units in usage()) == 1070
    assert AccountingSession.objects.filter(open=True).count() == 1


def test_a_session_id_used_again_starts_from_nothing(now: datetime) -> None:
    online("site-1", now)
    source = make_radius_source()

    process(source, report(300, 0, 1000, at=(now - timedelta(minutes=9)).isoformat()))
    process(
        source,
        report(status="start", at=(now - timedelta(minutes=5)).isoformat()),
        report(100, 0, 30, at=(now - timedelta(minutes=3)).isoformat()),
    )

    assert sum(units for _seconds, units in usage()) == 1030


def test_what_nobody_owned_is_recycled_with_what_it_added(now: datetime) -> None:
    source = make_radius_source()
    file = process(source, report(300, 0, 100), report(600, 0, 250))
    assert (file.suspended, file.rated) == (2, 0)
    assert json.loads(SuspendedRecord.objects.order_by("line").last().raw)["delta"]["volume"] == 150
    process(source, report(900, 0, 300))  # the session goes on meanwhile

    online("site-1", now)
    counts = services.recycle_cause(reason="unknown_subscriber", identifier="site-1")

    assert counts == {"rated": 3, "duplicates": 0, "rejected": 0, "suspended": 0}
    assert sum(units for _seconds, units in usage()) == 300
    file.refresh_from_db()
    assert (file.rated, file.suspended) == (2, 0)


def packet(secret: bytes = SECRET, **attributes: Any) -> bytes:
    request = AcctPacket(secret=secret, dict=dictionary(), id=7)
    values: dict[str, Any] = {
        "User-Name": "site-1", "NAS-Identifier": "bng1", "Acct-Status-Type": 3, "Acct-Session-Id": "S1",
        "Acct-Session-Time": 300, "Acct-Input-Octets": 5, "Acct-Output-Octets": 7, "Acct-Output-Gigawords": 2,
        **attributes,
    }  # fmt: skip
    for name, value in values.items():
        request[name] = value
    wire: bytes = request.RequestPacket()
    return wire


def test_a_packet_is_stored_and_then_answered() -> None:
    source = make_radius_source()

    reply = services.ingest_radius(packet(), secret=SECRET, source=source)

    assert reply is not None
    assert reply[0] == 5, "Accounting-Response"
    stored = AccountingPacket.objects.get().report
    assert (stored["status"], stored["up"], stored["down"], stored["user"]) == (
        "interim",
        5,
        7 + 2 * 2**32,
        "site-1",
    )


@pytest.mark.parametrize("wire", [packet(secret=b"other"), b"", b"\x04\x07\x00\x14" + bytes(16), bytes(300)])
def test_what_is_not_authentic_gets_no_answer(wire: bytes) -> None:
    source = make_radius_source()

    assert services.ingest_radius(wire, secret=SECRET, source=source) is None
    assert not AccountingPacket.objects.exists()


def test_draining_nothing_makes_no_file() -> None:
    make_radius_source()

    assert services.drain_accounting() == []
