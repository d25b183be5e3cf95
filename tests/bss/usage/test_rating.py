"""The engine that rates in columns agrees with the rules written for reading, and both with published examples."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bss.usage.services import rating, reference
from bss.usage.services.plans import Hours, Plan, Rate, Slot
from kernel.errors import Invalid
from kernel.money import MICRO

CASES = Path(__file__).resolve().parents[4] / "shared" / "cases" / "billing-cases.json"
PARIS, TOKYO = "Europe/Paris", "Asia/Tokyo"
PREFIXES = {"33": "fr", "331": "paris", "336": "mobile", "3361": "premium", "44": "uk", "1": "us"}


def plan(rates: dict[tuple[str | None, str | None], Rate], **overrides: Any) -> Plan:
    values: dict[str, Any] = {
        "id": UUID(int=1),
        "version": "voice 1",
        "currency": "EUR",
        "prefixes": PREFIXES,
    }
    return Plan(**{**values, "rates": rates, "time_zone": PARIS, **overrides})


def in_columns(
    tariff: Plan, calls: list[tuple[str, datetime, int, int, bool]], zone: str = PARIS
) -> list[dict[str, Any]]:
    """Rate (number, start, seconds, covered, opens) with the engine."""
    frame = pl.DataFrame(
        [(0, zone, "voice", *call) for call in calls],
        schema={
            "plan": pl.Int64, "account_zone": pl.String, "kind": pl.String, "other": pl.String,
            "started": pl.Datetime("us", "UTC"), "units": pl.Int64, "covered": pl.Int64, "opens": pl.Boolean,
        },
        orient="row",
    )  # fmt: skip
    days = [start.date() for _number, start, *_rest in calls]
    tables = rating.Tables([tariff], [zone], min(days), max(days))
    located = rating.located(frame, tables).with_columns(taken=pl.min_horizontal("covered", "charged"))
    return list(rating.priced(located, tables).iter_rows(named=True))


# --- agreement ------------------------------------------------------------------------------------------------------

amounts = st.integers(0, 500_000)
steps = st.sampled_from([1, 6, 30, 60])


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    edges = draw(st.sampled_from([[0], [0], [0, 60], [0, 30, 100]]))
    bounds = st.sampled_from([0, 0, 40_000, 300_000])
    return Rate(
        tuple(
            Slot(edge, draw(amounts) if not edge else 0, draw(amounts), draw(st.sampled_from([1, 60, 7])),
                 draw(steps), draw(steps), draw(bounds), draw(bounds))
            for edge in edges
        )
    )  # fmt: skip


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    hours = []
    for day in range(8):
        cut = draw(st.integers(1, 1439))
        hours.append(Hours(day, draw(st.integers(0, cut - 1)), cut, "peak"))
        if draw(st.booleans()):
            hours.append(Hours(day, cut, 1440, "night"))
    keys = st.tuples(st.sampled_from(["fr", "mobile", "uk", None]), st.sampled_from(["peak", "night", None]))
    table = draw(st.dictionaries(keys, rates(), min_size=1, max_size=6))
    return plan(
        table,
        hours=tuple(hours),
        default_band=draw(st.sampled_from(["", "off"])),
        time_zone=draw(st.sampled_from(["", PARIS, "America/New_York"])),
        holidays=frozenset(draw(st.lists(st.sampled_from([date(2026, 3, 30), date(2026, 10, 24)])))),
    )


# Around both clock changes of 2026, and a plain day.
starts = st.builds(
    lambda base, seconds: base + timedelta(seconds=seconds),
    st.sampled_from([datetime(2026, month, day, 20, tzinfo=UTC) for month, day in ((3, 28), (10, 24), (1, 15))]),
    st.integers(0, 40_000),
)  # fmt: skip
numbers = st.builds(
    lambda p, rest: f"+{p}{rest}",
    st.sampled_from([*PREFIXES, "3", "99", "447"]),
    st.from_regex(r"\A[0-9]{1,8}\Z"),
)
durations = st.one_of(st.sampled_from([0, 1, 29, 30, 31, 59, 60, 61, 100, 101]), st.integers(1, 4_000))
calls = st.tuples(numbers, starts, durations, st.sampled_from([0, 0, 30, 5000]), st.booleans())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tariff=plans(), made=st.lists(calls, min_size=1, max_size=8), zone=st.sampled_from([PARIS, TOKYO]))
def test_columns_agree_with_the_rules_second_by_second(
    tariff: Plan, made: list[tuple[str, datetime, int, int, bool]], zone: str
) -> None:
    for call, row in zip(made, in_columns(tariff, made, zone), strict=True):
        number, start, seconds, covered, opens = call
        expected = reference.rate_call(
            tariff, number, start, seconds, zone=zone, covered=covered, opens=opens
        )
        if isinstance(expected, reference.Unrated):
            assert row["reason"] == expected.reason
            continue
        assert row["reason"] is None
        got = {name: row[name] for name in ("charged", "steps", "taken", "connect", "micros")}
        assert got == {name: getattr(expected, name) for name in got}
        assert (row["zone_code"], row["band_code"]) == (expected.zone, expected.band)


@settings(max_examples=40, deadline=None)
@given(rate=rates(), volume=st.integers(0, 10**13), covered=st.sampled_from([0, 10**9]))
def test_volumes_agree_with_the_rules(rate: Rate, volume: int, covered: int) -> None:
    tariff = plan({(None, None): rate}, service="data")
    start = datetime(2026, 1, 15, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "plan": [0], "account_zone": [PARIS], "kind": ["data"], "other": [""], "started": [start],
            "units": [volume], "opens": [True],
        }
    ).with_columns(pl.col("started").cast(pl.Datetime("us", "UTC")))  # fmt: skip
    tables = rating.Tables([tariff], [PARIS], start.date(), start.date())
    located = rating.located(frame, tables).with_columns(taken=pl.min_horizontal(pl.lit(covered), "charged"))
    row = rating.priced(located, tables).row(0, named=True)
    expected = reference.rate_volume(tariff, start, volume, zone=PARIS, covered=covered)
    assert isinstance(expected, reference.Charge)
    assert (row["charged"], row["connect"], row["micros"]) == (
        expected.charged,
        expected.connect,
        expected.micros,
    )


# --- named rules ----------------------------------------------------------------------------------------------------


def test_the_longest_prefix_decides_and_not_its_price() -> None:
    tariff = plan({("fr", None): Rate((Slot(price=10),)), ("premium", None): Rate((Slot(price=90_000),))})
    at = datetime(2026, 1, 15, 12, tzinfo=UTC)

    premium, plain, short = in_columns(
        tariff, [("+33612345678", at, 60, 0, True), ("+33299", at, 60, 0, True), ("+336", at, 60, 0, True)]
    )

    assert (premium["zone_code"], premium["micros"]) == ("premium", 90_000)
    assert (plain["zone_code"], plain["micros"]) == ("fr", 10)
    assert short["zone_code"] == "mobile", "a number shorter than a longer prefix does not have it"


def test_an_hour_that_does_not_exist_is_not_charged() -> None:
    peak = Rate((Slot(price=60 * MICRO),))
    tariff = plan(
        {("fr", "night"): peak, ("fr", None): Rate((Slot(price=0),))},
        hours=tuple(Hours(day, 60, 180, "night") for day in range(7)),
    )
    # 29 March 2026, 1:30 in Paris; clocks jump from 2 to 3: half an hour of night is left, then day.
    (row,) = in_columns(tariff, [("+33299", datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 3600, 0, True)])

    assert row["micros"] == 1800 * MICRO
    assert row["bands"] == "night:1800 :1800"


def test_a_tariff_too_fine_to_be_exact_is_refused() -> None:
    tariff = plan({("fr", None): Rate((Slot(price=10**13, per=10**9),))})

    with pytest.raises(Invalid, match="too fine"):
        _ = tariff.divisor


# --- published examples -----------------------------------------------------------------------------------------------


def cases(*kinds: str) -> list[Any]:
    if not CASES.exists():
        return [pytest.param({}, id="absent", marks=pytest.mark.skip(reason="shared/cases is not there"))]
    found = [case for case in json.loads(CASES.read_text(encoding="utf-8")) if case["kind"] in kinds]
    return [pytest.param(case, id=case["id"]) for case in found]


def micros(text: str) -> int:
    return int((Decimal(text) * MICRO).to_integral_value(rounding="ROUND_HALF_UP"))


def cost(tariff: Plan, start: datetime, seconds: int, *, opens: bool = True) -> int:
    charge = reference.rate_call(tariff, "+33299", start, seconds, zone="UTC", opens=opens)
    assert isinstance(charge, reference.Charge)
    (row,) = in_columns(tariff, [("+33299", start, seconds, 0, opens)], "UTC")
    assert row["micros"] == charge.micros
    return charge.micros


@pytest.mark.parametrize("case", cases("voice_rating", "voice_rating_30_6"))
def test_calls_in_rate_slots(case: dict[str, Any]) -> None:
    slots = tuple(
        Slot(
            slot["from_s"], micros(slot["connect"]), micros(slot["rate"]), slot["unit"], slot["increment"],
            slot["increment"],
        )
        for slot in case["input"]["rate_slots"]
    )  # fmt: skip
    wanted = case["expected"].get("cost_exact_decimal") or case["expected"]["cost"]

    got = cost(
        plan({("fr", None): Rate(slots)}, time_zone="UTC"),
        datetime(2015, 1, 1, tzinfo=UTC),
        case["input"]["usage_seconds"],
    )

    assert got == micros(wanted)


@pytest.mark.parametrize("case", cases("voice_rating_max_cost"))
def test_calls_with_a_ceiling(case: dict[str, Any]) -> None:
    given_ = case["input"]
    slot = Slot(price=micros(given_["rate_per_second"]), per=1, maximum=micros(given_["max_cost"]))

    got = cost(
        plan({("fr", None): Rate((slot,))}, time_zone="UTC"),
        datetime(2015, 3, 23, 19, tzinfo=UTC),
        given_["usage_seconds"],
    )

    assert got == micros(case["expected"]["cost"])


@pytest.mark.parametrize("case", cases("voice_peak_offpeak"))
def test_calls_across_bands(case: dict[str, Any]) -> None:
    bands = case["input"]["tariff"]
    table = {
        ("fr", name): Rate(
            (Slot(connect=micros(band.get("connect", "0")), price=micros(band["per_second"]), per=1),)
        )
        for name, band in bands.items()
    }
    hours = [Hours(day, 0, 1080, "peak") for day in range(5)] + [
        Hours(day, 1080, 1440, "evening") for day in range(5)
    ]
    tariff = plan(table, hours=tuple(hours), default_band="weekend", time_zone="UTC")
    start = datetime.fromisoformat(case["input"]["start"]).replace(tzinfo=UTC)
    end = datetime.fromisoformat(case["input"]["end"]).replace(tzinfo=UTC)
    opens = not case["input"].get("continuation_of_running_session", False)

    assert cost(tariff, start, int((end - start).total_seconds()), opens=opens) == micros(
        case["expected"]["cost"]
    )


@pytest.mark.parametrize("case", cases("voice_rounding_mode"))
def test_the_unrounded_cost_is_exact(case: dict[str, Any]) -> None:
    slot = Slot(price=micros(case["input"]["rate_per_second"]), per=1)

    got = cost(
        plan({("fr", None): Rate((slot,))}, time_zone="UTC"),
        datetime(2015, 1, 1, tzinfo=UTC),
        case["input"]["usage_seconds"],
    )

    assert got == 330_000, "0.33 before that project rounds it up to 0.4"


@pytest.mark.parametrize("case", cases("shared_bucket", "free_units"))
def test_allowances_are_used_up_in_order(case: dict[str, Any]) -> None:
    given_, expected = case["input"], case["expected"]
    if case["kind"] == "free_units":
        left = [given_["free_units"] - given_["units_before"]]
        covered = reference.consume(left, given_["units"])
        assert (covered, given_["units"] - covered) == (expected["free_used_now"], expected["billable_units"])
        return
    left = [given_["account_shared_allowance"], given_.get("own_allowance", 0)]

    covered = reference.consume(left, given_["units"])

    over = given_["units"] - covered
    assert (covered, over) == (expected["from_allowance"], expected["over"])
    assert over * Decimal(given_["price"]) == Decimal(expected["charge"])
