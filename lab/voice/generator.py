"""A file of call records made at once: the same bytes for the same arguments."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import TypeVar

from lab.voice.records import (
    BUSY,
    NO_ANSWER,
    NO_CHANNEL,
    NORMAL,
    UNALLOCATED,
    ZONE,
    CallRecord,
)

T = TypeVar("T")

# how many calls each hour of the local day brings, relative to one another
HOURS = (4, 2, 1, 1, 1, 3, 9, 24, 48, 66, 72, 66, 48, 54, 66, 68, 70, 72, 60, 44, 30, 20, 12, 7)
# outside numbers by weight: fixed, mobile, value-added, abroad; ranges kept for fiction where a country has them
OUTSIDE = (
    ("+3319900", 4, 24), ("+3326191", 4, 18), ("+3346571", 4, 12), ("+3353649", 4, 6), ("+3363998", 4, 40),
    ("+33800000", 3, 2), ("+33892000", 3, 1), ("+442079460", 3, 4), ("+493023125", 3, 3), ("+34600000", 3, 3),
    ("+32470000", 3, 3), ("+120255501", 2, 2), ("+212600000", 3, 2), ("+8613800000", 3, 1),
)  # fmt: skip
CAUSES = ((NORMAL, 83), (BUSY, 6), (NO_ANSWER, 8), (UNALLOCATED, 2), (NO_CHANNEL, 1))
DIRECTIONS = (("out", 70), ("in", 20), ("onnet", 10))
MEAN_SECONDS, LONGEST_SECONDS = 165, 4 * 3600
LATE_DAYS = 5  # late records are up to so many days older than the file


@dataclass(frozen=True)
class Order:
    """What the file is to hold; `count` good records, the other counts come on top."""

    count: int
    seed: int
    first_day: date
    numbers: Sequence[str]
    days: int = 1
    duplicates: int = 0
    malformed: int = 0
    late: int = 0
    gateway: str = "sbc1-pam"
    trunk: str = "armor-a"


class Generator:
    """Produces the lines in the order of their start, late and broken ones in between."""

    def __init__(self, order: Order) -> None:
        if not order.numbers:
            raise ValueError("no numbers to call from")
        if order.duplicates > order.count:
            raise ValueError("more duplicates than records")
        self._order = order
        self._random = Random(order.seed)
        self._midnight = datetime.combine(order.first_day, time(), ZONE).astimezone(UTC)
        self._edges = [sum(HOURS[:hour]) / sum(HOURS) for hour in range(25)]
        self._prefixes = [f"{prefix} {digits}" for prefix, digits, _ in OUTSIDE]
        self._weights = [weight for _, _, weight in OUTSIDE]
        self.summary: Counter[str] = Counter()

    def lines(self) -> Iterator[str]:
        """Every line of the file but the header."""
        order = self._order
        places = Random(order.seed + 1)  # apart, so that asking for duplicates does not change the calls
        repeat = set(places.sample(range(order.count), order.duplicates))
        extras = Counter(places.choices(range(max(1, order.count)), k=order.malformed + order.late))
        broken = set(places.sample(range(order.malformed + order.late), order.malformed))
        waiting: list[tuple[int, str]] = []
        extra_number = 0
        for number in range(order.count):
            line = self._good(number)
            yield line
            if number in repeat:
                heapq.heappush(waiting, (number + places.randint(1, 500), line))
            while waiting and waiting[0][0] <= number:
                yield self._repeated(heapq.heappop(waiting)[1])
            for _ in range(extras[number]):
                yield (
                    self._broken(line, places) if extra_number in broken else self._late(extra_number, places)
                )
                extra_number += 1
        while waiting:
            yield self._repeated(heapq.heappop(waiting)[1])

    def _good(self, number: int) -> str:
        order = self._order
        share = (number + self._random.random()) / order.count * order.days
        day, within = divmod(share, 1)
        start = self._midnight + timedelta(days=min(day, order.days - 1), hours=self._hour(within))
        record = self._call(f"{order.gateway}-{order.seed:04x}-{number:09d}", start, self._random)
        self.summary["good"] += 1
        self.summary["seconds"] += record.duration_seconds
        return record.line()

    def _hour(self, share: float) -> float:
        """Hours into the day by which this share of its calls has begun."""
        for hour in range(24):
            low, high = self._edges[hour], self._edges[hour + 1]
            if share < high:
                return hour + (share - low) / (high - low)
        return 24.0

    def _call(self, call_id: str, start: datetime, random: Random) -> CallRecord:
        direction = _pick(random, DIRECTIONS)
        cause = _pick(random, CAUSES)
        ours = random.choice(self._order.numbers)
        other = random.choice(self._order.numbers) if direction == "onnet" else self._outside(random)
        a_number, b_number = (other, ours) if direction == "in" else (ours, other)
        answer = random.randint(1, 25) if cause == NORMAL else None
        duration = min(1 + int(random.expovariate(1 / MEAN_SECONDS)), LONGEST_SECONDS) if answer else 0
        trunk = "" if direction == "onnet" else self._order.trunk
        return CallRecord(call_id, a_number, b_number, start, answer, duration, cause, direction, trunk)

    def _outside(self, random: Random) -> str:
        prefix, digits = random.choices(self._prefixes, self._weights)[0].split()
        return f"{prefix}{random.randrange(10 ** int(digits)):0{digits}d}"

    def _repeated(self, line: str) -> str:
        self.summary["duplicates"] += 1
        return line

    def _late(self, number: int, random: Random) -> str:
        start = self._midnight - timedelta(seconds=random.randint(1, LATE_DAYS * 86400))
        call_id = f"{self._order.gateway}-{self._order.seed:04x}-late-{number:06d}"
        record = self._call(call_id, start, random)
        self.summary["late"] += 1
        self.summary["seconds"] += record.duration_seconds
        return record.line()

    def _broken(self, line: str, random: Random) -> str:
        """A line as bad equipment and bad disks make them."""
        self.summary["malformed"] += 1
        fields = line.split(",")
        fields[0] += f"-x{self.summary['malformed']}"
        damage = random.randrange(6)
        if damage == 0:
            return ",".join(fields)[: random.randint(8, 30)]
        if damage == 1:
            fields.pop(4)
        elif damage == 2:
            fields[3] = "2026-13-45T99:00:00"
        elif damage == 3:
            fields[5] = f"-{fields[5]}1"
        elif damage == 4:
            fields[1] = ""
        else:
            fields[5] = "n/a"
        return ",".join(fields)


def _pick(random: Random, choices: Sequence[tuple[T, int]]) -> T:
    return random.choices([value for value, _ in choices], [weight for _, weight in choices])[0]


def numbers_from(text: str) -> list[str]:
    """Numbers from a comma list with ranges `A-B`; raises ValueError on a range that is none."""
    found: list[str] = []
    for part in filter(None, (part.strip() for part in text.replace("\n", ",").split(","))):
        first, dash, last = part.partition("-")
        if not dash:
            found.append(first)
            continue
        low, high = int(first.lstrip("+")), int(last.lstrip("+"))
        if not 0 <= high - low < 1_000_000:
            raise ValueError(f"{part!r} is not a range of numbers")
        found += [f"+{number}" for number in range(low, high + 1)]
    return found
