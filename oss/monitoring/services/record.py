"""Values into the database, in sets."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection, transaction

from kernel.errors import Invalid
from oss.monitoring.models import Metric, Series
from oss.monitoring.services import thresholds
from oss.monitoring.services.readings import Sample

# A temporary table, because a value that is there already (a task run twice) must be skipped, and COPY cannot.
STAGE = """
CREATE TEMP TABLE IF NOT EXISTS monitoring_stage (series_id int, at timestamptz, value float8) ON COMMIT DELETE ROWS
"""
STORE = """
INSERT INTO oss_monitoring_measurement (series_id, at, value)
SELECT DISTINCT ON (series_id, at) series_id, at, value FROM monitoring_stage ORDER BY series_id, at
ON CONFLICT DO NOTHING
"""


@transaction.atomic
def record(samples: Sequence[Sample]) -> int:
    """Store values and check them against the limits; returns how many were new. Safe to run twice.

    Raises Invalid for a metric that is not defined; nothing is stored then.
    """
    if not samples:
        return 0
    keys = series_ids(samples)
    lines = io.StringIO(
        "".join(
            f"{keys[sample.metric, sample.port_id or sample.element_id]}\t{sample.at.isoformat()}\t{sample.value!r}\n"
            for sample in samples
        )
    )
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        cursor.execute("TRUNCATE monitoring_stage")
        cursor.copy_expert("COPY monitoring_stage (series_id, at, value) FROM STDIN", lines)
        cursor.execute(STORE)
        stored: int = cursor.rowcount
        if stored:
            thresholds.evaluate(cursor)
    return stored


def series_ids(samples: Iterable[Sample]) -> dict[tuple[str, UUID], int]:
    """(metric code, port or element id) → key of the series, made where it is new."""
    metrics = {metric.code: metric for metric in Metric.objects.all()}
    wanted: dict[tuple[str, UUID], Sample] = {}
    for sample in samples:
        wanted.setdefault((sample.metric, sample.port_id or sample.element_id), sample)
    if unknown := {code for code, _object in wanted} - set(metrics):
        raise Invalid(f"no metric is defined as {', '.join(sorted(unknown))}", code="metric.unknown")
    found = _known(wanted, metrics)
    missing = [key for key in wanted if key not in found]
    if missing:
        Series.objects.bulk_create(
            [
                Series(
                    metric=metrics[code],
                    element_id=wanted[code, about].element_id,
                    port_id=wanted[code, about].port_id,
                )
                for code, about in missing
            ],
            ignore_conflicts=True,
        )
        found = _known(wanted, metrics)
    return found


def _known(wanted: dict[tuple[str, UUID], Sample], metrics: dict[str, Metric]) -> dict[tuple[str, UUID], int]:
    codes = {metric.pk: code for code, metric in metrics.items()}
    elements = {sample.element_id for sample in wanted.values()}
    rows = Series.objects.filter(element_id__in=elements)
    return {
        key: row.pk
        for row in rows
        if (key := (codes[row.metric_id], row.port_id or row.element_id)) in wanted
    }
