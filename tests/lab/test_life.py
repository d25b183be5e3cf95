"""Counters that move by themselves, and the lab that lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from lab.alive import Alive, busyness
from lab.build import build
from lab.device.counters import Meter, Rates
from lab.network import Network
from lab.notify import Sinks
from lab.topology import BUILT_IN, load
from lab.voice.gateway import Gateway
from tests.lab.helpers import GATEWAY, OLT, FakeClock

MORNING = datetime(2026, 1, 5, 9, tzinfo=UTC)


def test_a_meter_counts_what_its_rates_say() -> None:
    meter = Meter(0.0)
    meter.set_rates(Rates(in_octets=1000.0, out_octets=0.4, in_errors=0.5), 0.0)
    reading = meter.read(10.0)
    assert (reading.in_octets, reading.out_octets, reading.in_errors) == (10_000, 4, 5)
    assert reading.in_packets == 12
    meter.set_rates(Rates(in_octets=1.0), 10.0)
    assert meter.read(20.0).in_octets == 10_010


def test_reading_often_loses_nothing() -> None:
    meter = Meter(0.0)
    meter.set_rates(Rates(in_octets=0.3), 0.0)
    for tenth in range(1000):
        meter.read(tenth / 10)
    assert meter.read(100.0).in_octets in (29, 30)  # thirty, but for the last bit of a fraction


def test_large_counts_stay_exact_and_wrap_at_64_bits() -> None:
    meter = Meter(0.0)
    meter.add(0.0, in_octets=(1 << 63) + 1)
    meter.set_rates(Rates(in_octets=1.0), 0.0)
    assert meter.read(2.0).in_octets == (1 << 63) + 3
    meter.add(2.0, in_octets=1 << 63)
    assert meter.read(2.0).in_octets == 3


def small_world(folder: Path) -> tuple[Network, Gateway, FakeClock]:
    clock = FakeClock(MORNING)
    network = build(load(BUILT_IN), clock)
    voice = network.elements[GATEWAY]
    candidate = voice.store.candidate("joe")
    candidate.set(("voice", "line", "+33261910101", "channels"), "5")
    voice.store.commit(candidate)
    gateway = Gateway(voice, clock, Sinks(cdr_dir=str(folder)))
    access = network.elements[OLT].store
    candidate = access.candidate("joe")
    unit = ("interfaces", "ge-0/1/5", "unit", "110")
    for words, value in (("service-name", "S"), ("rate-limit down", "8000"), ("rate-limit up", "800")):
        candidate.set((*unit, *words.split()), value)
    access.commit(candidate)
    return network, gateway, clock


def live(folder: Path, seed: int, ticks: int = 400) -> tuple[list[tuple[str, str]], list[str], list[float]]:
    network, gateway, clock = small_world(folder)
    alive = Alive(network, [gateway], seed)
    rates = []
    for _ in range(ticks):
        alive.tick(clock.now())
        rates.append(network.elements[OLT].ports["ge-0/1/5"].meter.rates.out_octets)
        clock.advance(15)
    gateway.close()
    events = [(row["element"], row["text"]) for row in network.events.since(1)["events"]]
    calls = [line for path in sorted(folder.iterdir()) for line in path.read_text().splitlines()[1:]]
    return events, calls, rates


def test_life_repeats_itself_for_the_same_seed(tmp_path: Path) -> None:
    first, second, other = (live(tmp_path / name, seed) for name, seed in (("a", 3), ("b", 3), ("c", 4)))
    assert first == second != other
    events, calls, rates = first
    assert len(calls) > 50
    assert len(set(rates)) > 20
    assert any("changed state to up" in text for _, text in events)


def test_a_day_has_its_hours() -> None:
    night, noon = datetime(2026, 1, 5, 2, tzinfo=UTC), datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    assert busyness(night) < 0.1 < 0.9 < busyness(noon) <= 1.0
    steps = [busyness(MORNING + timedelta(minutes=minute)) for minute in range(120)]
    assert max(abs(a - b) for a, b in pairwise(steps)) < 0.02


def test_counters_follow_the_clock(tmp_path: Path) -> None:
    network, _, clock = small_world(tmp_path)
    port = network.elements[OLT].ports["ge-0/1/5"]
    before = port.meter.read(clock.monotonic()).out_octets
    clock.advance(60)
    # 5 % of 8,000 kbit/s
    assert port.meter.read(clock.monotonic()).out_octets - before == 8000 * 0.05 * 125 * 60
