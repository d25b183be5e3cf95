"""The error bin: mended records and mended causes go through once more, and the counts of their files follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bss.catalog.models import Zone, ZonePrefix
from bss.usage import services
from bss.usage.models import SuspendedRecord, UsageFile, UsageRecord, UsageTotal
from kernel import clock, lifecycle
from kernel.errors import IllegalMove, Invalid
from kernel.models import JournalEntry
from tests.factories.bss_usage import call, make_source, make_subscriber, rate_lines

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]


def counts(file: UsageFile) -> tuple[int, ...]:
    file.refresh_from_db()
    return file.records_in, file.rated, file.suspended, file.duplicates, file.rejected


def test_a_mended_line_is_rated() -> None:
    make_subscriber("+33299000101")
    good = call("+33299000101", key="k1", seconds=60)
    file = rate_lines(good.replace(",60,", ",sixty,"))
    row = SuspendedRecord.objects.get(reason="malformed")

    result = services.recycle(suspended=row, mend=good)

    row.refresh_from_db()
    assert result == {"rated": 1, "duplicates": 0, "rejected": 0, "suspended": 0}
    assert (row.state, row.outcome, row.mended, row.raw) == (
        "recycled",
        "rated",
        good,
        good.replace(",60,", ",sixty,"),
    )
    assert counts(file) == (1, 1, 0, 0, 0)
    assert UsageRecord.objects.get().line == row.line
    assert file.micros == UsageTotal.objects.get().micros == UsageRecord.objects.get().micros
    assert JournalEntry.objects.filter(object_id=row.pk, verb="suspended_record.mended").exists()


def test_a_mended_cause_frees_all_that_waited_for_it() -> None:
    line = make_subscriber("+33299000101")
    file = rate_lines(*[call("+33299000101", "+999555123", key=f"k{n}") for n in range(5)])
    assert counts(file) == (5, 0, 5, 0, 0)
    plan = line.product.prices.get().price.tariff.zone_plan
    ZonePrefix.objects.create(plan=plan, zone=Zone.objects.get(plan=plan, code="europe"), prefix="9995")

    assert services.recycle_cause(reason="unknown_zone")["rated"] == 5
    assert services.recycle_cause(reason="unknown_zone")["rated"] == 0, "nothing is left to recycle"
    assert counts(file) == (5, 5, 0, 0, 0)


def test_what_is_still_wrong_stays_with_its_reason_of_now() -> None:
    file = rate_lines(call("+33299000101", "+999555123"))
    assert SuspendedRecord.objects.get().reason == "unknown_subscriber"
    make_subscriber("+33299000101")

    result = services.recycle_cause(reason="unknown_subscriber")

    row = SuspendedRecord.objects.get()
    assert (row.state, row.reason, row.attempts) == ("open", "unknown_zone", 1)
    assert (result["suspended"], counts(file)) == (1, (1, 0, 1, 0, 0))


def test_a_recycled_record_that_came_again_meanwhile_is_a_duplicate() -> None:
    line, source = call("+33299000101", key="k1"), make_source()
    first = rate_lines(line, source=source)
    make_subscriber("+33299000101")
    rate_lines(line, call("+33299000101", key="k2"), source=source)

    assert services.recycle_cause(reason="unknown_subscriber") == {
        "rated": 0, "duplicates": 1, "rejected": 0, "suspended": 0,
    }  # fmt: skip
    assert counts(first) == (1, 0, 0, 1, 0)
    assert UsageRecord.objects.filter(key="k1").count() == 1


def test_discarded_records_count_as_rejected_and_need_a_reason() -> None:
    file = rate_lines(call("+33299000101"), call("+33299000101"))
    rows = list(SuspendedRecord.objects.all())

    with pytest.raises(Invalid):
        services.discard(suspended=rows, reason=" ")
    services.discard(suspended=rows, reason="test calls")
    services.discard(suspended=rows, reason="test calls")

    assert counts(file) == (2, 0, 0, 0, 2)
    assert file.reasons == {"discarded": 2}
    assert services.recycle(suspended=rows)["rated"] == 0


@pytest.mark.parametrize("text", ["", "two\nlines"])
def test_a_mended_record_is_one_line(text: str) -> None:
    rate_lines(call("+33299000101"))

    with pytest.raises(Invalid):
        services.recycle(suspended=SuspendedRecord.objects.get(), mend=text)


CYCLES: list[Any] = [(SuspendedRecord, "state"), (UsageFile, "status")]


@pytest.mark.parametrize(
    ("model", "before", "after"),
    [
        (model, before, after)
        for model, _field in CYCLES
        for before in model.lifecycle.moves
        for after in model.lifecycle.moves
    ],
)
def test_every_pair_of_states_follows_the_table(model: Any, before: str, after: str) -> None:
    file = rate_lines(call("+33299000101"))
    row = file if model is UsageFile else SuspendedRecord.objects.get()
    model.objects.filter(pk=row.pk).update(**{model.lifecycle.field: before})
    row.refresh_from_db()

    if model.lifecycle.allows(before, after):
        assert getattr(lifecycle.move(row, after), model.lifecycle.field) == after
    else:
        with pytest.raises(IllegalMove):
            lifecycle.move(row, after)


def test_buckets_are_used_up_in_order_of_time_across_products() -> None:
    now = clock.now()
    first = make_subscriber("+33299000101", allowance={"quantity": 5})
    make_subscriber(
        "+33299000102", product=None, offering=first.product.offering, account=first.product.account
    )

    rate_lines(
        call("+33299000102", key="b", at=now - timedelta(minutes=50), seconds=120),
        call("+33299000101", key="c", at=now - timedelta(minutes=40), seconds=100),
        call("+33299000101", key="a", at=now - timedelta(minutes=60), seconds=120),
        call("+33299000102", key="d", at=now - timedelta(minutes=30), seconds=10),
    )

    taken = dict(UsageRecord.objects.values_list("key", "taken"))
    assert taken == {"a": 120, "b": 120, "c": 60, "d": 0}, "300 s shared, earliest first"
