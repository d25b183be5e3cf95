from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest

from lab.__main__ import main
from lab.control.server import ControlError
from lab.running import Lab
from lab.voice.generator import Generator, Order, numbers_from
from lab.voice.records import HEADER, ZONE
from tests.lab.helpers import GATEWAY, ask, ask_json, in_lab

OURS, SECOND, OUTSIDE = "+33261910101", "+33261910102", "+33199000042"
NUMBERS = numbers_from("+33261910100-+33261910199")
COLUMNS = HEADER.split(",")


async def add_lines(lab: Lab) -> None:
    lines = [
        line for number in (OURS, SECOND) for line in (f"voice line {number}", "channels 1", "trunk armor-a")
    ]
    assert "complete" in await ask(lab, GATEWAY, "configure session lines", *lines, "commit")


def records(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


@in_lab()
async def test_calls_end_in_a_file(lab: Lab, tmp_path: Path) -> None:
    await add_lines(lab)
    lab.controls.run("call", [OURS, OUTSIDE, "180"])
    lab.controls.run("call", [OUTSIDE, SECOND, "60", "19"])
    lab.controls.run("call", [OURS, SECOND, "5"])
    (name,) = lab.controls.run("flush", [])["files"]
    rows = records(Path(name))
    assert list(rows[0]) == COLUMNS
    assert [(row["direction"], row["duration_seconds"], row["cause"], row["trunk"]) for row in rows] == [
        ("out", "180", "16", "armor-a"),
        ("in", "0", "19", "armor-a"),
        ("onnet", "5", "16", ""),
    ]
    assert rows[1]["answer_seconds"] == ""
    assert datetime.fromisoformat(rows[0]["start"]).utcoffset() is not None
    assert len({row["call_id"] for row in rows}) == 3
    assert [path.suffix for path in (tmp_path / "cdr").iterdir()] == [".csv"]
    assert lab.controls.run("flush", []) == {"files": []}


@in_lab()
async def test_a_blocked_line_and_a_lost_core_stop_calls(lab: Lab) -> None:
    await add_lines(lab)
    await ask(lab, GATEWAY, "configure session b", f"voice line {OURS}", "blocked", "commit")
    assert lab.controls.run("call", [OURS, OUTSIDE, "9"])["cause"] == 21
    lab.controls.run("cut", ["cr1-sbc1"])
    assert lab.controls.run("call", [SECOND, OUTSIDE, "9"])["cause"] == 38
    with pytest.raises(ControlError, match="is a voice line"):
        lab.controls.run("call", [OUTSIDE, OUTSIDE, "9"])


@in_lab()
async def test_channels_are_held_while_a_call_lasts(lab: Lab) -> None:
    await add_lines(lab)
    gateway = lab.gateways[0]
    gateway.begin(OURS, OUTSIDE, 3600)
    shown = (await ask_json(lab, GATEWAY, "show voice lines"))["lines"]
    assert (shown[OURS]["inUse"], shown[SECOND]["inUse"]) == (1, 0)
    assert lab.controls.run("call", [OURS, OUTSIDE, "9"])["cause"] == 34
    assert lab.controls.run("call", [OUTSIDE, OURS, "9"])["cause"] == 17


def test_the_same_order_makes_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, other = (tmp_path / name for name in ("a.csv", "b.csv", "c.csv"))
    for path, seed in ((first, "7"), (second, "7"), (other, "8")):
        arguments = ["calls", "--count", "500", "--seed", seed, "--from", "2026-01-05", "--out", str(path)]
        extras = ["--duplicates", "5", "--malformed", "6", "--late", "7", "--numbers", f"{OURS},{SECOND}"]
        assert main([*arguments, *extras]) == 0
    assert first.read_bytes() == second.read_bytes() != other.read_bytes()
    summary = json.loads(capsys.readouterr().out.splitlines()[0])
    assert summary | {"good": 500, "duplicates": 5, "malformed": 6, "late": 7, "lines": 518} == summary
    assert len(first.read_text().splitlines()) == 519


def test_the_generator_counts_what_it_was_asked_for() -> None:
    order = Order(1000, 7, date(2026, 1, 5), NUMBERS, days=2, duplicates=20, malformed=30, late=40)
    generator = Generator(order)
    lines = list(generator.lines())
    repeated = {line: number for line, number in Counter(lines).items() if number > 1}
    assert sum(repeated.values()) - len(repeated) == 20
    good, broken, late, seconds = 0, 0, 0, 0
    for line in dict.fromkeys(lines):
        fields = dict(zip(COLUMNS, line.split(","), strict=False))
        try:
            start = datetime.fromisoformat(fields["start"])
            duration = int(fields["duration_seconds"])
            assert len(line.split(",")) == len(COLUMNS)
            assert duration >= 0
            assert fields["a_number"]
        except (KeyError, ValueError, AssertionError):
            broken += 1
            continue
        assert {fields["a_number"], fields["b_number"]} & set(NUMBERS)
        assert (fields["cause"] == "16") == (duration > 0) == (fields["answer_seconds"] != "")
        seconds += duration
        if start < datetime(2026, 1, 5, tzinfo=ZONE):
            late += 1
        else:
            assert start < datetime(2026, 1, 7, tzinfo=ZONE)
            good += 1
    assert (good, broken, late) == (1000, 30, 40)
    assert generator.summary["seconds"] == seconds


def test_extras_do_not_change_the_good_calls() -> None:
    plain = list(Generator(Order(100, 7, date(2026, 1, 5), NUMBERS)).lines())
    spoilt = list(Generator(Order(100, 7, date(2026, 1, 5), NUMBERS, malformed=9, duplicates=9)).lines())
    assert set(plain) <= set(spoilt)


def test_calls_keep_their_hour_when_the_clock_changes() -> None:
    order = Order(2000, 7, date(2026, 3, 29), NUMBERS)  # two o'clock does not exist on this day
    starts = [datetime.fromisoformat(line.split(",")[3]) for line in Generator(order).lines()]
    assert starts == sorted(starts)
    assert {start.date() for start in starts} <= {date(2026, 3, 29), date(2026, 3, 30)}
    assert not [start for start in starts if start.hour == 2]


@pytest.mark.parametrize("text", ["+33-+32", "a-b"])
def test_a_bad_range_of_numbers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"range|invalid literal"):
        numbers_from(text)
