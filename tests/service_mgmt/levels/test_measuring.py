"""The measuring of service levels, without a database: whatever the order, every instant counts once."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.ids import uuid7
from kernel.periods import start_of
from service_mgmt.levels.services import spans
from service_mgmt.levels.services.measuring import Happening, Terms, as_json, measure

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
LATER = END + timedelta(days=400)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
A, B, WORK = uuid7(), uuid7(), uuid7()
TERMS = Terms(target=Decimal("99.9"))


class Office:
    """Monday to Friday, nine to five in Paris."""

    time_zone, country = "Europe/Paris", ""
    hours = {str(day): [["09:00", "17:00"]] for day in range(5)}


def at(day: int, hour: float = 0) -> datetime:
    return START + timedelta(days=day - 1, hours=hour)


def said(kind: str, when: datetime, cause: UUID | None = A, **more: Any) -> Happening:
    return Happening(id=uuid7(), kind=kind, at=when, cause_id=cause, **more)


def january(*log: Happening, terms: Terms = TERMS, known: datetime = LATER) -> Any:
    return measure(log, terms=terms, start=START, end=END, at=known)


def test_a_month_without_events_is_perfect() -> None:
    found = january()

    assert (found.agreed, found.downtime, found.availability) == (31 * 24 * HOUR, timedelta(0), Decimal(100))
    assert not found.breached


def test_downtime_lasts_from_down_to_up() -> None:
    found = january(said("down", at(5, 10), label="INC-1"), said("up", at(5, 12)))

    assert found.downtime == 2 * HOUR
    assert found.availability == Decimal("99.731182")  # 742/744, cut
    assert found.breached
    assert [(o.start, o.end, o.causes) for o in found.outages] == [(at(5, 10), at(5, 12), ("INC-1",))]


def test_incidents_at_once_count_once() -> None:
    found = january(
        said("down", at(5, 10), A),
        said("down", at(5, 11), B),
        said("up", at(5, 12), A),
        said("up", at(5, 13), B),
    )

    assert found.downtime == 3 * HOUR
    assert len(found.outages) == 1


def test_the_end_of_one_incident_does_not_end_another() -> None:
    found = january(said("down", at(5, 10), A), said("down", at(5, 10), B), said("up", at(5, 11), B))

    assert found.downtime == END - at(5, 10)


def test_what_is_down_at_the_end_of_the_month_counts_to_the_end_and_on_from_the_start_of_the_next() -> None:
    log = [said("down", at(31, 22)), said("up", END + 3 * HOUR)]

    january_ = january(*log)
    february = measure(log, terms=TERMS, start=END, end=END + timedelta(days=28), at=LATER)

    assert (january_.downtime, february.downtime) == (2 * HOUR, 3 * HOUR)


def test_a_month_seen_from_inside_counts_what_is_down_until_now() -> None:
    found = january(said("down", at(5, 10)), said("up", at(5, 20)), known=at(5, 12))

    assert found.downtime == 2 * HOUR
    assert found.running
    assert not january(said("down", at(5, 10)), said("up", at(5, 11)), known=at(5, 12)).running


def work(start: datetime, end: datetime, told: datetime | None) -> list[Happening]:
    return [said("maintenance_start", start, WORK, notified=told), said("maintenance_end", end, WORK)]


@pytest.mark.parametrize(
    ("told", "counted", "excluded"),
    [
        (at(1), 1 * HOUR, 2 * HOUR),  # nine days ahead
        (at(10, 2) - timedelta(days=5), 1 * HOUR, 2 * HOUR),  # to the second
        (at(10, 2) - timedelta(days=5) + timedelta(seconds=1), 3 * HOUR, timedelta(0)),  # too late
        (None, 3 * HOUR, timedelta(0)),  # no proof at all
    ],
)
def test_planned_work_is_left_out_only_with_proof_of_notice(
    told: datetime | None, counted: timedelta, excluded: timedelta
) -> None:
    terms = Terms(target=Decimal("99.9"), maintenance_notice=timedelta(days=5))
    log = [said("down", at(10, 3)), said("up", at(10, 6)), *work(at(10, 2), at(10, 5), told)]

    found = january(*log, terms=terms)

    assert (found.downtime, found.excluded) == (counted, excluded)


def test_where_planned_work_is_not_excluded_it_counts() -> None:
    log = [said("down", at(10, 3)), said("up", at(10, 6)), *work(at(10, 2), at(10, 5), at(1))]

    assert january(*log, terms=Terms(target=Decimal(99), exclude_maintenance=False)).downtime == 3 * HOUR


def test_a_pause_takes_time_out_of_the_agreement() -> None:
    found = january(
        said("down", at(10)),
        said("up", at(11)),
        said("pause", at(10, 12), None),
        said("resume", at(20, 12), None),
    )

    assert found.downtime == 12 * HOUR
    assert found.paused == 10 * 24 * HOUR
    assert found.agreed == 21 * 24 * HOUR


def test_only_agreed_hours_count() -> None:
    # Friday 16:00 to Monday 10:00 in Paris (UTC+1) is two agreed hours.
    log = [said("down", at(2, 15)), said("up", at(5, 9))]

    found = january(*log, terms=Terms(target=Decimal("99.9"), calendar=Office()))

    assert found.downtime == 2 * HOUR
    assert found.agreed == 22 * 8 * HOUR  # working days of January 2026


def test_march_in_paris_is_an_hour_short_and_october_an_hour_long() -> None:
    found = [
        measure([], terms=TERMS, start=start_of(first.date(), "Europe/Paris"), end=start_of(last.date(), "Europe/Paris"),
                at=LATER).agreed
        for first, last in (
            (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
            (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)),
        )
    ]  # fmt: skip

    assert found == [(31 * 24 - 1) * HOUR, (31 * 24 + 1) * HOUR]


def test_an_outage_over_the_lost_hour_has_its_real_length() -> None:
    paris = ZoneInfo("Europe/Paris")
    log = [
        said("down", datetime(2026, 3, 29, 1, 0, tzinfo=paris)),
        said("up", datetime(2026, 3, 29, 4, 0, tzinfo=paris)),
    ]

    found = measure(
        log, terms=TERMS, start=start_of(datetime(2026, 3, 1, tzinfo=UTC).date(), "Europe/Paris"),
        end=start_of(datetime(2026, 4, 1, tzinfo=UTC).date(), "Europe/Paris"), at=LATER,
    )  # fmt: skip

    assert found.downtime == 2 * HOUR


def test_what_was_taken_back_counts_no_more() -> None:
    wrong = said("down", at(5))
    log = [wrong, said("up", at(6)), said("void", at(5), voids=wrong.id)]

    assert january(*log).downtime == timedelta(0)


def test_a_repair_is_late_in_the_month_it_ends_in_by_its_whole_length() -> None:
    terms = Terms(target=Decimal(90), time_to_restore=4 * HOUR)
    log = [said("down", at(31, 21)), said("up", END + 2 * HOUR), said("down", at(5, 1)), said("up", at(5, 5))]

    first = january(*log, terms=terms)
    second = measure(log, terms=terms, start=END, end=END + timedelta(days=28), at=LATER)

    assert (first.late_repairs, second.late_repairs) == (0, 1)  # five hours in all; four are in time
    assert second.breached


@pytest.mark.parametrize(("more", "breached"), [(timedelta(0), False), (timedelta(microseconds=1), True)])
def test_the_target_is_missed_by_one_microsecond(more: timedelta, breached: bool) -> None:
    allowed = january().allowed  # 744 h × 0.1 % = 44 min 38.4 s
    assert allowed == timedelta(minutes=44, seconds=38.4)

    assert january(said("down", at(5)), said("up", at(5) + allowed + more)).breached is breached


def test_a_month_in_which_nothing_was_owed_is_not_breached() -> None:
    found = january(said("pause", START, None), said("down", at(5)))

    assert (found.agreed, found.availability, found.breached) == (timedelta(0), Decimal(100), False)


def test_outages_are_kept_as_exact_text() -> None:
    found = january(
        said("down", at(5), label="INC-7"), said("up", at(5) + timedelta(seconds=90, microseconds=5))
    )

    assert as_json(found.outages) == [
        {"start": "2026-01-05T00:00:00Z", "end": "2026-01-05T00:01:30.000005Z", "seconds": "90.000005",
         "causes": ["INC-7"], "late": False}
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------------- properties

instants = st.integers(-3 * 24 * 60, 34 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
kinds = st.sampled_from(
    ["down", "down", "up", "up", "maintenance_start", "maintenance_end", "pause", "resume"]
)
happenings = st.builds(
    lambda kind, when, cause, told: said(kind, when, cause, notified=told),
    kinds, instants, st.sampled_from([A, B, WORK, None]), st.none() | instants,
)  # fmt: skip
logs = st.lists(happenings, max_size=14, unique_by=lambda event: (event.kind, event.at, event.cause_id))
calendars = st.sampled_from([None, Office()])


@given(log=logs, calendar=calendars, seed=st.integers(0, 99), known=instants)
def test_the_order_of_arrival_changes_nothing(
    log: list[Happening], calendar: Any, seed: int, known: datetime
) -> None:
    terms = Terms(target=Decimal(99), calendar=calendar, maintenance_notice=HOUR, time_to_restore=HOUR)
    shuffled = log[:]
    random.Random(seed).shuffle(shuffled)

    assert january(*log, terms=terms, known=known) == january(*shuffled, terms=terms, known=known)


@given(log=logs, calendar=calendars, known=instants)
def test_parts_make_up_the_whole(log: list[Happening], calendar: Any, known: datetime) -> None:
    terms = Terms(target=Decimal(99), calendar=calendar, maintenance_notice=HOUR)

    found = january(*log, terms=terms, known=known)

    hours = spans.length(found.windows)
    assert timedelta(0) <= found.downtime + found.excluded <= found.agreed == hours
    assert sum((outage.counted for outage in found.outages), timedelta(0)) == found.downtime
    assert Decimal(0) <= found.availability <= Decimal(100)
    assert found.below(Decimal(100)) == bool(found.downtime)


@given(log=logs, cut=instants.filter(lambda when: START < when < END))
def test_a_month_is_the_sum_of_its_parts(log: list[Happening], cut: datetime) -> None:
    terms = Terms(target=Decimal(99), maintenance_notice=HOUR)
    whole = january(*log, terms=terms)

    halves = [
        measure(log, terms=terms, start=start, end=end, at=LATER) for start, end in ((START, cut), (cut, END))
    ]

    assert sum((half.downtime for half in halves), timedelta(0)) == whole.downtime
    assert sum((half.agreed for half in halves), timedelta(0)) == whole.agreed


@given(log=logs, times=st.integers(2, 3))
def test_told_twice_is_told_once(log: list[Happening], times: int) -> None:
    again = [event._replace(id=uuid7()) for event in log for _n in range(times)]

    assert january(*again).downtime == january(*log).downtime


@given(log=logs, known=instants)
def test_a_replay_knows_nothing_of_what_came_later(log: list[Happening], known: datetime) -> None:
    terms = Terms(target=Decimal(99), time_to_restore=HOUR)

    assert january(*log, terms=terms, known=known) == january(
        *[event for event in log if event.at <= known], terms=terms, known=known
    )


points = st.integers(0, 60)
sets = st.lists(st.tuples(points, points), max_size=8).map(
    lambda pairs: spans.union((START + a * MINUTE, START + b * MINUTE) for a, b in pairs)
)


def minutes(found: list[spans.Span]) -> set[int]:
    return {n for n in range(60) if any(start <= START + n * MINUTE < end for start, end in found)}


@given(left=sets, right=sets)
def test_sets_of_time_are_sets_of_minutes(left: list[spans.Span], right: list[spans.Span]) -> None:
    assert minutes(spans.union([*left, *right])) == minutes(left) | minutes(right)
    assert minutes(spans.cut(left, right)) == minutes(left) & minutes(right)
    assert minutes(spans.without(left, right)) == minutes(left) - minutes(right)
    assert spans.length(left) == len(minutes(left)) * MINUTE
