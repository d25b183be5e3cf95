"""A lab that lives: traffic by the hour, a few calls, now and then a small fault. The same for the same seed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from random import Random

from lab.clock import Clock
from lab.device.element import Alarm, Element
from lab.device.port import Port
from lab.network import Network
from lab.voice.gateway import Gateway
from lab.voice.generator import HOURS
from lab.voice.records import ZONE

TICK_SECONDS = 15.0
TICKS_A_MINUTE = 4
CALLS_A_MINUTE = 4.0  # at the busiest hour
FAULT_CHANCE = 1 / 240  # per tick: about one an hour
FAULT_TICKS = 4


class Alive:
    """`tick` does everything; `run` only calls it on time."""

    def __init__(self, network: Network, gateways: list[Gateway], seed: int) -> None:
        self._network, self._gateways = network, gateways
        self._random = Random(seed)
        self._ticks = 0
        self._ending: list[tuple[int, Callable[[], None]]] = []  # tick at which a small fault goes away

    async def run(self, clock: Clock) -> None:
        while True:
            self.tick(clock.now())
            await asyncio.sleep(TICK_SECONDS)

    def tick(self, now: datetime) -> None:
        """One step of life at a time of day."""
        self._ticks += 1
        busy = busyness(now)
        self._place_calls(busy)
        for tick, end in [entry for entry in self._ending if entry[0] <= self._ticks]:
            self._ending.remove((tick, end))
            end()
        if self._random.random() < FAULT_CHANCE:
            self._small_fault()
        if self._ticks % TICKS_A_MINUTE == 1:
            # the load wavers around the curve of the day
            self._network.traffic.activity = (0.2 + 1.8 * busy) * self._random.uniform(0.9, 1.1)
            self._network.settle()
            for gateway in self._gateways:
                gateway.flush()

    def _place_calls(self, busy: float) -> None:
        for gateway in self._gateways:
            lines = sorted(gateway.element.voice_lines)
            if not lines or not gateway.element.powered:
                continue
            # draw even when the call fails, so that one failure does not change the whole sequence
            while self._random.random() < CALLS_A_MINUTE * busy / TICKS_A_MINUTE / 2:
                ours = self._random.choice(lines)
                other = f"+3363998{self._random.randrange(10_000):04d}"
                seconds = 1 + int(self._random.expovariate(1 / 120))
                a_number, b_number = (ours, other) if self._random.random() < 0.7 else (other, ours)
                gateway.begin(a_number, b_number, seconds)

    def _small_fault(self) -> None:
        elements = [element for element in self._network.elements.values() if element.powered]
        if not elements:
            return
        if self._random.random() < 0.5:
            self._flap(self._random)
        else:
            self._warm(self._random.choice(elements))

    def _flap(self, random: Random) -> None:
        """Somebody plugs something into a port nobody uses, and takes it away again."""
        unused: list[tuple[Element, Port]] = []
        for element in self._network.elements.values():
            used = {port for port, _ in element.services}
            ports = element.ports.values()
            unused += [
                (element, p) for p in ports if not p.is_network and p.name not in used and p.plugged is None
            ]
        if not unused:
            return
        element, port = random.choice(unused)
        port.plugged = True
        self._network.settle([element])

        def away() -> None:
            port.plugged = None
            self._network.settle([element])

        self._ending.append((self._ticks + 1, away))

    def _warm(self, element: Element) -> None:
        if "temperature" in element.alarms:
            return
        text = "Intake temperature above threshold"
        element.alarms["temperature"] = Alarm("temperature", "warning", text, element.clock.now())
        self._network.note(element, "alarm", "warning", text, kind="temperature", state="raised")

        def cool() -> None:
            if element.alarms.pop("temperature", None):
                data = {"kind": "temperature", "state": "cleared"}
                self._network.note(element, "alarm", "notice", f"{text} cleared", None, **data)

        self._ending.append((self._ticks + FAULT_TICKS, cool))


def busyness(now: datetime) -> float:
    """How busy this moment of the local day is, 0 to 1, between the hours' figures in a straight line."""
    local = now.astimezone(ZONE)
    here, following = HOURS[local.hour], HOURS[(local.hour + 1) % 24]
    return (here + (following - here) * local.minute / 60) / max(HOURS)
