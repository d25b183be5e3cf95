"""Charts and roll-ups: many values to few, in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from kernel.errors import Invalid
from oss.inventory.models import NetworkElement, Port
from oss.monitoring.models import Metric, RollUp

POINTS_MAX = 800
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
RAW_SPAN, FINE_SPAN = timedelta(hours=12), timedelta(days=14)

ROLL_UP = """
INSERT INTO oss_monitoring_rollup (series_id, step, at, samples, total, minimum, maximum)
SELECT series_id, %(step)s, date_bin(%(width)s, at, %(epoch)s), count(*), sum(value), min(value), max(value)
FROM oss_monitoring_measurement WHERE at >= %(start)s AND at < %(end)s
GROUP BY 1, 3
ON CONFLICT (series_id, step, at) DO UPDATE SET
    samples = EXCLUDED.samples, total = EXCLUDED.total, minimum = EXCLUDED.minimum, maximum = EXCLUDED.maximum
"""
# Hours are made of the five minutes, not of the values again.
ROLL_FURTHER = """
INSERT INTO oss_monitoring_rollup (series_id, step, at, samples, total, minimum, maximum)
SELECT series_id, %(step)s, date_bin(%(width)s, at, %(epoch)s), sum(samples), sum(total), min(minimum), max(maximum)
FROM oss_monitoring_rollup WHERE step = 300 AND at >= %(start)s AND at < %(end)s
GROUP BY 1, 3
ON CONFLICT (series_id, step, at) DO UPDATE SET
    samples = EXCLUDED.samples, total = EXCLUDED.total, minimum = EXCLUDED.minimum, maximum = EXCLUDED.maximum
"""
FROM_VALUES = """
SELECT date_bin(%(width)s, at, %(start)s) AS slot, avg(value) AS mean, min(value) AS low, max(value) AS high
FROM oss_monitoring_measurement WHERE series_id = %(series)s AND at >= %(start)s AND at < %(end)s GROUP BY 1
"""
FROM_ROLL_UPS = """
SELECT date_bin(%(width)s, at, %(start)s) AS slot, sum(total) / sum(samples) AS mean, min(minimum) AS low,
       max(maximum) AS high
FROM oss_monitoring_rollup WHERE series_id = %(series)s AND step = %(step)s AND at >= %(start)s AND at < %(end)s
GROUP BY 1
"""
CHART = """
SELECT slots.slot, found.mean, found.low, found.high
FROM generate_series(%(start)s::timestamptz, %(end)s::timestamptz - interval '1 microsecond', %(width)s) AS slots(slot)
LEFT JOIN ({source}) found ON found.slot = slots.slot ORDER BY 1
"""


@dataclass(frozen=True)
class Point:
    """A slot of a chart that starts at `at`: mean, lowest and highest value; None where nothing was measured."""

    at: datetime
    value: float | None
    low: float | None
    high: float | None


def series(
    *,
    port: Port | UUID | None = None,
    element: NetworkElement | UUID | None = None,
    metric: str,
    start: datetime,
    end: datetime,
    points: int = 400,
) -> list[Point]:
    """At most `points` (≤ 800) equal slots of one metric of a port or an element over [start, end).

    Short ranges are read from the values, longer ones from the roll-ups. Slots without a value are there with None:
    a gap is drawn as a gap. Raises Invalid for a metric that is not defined, or a range that is empty.
    """
    if end <= start:
        raise Invalid("the range of a chart ends after it starts", code="series.range")
    if (port is None) == (element is None):
        raise Invalid("name either a port or an element", code="series.object")
    defined = Metric.objects.filter(code=metric).first()
    if defined is None:
        raise Invalid(f"no metric is defined as {metric}", code="metric.unknown")
    span = end - start
    source, step = _source(span)
    slots = max(1, min(points, POINTS_MAX))
    width = max(span / slots, timedelta(seconds=step))
    about = (
        {"port_id": getattr(port, "pk", port)}
        if port is not None
        else {"element_id": getattr(element, "pk", element), "port": None}
    )
    key = defined.series.filter(**about).values_list("pk", flat=True).first()
    values = {"width": width, "start": start, "end": end, "series": key or 0, "step": step}
    return [Point(*row) for row in _rows(CHART.format(source=source), values)]


def _source(span: timedelta) -> tuple[str, int]:
    """The statement that reads a range of that length, and the smallest slot in seconds that it can fill."""
    if span <= RAW_SPAN:
        # Twice the interval: a slot narrower than the poll would show holes that are none.
        return FROM_VALUES, 2 * settings.POLL_SECONDS
    return FROM_ROLL_UPS, 300 if span <= FINE_SPAN else 3600


def roll_up(*, at: datetime, since: timedelta = timedelta(minutes=15)) -> int:
    """Bring the roll-ups of the last `since` in line with the values; returns the rows written. Safe to run twice.

    It starts at a whole slot, so that a slot is always computed from all of its values.
    """
    written = 0
    with connection.cursor() as cursor:
        for step, statement in zip(RollUp.STEPS, (ROLL_UP, ROLL_FURTHER), strict=True):
            start = EPOCH + ((at - since - EPOCH) // timedelta(seconds=step)) * timedelta(seconds=step)
            values: dict[str, Any] = {"step": step, "width": timedelta(seconds=step), "epoch": EPOCH}
            cursor.execute(statement, {**values, "start": start, "end": at})
            written += cursor.rowcount
    return written


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
