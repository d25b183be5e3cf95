"""Limits: each batch of values is compared in sets; only series beyond a limit keep a state."""

from __future__ import annotations

from typing import Any

from kernel import events
from oss.monitoring.events import ThresholdCrossed, ThresholdLeft

# The values of the batch against the limits that concern them, as percent of the port's speed where asked. `beyond`:
# on the bad side of the limit; `good`: on the good side of the clearing limit. Between the two nothing changes.
COMPARED = """
WITH compared AS (
    SELECT t.id AS threshold_id, s.id AS series_id, stage.at, v.value,
           CASE t.direction WHEN 'above' THEN v.value > t."limit" ELSE v.value < t."limit" END AS beyond,
           CASE t.direction WHEN 'above' THEN v.value <= t.clear_limit ELSE v.value >= t.clear_limit END AS good
    FROM monitoring_stage stage
    JOIN oss_monitoring_series s ON s.id = stage.series_id
    JOIN oss_monitoring_threshold t ON t.metric_id = s.metric_id AND t.active
        AND (t.port_id IS NULL OR t.port_id = s.port_id) AND (t.element_id IS NULL OR t.element_id = s.element_id)
    LEFT JOIN oss_inventory_port p ON p.id = s.port_id
    CROSS JOIN LATERAL (SELECT CASE WHEN t.of_speed AND p.speed_mbps > 0
        THEN stage.value / (p.speed_mbps * 10000.0) ELSE stage.value END AS value) v
), run AS (
    -- Values in a row up to the latest of the batch, per series and limit.
    SELECT threshold_id, series_id,
           (array_agg(value ORDER BY at DESC))[1] AS value,
           (array_agg(beyond ORDER BY at DESC))[1] AS beyond,
           (array_agg(good ORDER BY at DESC))[1] AS good,
           bool_and(beyond) AS all_beyond,
           count(*) FILTER (WHERE beyond AND at > coalesce(last_fine, '-infinity')) AS hits,
           max(at) AS at
    FROM (SELECT *, max(at) FILTER (WHERE NOT beyond) OVER (PARTITION BY threshold_id, series_id) AS last_fine
          FROM compared) c
    GROUP BY threshold_id, series_id
)
"""
COUNT = (
    COMPARED
    + """
INSERT INTO oss_monitoring_thresholdstate (threshold_id, series_id, hits, value)
SELECT threshold_id, series_id, hits, value FROM run WHERE beyond ORDER BY threshold_id, series_id
ON CONFLICT (threshold_id, series_id) DO UPDATE SET value = EXCLUDED.value,
    hits = CASE WHEN (SELECT all_beyond FROM run r WHERE r.threshold_id = EXCLUDED.threshold_id
                      AND r.series_id = EXCLUDED.series_id)
           THEN oss_monitoring_thresholdstate.hits + EXCLUDED.hits ELSE EXCLUDED.hits END
"""
)
CALM = (
    COMPARED
    + """
DELETE FROM oss_monitoring_thresholdstate state USING run
WHERE state.threshold_id = run.threshold_id AND state.series_id = run.series_id AND NOT run.beyond
  AND state.crossed IS NULL
"""
)
CROSS = (
    COMPARED
    + """
UPDATE oss_monitoring_thresholdstate state SET crossed = run.at
FROM run, oss_monitoring_threshold t, oss_monitoring_series s, oss_monitoring_metric m
WHERE state.threshold_id = run.threshold_id AND state.series_id = run.series_id AND state.crossed IS NULL
  AND run.beyond AND t.id = run.threshold_id AND state.hits >= t.samples AND s.id = run.series_id
  AND m.id = s.metric_id
RETURNING t.id, m.code, s.element_id, s.port_id, run.value, t."limit", t.severity, run.at
"""
)
LEAVE = (
    COMPARED
    + """
DELETE FROM oss_monitoring_thresholdstate state
USING run, oss_monitoring_series s, oss_monitoring_metric m
WHERE state.threshold_id = run.threshold_id AND state.series_id = run.series_id AND state.crossed IS NOT NULL
  AND run.good AND s.id = run.series_id AND m.id = s.metric_id
RETURNING run.threshold_id, m.code, s.element_id, s.port_id, run.value, run.at
"""
)


def evaluate(cursor: Any) -> None:
    """Compare the staged batch with every limit and publish what was crossed or left.

    Runs in the transaction that stored the values, on its staging table.
    """
    cursor.execute("SELECT EXISTS (SELECT FROM oss_monitoring_threshold WHERE active)")
    if not cursor.fetchone()[0]:
        return
    cursor.execute(CALM)
    cursor.execute(COUNT)
    cursor.execute(CROSS)
    crossed = [ThresholdCrossed(*row) for row in cursor.fetchall()]
    cursor.execute(LEAVE)
    left = [ThresholdLeft(*row) for row in cursor.fetchall()]
    events.publish(*crossed, *left)
