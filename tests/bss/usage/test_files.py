"""Files of call records: each record ends in one place, and a crash or a repeat changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from bss.usage import services
from bss.usage.models import Bucket, SuspendedRecord, UsageFile, UsageRecord, UsageTotal
from bss.usage.services import charging, files
from kernel import clock
from tests.factories.bss_usage import call, make_file, make_source, make_subscriber, rate_lines

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]


def counts(file: UsageFile) -> tuple[int, ...]:
    return file.records_in, file.rated, file.suspended, file.duplicates, file.rejected


def test_a_call_is_rated_and_explains_its_price(now: datetime) -> None:
    line = make_subscriber("+33299000101")
    at = now - timedelta(hours=2)  # a Thursday, 9:00 in Paris: peak

    file = rate_lines(call("+33299000101", "0612345678", at=at, seconds=90, key="k1"))

    record = UsageRecord.objects.get()
    assert counts(file) == (1, 1, 0, 0, 0)
    assert (record.product_id, record.other, record.zone, record.bands) == (
        line.product_id,
        "+33612345678",
        "mobile",
        "peak",
    )
    # 0.05 connect + 90 s at 0.12 a minute
    assert (record.charged, record.connect, record.micros) == (90, 50_000, 230_000)
    assert record.cycle_start.isoformat() == "2026-01-01"
    total = UsageTotal.objects.get()
    assert (total.records, total.micros, total.charged, total.zone) == (1, 230_000, 90, "mobile")
    assert file.status == UsageFile.Status.PROCESSED


def test_every_record_ends_in_exactly_one_place(now: datetime) -> None:
    make_subscriber("+33299000101")
    lines = [
        call("+33299000101", key="good"),
        call("+33299000101", key="good", at=now - timedelta(hours=2)),  # repeat
        call("+33299000101", key="late", at=now - timedelta(days=3)),
        call("+33299000101", key="old", at=now - timedelta(days=500)),
        call("+33299000101", key="future", at=now + timedelta(hours=3)),
        call("+33299000199", key="stranger"),
        call("+33299000101", "+999123456", key="nowhere"),
        call("+33299000101", "abc", key="letters"),
        call("+33299000101", key="incoming", direction="in"),
        call("+33299000101", key="no answer", seconds=0),
        "half a li",
        call("+33299000101", key="when", start="yesterday"),
        "",
    ]

    file = rate_lines(*lines)

    assert counts(file) == (12, 2, 7, 1, 2)
    assert (file.late, file.reasons) == (1, {"not_charged": 1, "unanswered": 1})
    assert set(SuspendedRecord.objects.values_list("reason", flat=True)) == {
        "too_old", "future", "unknown_subscriber", "unknown_zone", "bad_number", "malformed",
    }  # fmt: skip
    assert set(UsageRecord.objects.values_list("key", flat=True)) == {"good", "late"}
    assert UsageRecord.objects.get(key="late").late


def test_the_same_file_twice_is_one_file() -> None:
    make_subscriber("+33299000101")
    source, line = make_source(), call("+33299000101")

    first = rate_lines(line, source=source)
    second = make_file(line, source=source)

    assert first.pk == second.pk
    assert services.process_file(second.pk).rated == 1
    assert UsageRecord.objects.count() == 1


def test_a_record_seen_in_an_earlier_file_is_a_duplicate() -> None:
    make_subscriber("+33299000101")
    source, line = make_source(), call("+33299000101", key="k1")
    rate_lines(line, source=source)

    file = rate_lines(line, call("+33299000101", key="k2"), source=source)

    assert counts(file) == (2, 1, 0, 1, 0)
    assert rate_lines(line, source=make_source()).rated == 1, "another source has its own keys"


def test_batches_add_up_whatever_their_size() -> None:
    make_subscriber("+33299000101", allowance={"quantity": 10})
    lines = [call("+33299000101", key=f"k{index}", seconds=70) for index in range(40)]
    lines.insert(20, lines[3])

    file = services.process_file(make_file(*lines).pk, batch_bytes=300)

    assert counts(file) == (41, 40, 0, 1, 0)
    assert file.batches.count() > 5
    assert UsageRecord.objects.count() == 40
    assert sum(UsageRecord.objects.values_list("taken", flat=True)) == 600 == Bucket.objects.get().used
    assert sum(UsageTotal.objects.values_list("micros", flat=True)) == file.micros


def test_a_crash_in_the_middle_loses_and_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    make_subscriber("+33299000101", allowance={"quantity": 10})
    lines = [call("+33299000101", key=f"k{index}", seconds=70) for index in range(40)]
    file = make_file(*lines)
    store, calls = charging.store, []

    def dies_in_the_third(*args: Any) -> None:
        store(*args)
        calls.append(args)
        if len(calls) == 3:
            raise ConnectionError("gone")

    monkeypatch.setattr(charging, "store", dies_in_the_third)
    with pytest.raises(ConnectionError):
        services.process_file(file.pk, batch_bytes=300)
    file.refresh_from_db()
    assert (file.status, file.error) == (UsageFile.Status.FAILED, "ConnectionError: gone")
    assert 0 < UsageRecord.objects.count() == file.rated < 40

    done = services.process_file(file.pk, batch_bytes=300)

    assert counts(done) == (40, 40, 0, 0, 0)
    assert UsageRecord.objects.count() == 40
    assert Bucket.objects.get().used == 600


def test_a_file_whose_database_went_away_is_not_stopped_but_swept_up(monkeypatch: pytest.MonkeyPatch) -> None:
    make_subscriber("+33299000101")
    file = make_file(call("+33299000101"))
    store = charging.store

    def outage(*args: Any) -> None:
        monkeypatch.setattr(charging, "store", store)
        raise OperationalError("terminating connection")

    monkeypatch.setattr(charging, "store", outage)
    with pytest.raises(OperationalError):
        services.process_file(file.pk)
    file.refresh_from_db()
    assert (file.status, file.error) == (UsageFile.Status.PROCESSING, "")
    assert services.unfinished(older_than=clock.system_now()) == [file.pk]

    assert counts(services.process_file(file.pk)) == (1, 1, 0, 0, 0)


def test_a_file_that_a_worker_left_behind_is_found_again() -> None:
    file = make_file(call("+33299000101"))
    UsageFile.objects.filter(pk=file.pk).update(status="processing")

    assert services.unfinished(older_than=clock.system_now() + timedelta(seconds=1)) == [file.pk]
    assert services.process_file(file.pk).suspended == 1
    assert services.unfinished(older_than=clock.system_now() + timedelta(seconds=1)) == []


def test_records_of_an_ended_number_belong_to_nobody(now: datetime) -> None:
    line = make_subscriber("+33299000101")
    services.end_identifier(kind="e164", value="+33 2 99 00 01 01", at=now - timedelta(hours=1))
    other = make_subscriber("+33299000102").product
    services.assign_identifier(
        kind="e164", value="+33299000101", product_id=other.pk, start=now - timedelta(minutes=30)
    )

    file = rate_lines(
        call("+33299000101", key="before", at=now - timedelta(hours=2)),
        call("+33299000101", key="between", at=now - timedelta(minutes=45)),
        call("+33299000101", key="after", at=now - timedelta(minutes=15)),
    )

    assert counts(file) == (3, 2, 1, 0, 0)
    assert UsageRecord.objects.get(key="before").product_id == line.product_id
    assert UsageRecord.objects.get(key="after").product_id == other.pk


def test_half_a_file_keeps_its_whole_lines_and_suspends_the_broken_one() -> None:
    make_subscriber("+33299000101")
    text = "\n".join([call("+33299000101", key="a"), call("+33299000101", key="b")])

    file = services.ingest_file(text[:-40].encode(), source=make_source())

    assert counts(services.process_file(file.pk)) == (2, 1, 1, 0, 0)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00bad", b'"un,closed\n' * 3])
def test_broken_bytes_never_stop_the_mediation(content: bytes) -> None:
    source = make_source()
    if not content:
        with pytest.raises(files.Invalid):
            services.ingest_file(content, source=source)
        return

    file = services.process_file(services.ingest_file(content, source=source).pk)

    assert file.records_in == file.suspended > 0
