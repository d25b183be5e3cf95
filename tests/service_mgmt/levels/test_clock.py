"""The clock log: written once, taken back, replayed, and the forecast made of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from kernel.errors import Invalid
from kernel.ids import uuid7
from kernel.models import JournalEntry
from service_mgmt.levels import services
from service_mgmt.levels.models import SlaAgreement, SlaClockEvent
from tests.factories.service_mgmt_levels import (
    make_agreement,
    make_definition,
)
from tests.service_mgmt.levels.conftest import down

pytestmark = pytest.mark.django_db
DECEMBER, JANUARY = date(2025, 12, 1), date(2026, 1, 1)
AFTER = datetime(2026, 1, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


# -------------------------------------------------------------------------------------------------------------- clock


def test_the_log_takes_each_thing_once(agreement: SlaAgreement, now: datetime) -> None:
    cause = uuid7()
    args: dict[str, Any] = {"service_ids": [agreement.service_id] * 2, "at": now, "cause_id": cause}

    assert [services.start_clock(**args), services.start_clock(**args)] == [1, 0]
    assert [services.pause_clock(service_ids=[agreement.service_id], at=now) for _n in range(2)] == [1, 0]


def test_the_log_cannot_be_rewritten(agreement: SlaAgreement) -> None:
    down(agreement, 1)

    for change in (lambda rows: rows.update(at=AFTER), lambda rows: rows.delete()):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change(SlaClockEvent.objects.all())


def test_a_mistake_is_taken_back_with_its_reason(agreement: SlaAgreement) -> None:
    down(agreement, 1)
    wrong = SlaClockEvent.objects.get(kind="down")

    with pytest.raises(Invalid):
        services.take_back(event=wrong, reason=" ")
    services.take_back(event=wrong, reason="Customer had switched it off")

    assert (
        services.replay(agreement=agreement, start=datetime(2025, 12, 1, tzinfo=UTC), end=AFTER).downtime
        == HOUR * 0
    )
    assert JournalEntry.objects.get(verb="sla_clock_event.void").reason == "Customer had switched it off"
    with pytest.raises(Invalid, match="already"):
        services.take_back(event=wrong, reason="again")


def test_a_month_is_replayed_the_same_at_any_later_date(agreement: SlaAgreement) -> None:
    down(agreement, 2)
    bounds: dict[str, Any] = {
        "start": datetime(2025, 12, 1, tzinfo=UTC),
        "end": datetime(2026, 1, 1, tzinfo=UTC),
    }
    first = services.replay(agreement=agreement, **bounds, at=AFTER)

    services.start_clock(service_ids=[agreement.service_id], at=AFTER, cause_id=uuid7())

    assert services.replay(agreement=agreement, **bounds, at=AFTER + 99 * HOUR) == first


def test_the_forecast_says_what_is_left_and_when_it_runs_out(agreement: SlaAgreement) -> None:
    cause, noon = uuid7(), datetime(2025, 12, 10, 12, tzinfo=UTC)
    services.start_clock(service_ids=[agreement.service_id], at=noon, cause_id=cause)

    found = services.forecast(agreement=agreement, at=noon + timedelta(minutes=30))

    allowed = timedelta(minutes=44, seconds=38.4)  # 0.1 % of 744 hours
    assert (found.month, found.left, found.minutes_left) == (DECEMBER, allowed - timedelta(minutes=30), 14)
    assert found.breach_at == noon + allowed + timedelta(microseconds=1)
    services.stop_clock(service_ids=[agreement.service_id], at=noon + 2 * HOUR, cause_id=cause)
    late = services.forecast(agreement=agreement, at=noon + 3 * HOUR)
    assert (late.minutes_left, late.breach_at, late.measured.breached) == (0, None, True)
    # Down for 2 of the 232 hours from 1 December, 00:00 in Paris, to 10 December, 15:00 UTC.
    assert late.likely == (100 * (1 - Decimal(2) / 232)).quantize(Decimal("0.000001"))


def test_forecasts_of_many_agreements_read_the_log_once(
    django_assert_max_num_queries: Any, now: datetime
) -> None:
    definition = make_definition()
    rows = [make_agreement(definition=definition) for _n in range(6)]
    rows = list(
        SlaAgreement.objects.filter(pk__in=[row.pk for row in rows]).select_related("definition__calendar")
    )

    with django_assert_max_num_queries(1):
        assert len(services.forecasts(agreements=rows, at=now)) == 6
