"""The set-based statements of alarm intake. Each takes one JSON array of notices; `state` calls them in order.

Journal entries and outbox rows are written by the same statement as the alarms they tell of, in sets: a storm of ten
thousand alarms is a handful of statements. Every event row carries the alarm's id as its correlation id: all that an
alarm sets in motion is one story.
"""

from __future__ import annotations

from kernel import events

NOTICE = """
notice AS (
    SELECT * FROM jsonb_to_recordset(%(notices)s) AS notice(
        id uuid, key text, first timestamptz, last timestamptz, count int, source text, sources text[],
        severity text, rank int, alarm_type text, probable_cause text, specific_problem text, element_id uuid,
        port_id uuid, link_id uuid, location_id uuid, service_affecting boolean, expires timestamptz,
        proposed_repair text, details jsonb, text text, forced boolean, guessed boolean, system text,
        external_id text)
)
"""

# Open rows of the keys, locked in the house's order (by primary key) before anything else is touched.
LOCK = """
SELECT key FROM oss_alarms_alarm
WHERE key = ANY(%(keys)s) AND state <> 'cleared' ORDER BY id FOR UPDATE
"""

REPEAT = (
    "WITH"
    + NOTICE
    + """
, repeated AS (
    UPDATE oss_alarms_alarm AS alarm SET
        count = alarm.count + notice.count,
        state = 'updated',
        -- A first sign that arrived second; never back beyond an earlier life of the key.
        raised = CASE WHEN alarm.flaps = 0 AND notice.first > alarm.raised - %(flap_window)s
                 THEN least(alarm.raised, notice.first) ELSE alarm.raised END,
        last_raised = greatest(alarm.last_raised, notice.last),
        changed = greatest(alarm.changed, notice.last),
        expires = CASE WHEN alarm.expires IS NOT NULL THEN greatest(alarm.expires, notice.expires) END,
        clear_pending = CASE WHEN notice.last >= alarm.clear_pending THEN NULL ELSE alarm.clear_pending END,
        sources = alarm.sources || ARRAY(SELECT s FROM unnest(notice.sources) s WHERE s <> ALL(alarm.sources)),
        details = alarm.details || notice.details,
        perceived_severity = word.severity,
        raised_severity = word.severity,
        -- An acknowledgement was given for what it was then: worse is news.
        ack_state = CASE WHEN word.worse THEN 'unacknowledged' ELSE alarm.ack_state END,
        acked_by_id = CASE WHEN NOT word.worse THEN alarm.acked_by_id END,
        acked_at = CASE WHEN NOT word.worse THEN alarm.acked_at END,
        ack_until = CASE WHEN NOT word.worse THEN alarm.ack_until END,
        version = alarm.version + 1,
        updated = now()
    FROM notice
    JOIN oss_alarms_alarm AS known ON known.key = notice.key AND known.state <> 'cleared'
    CROSS JOIN LATERAL (SELECT notice.last >= known.last_raised AND NOT notice.guessed AS says) AS newer
    CROSS JOIN LATERAL (
        SELECT CASE WHEN newer.says THEN notice.severity ELSE known.perceived_severity END AS severity,
               newer.says
                   AND notice.rank < array_position(%(ranks)s::text[], known.perceived_severity::text) - 1 AS worse
    ) AS word
    WHERE alarm.id = known.id
    RETURNING alarm.id, alarm.key, known.perceived_severity AS before, alarm.perceived_severity AS after,
              alarm.number, known.state AS state_before
), outbox AS (
    INSERT INTO kernel_outboxevent (id, name, payload, at, actor, correlation_id, attempts, dead, error)
    SELECT gen_random_uuid(), 'kernel.ObjectChanged',
           jsonb_build_object('object_type', 'oss_alarms.Alarm', 'object_id', id, 'changed',
                              CASE WHEN before <> after THEN '["perceived_severity", "count"]'::jsonb
                              ELSE '["count"]' END),
           %(now)s, %(actor)s, id, 0, false, ''
    FROM repeated ORDER BY id
), journal AS (
    INSERT INTO kernel_journalentry (at, business_at, actor_id, actor_label, verb, object_type, object_id, object_label,
                                     before, after, reason, request_id, correlation_id)
    SELECT now(), %(now)s, %(actor_id)s, %(actor)s, 'alarm.severity', 'oss_alarms.Alarm', id, number,
           jsonb_build_object('perceived_severity', before), jsonb_build_object('perceived_severity', after),
           '', %(request)s, id
    FROM repeated WHERE before <> after ORDER BY id
)
SELECT key, id FROM repeated
"""
)

# A key that came back soon after it was cleared flaps; from the third time on it is held open (see CLEAR).
RAISE = (
    "WITH"
    + NOTICE
    + """
, fresh AS (
    SELECT notice.*,
           CASE WHEN last_row.cleared >= notice.last - %(flap_window)s THEN last_row.flaps + 1 ELSE 0 END AS flaps,
           EXISTS (
               SELECT FROM oss_alarms_maintenance window_
               JOIN oss_alarms_maintenancetarget target ON target.maintenance_id = window_.id
               WHERE window_.status IN ('scheduled', 'active') AND window_.start <= notice.last
                 AND window_."end" > notice.last
                 AND (target.element_id = notice.element_id OR target.link_id = notice.link_id)
           ) AS planned,
           greatest(notice.first, least(notice.last, last_row.cleared)) AS began
    FROM notice
    LEFT JOIN LATERAL (
        SELECT cleared, flaps FROM oss_alarms_alarm WHERE key = notice.key AND state = 'cleared'
        ORDER BY cleared DESC LIMIT 1
    ) AS last_row ON true
    LEFT JOIN oss_alarms_earlyclear early ON early.key = notice.key
    -- What is older than the last word on its key opens nothing.
    WHERE (last_row.cleared IS NULL OR notice.last > last_row.cleared)
      AND (early.at IS NULL OR notice.last > early.at)
), opened AS (
    INSERT INTO oss_alarms_alarm AS alarm (
        id, key, source, sources, system, external_id, alarm_type, probable_cause, perceived_severity, raised_severity,
        specific_problem,
        element_id, port_id, link_id, location_id, state, raised, last_raised, changed, arrived, expires, count,
        cleared_by, clear_evidence, flaps, flapping, ack_state, ack_note, service_affecting, planned_outage, because,
        proposed_repair, details, created, updated, version)
    SELECT id, key, source, sources, system, external_id, alarm_type, probable_cause, severity, severity,
           specific_problem,
           element_id, port_id, link_id, location_id, 'raised', began, last, last, %(now)s, expires, count,
           '', '', flaps, flaps >= %(flap_limit)s, 'unacknowledged', '', service_affecting, planned, '{}',
           proposed_repair, details, now(), now(), 1
    FROM fresh ORDER BY key
    ON CONFLICT (key) WHERE state <> 'cleared' DO UPDATE SET
        count = alarm.count + EXCLUDED.count, state = 'updated',
        last_raised = greatest(alarm.last_raised, EXCLUDED.last_raised),
        changed = greatest(alarm.changed, EXCLUDED.changed), version = alarm.version + 1, updated = now()
    RETURNING id, key, number, element_id, port_id, perceived_severity, specific_problem, raised, xmax = 0 AS is_new
), outbox AS (
    INSERT INTO kernel_outboxevent (id, name, payload, at, actor, correlation_id, attempts, dead, error)
    SELECT gen_random_uuid(), event.name, event.payload, %(now)s, %(actor)s, opened.id, 0, false, ''
    FROM opened CROSS JOIN LATERAL (VALUES
        (1, 'kernel.ObjectCreated', jsonb_build_object('object_type', 'oss_alarms.Alarm', 'object_id', id)),
        (2, 'oss_alarms.AlarmRaised', jsonb_build_object(
            'alarm_id', id, 'element_id', element_id, 'port_id', port_id, 'severity', perceived_severity, 'at', raised))
    ) AS event(position, name, payload)
    WHERE is_new ORDER BY opened.id, event.position
), journal AS (
    INSERT INTO kernel_journalentry (at, business_at, actor_id, actor_label, verb, object_type, object_id, object_label,
                                     before, after, reason, request_id, correlation_id)
    SELECT now(), %(now)s, %(actor_id)s, %(actor)s, 'alarm.raised', 'oss_alarms.Alarm', id, number, '{}',
           jsonb_build_object('key', key, 'perceived_severity', perceived_severity,
                              'specific_problem', specific_problem, 'raised', raised),
           '', %(request)s, id
    FROM opened WHERE is_new ORDER BY id
)
SELECT key, id, is_new FROM opened
"""
)

# Three fates of a clear that finds an open row: it closes it, waits because the alarm flaps, or is older than the
# latest raise and says nothing.
CLEAR = (
    "WITH"
    + NOTICE
    + """
, met AS (
    SELECT alarm.id, alarm.key, alarm.state AS before, notice.last AS at, notice.source, notice.text,
           CASE WHEN notice.forced THEN 'cleared'
                WHEN notice.last < alarm.last_raised THEN 'late'
                WHEN alarm.flapping THEN 'held' ELSE 'cleared' END AS fate
    FROM notice JOIN oss_alarms_alarm alarm ON alarm.key = notice.key AND alarm.state <> 'cleared'
), held AS (
    UPDATE oss_alarms_alarm alarm SET clear_pending = met.at, changed = met.at, version = version + 1, updated = now()
    FROM met WHERE alarm.id = met.id AND met.fate = 'held'
    RETURNING alarm.id
), closed AS (
    UPDATE oss_alarms_alarm alarm SET
        state = 'cleared', perceived_severity = 'cleared', cleared = met.at, changed = greatest(alarm.changed, met.at),
        clear_pending = NULL, cleared_by = met.source, clear_evidence = left(met.text, 300),
        version = version + 1, updated = now()
    FROM met WHERE alarm.id = met.id AND met.fate = 'cleared'
    RETURNING alarm.id, alarm.number, alarm.cleared, met.before, met.source, met.text
), outbox AS (
    INSERT INTO kernel_outboxevent (id, name, payload, at, actor, correlation_id, attempts, dead, error)
    SELECT gen_random_uuid(), event.name, event.payload, %(now)s, %(actor)s, closed.id, 0, false, ''
    FROM closed CROSS JOIN LATERAL (VALUES
        (1, 'kernel.StateChanged', jsonb_build_object('object_type', 'oss_alarms.Alarm', 'object_id', id,
            'field', 'state', 'before', before, 'after', 'cleared')),
        (2, 'oss_alarms.AlarmCleared', jsonb_build_object('alarm_id', id, 'at', cleared))
    ) AS event(position, name, payload) ORDER BY closed.id, event.position
), journal AS (
    INSERT INTO kernel_journalentry (at, business_at, actor_id, actor_label, verb, object_type, object_id, object_label,
                                     before, after, reason, request_id, correlation_id)
    SELECT now(), %(now)s, %(actor_id)s, %(actor)s, 'alarm.cleared', 'oss_alarms.Alarm', id, number,
           jsonb_build_object('state', before),
           jsonb_build_object('state', 'cleared', 'cleared', cleared, 'cleared_by', source), left(text, 300),
           %(request)s, id
    FROM closed ORDER BY id
)
SELECT key, id, fate FROM met
"""
)

EARLY = """
INSERT INTO oss_alarms_earlyclear AS early (key, at)
SELECT * FROM unnest(%(keys)s::text[], %(times)s::timestamptz[]) AS seen(key, at) ORDER BY key
ON CONFLICT (key) DO UPDATE SET at = greatest(early.at, EXCLUDED.at)
"""

# Roots that correlation concluded stand as long as enough of the signs they were concluded from do (`least`, 1 unless
# the rule says otherwise).
DERIVED_OVER = """
SELECT root.key, max(sign.cleared), (array_agg(sign.clear_evidence ORDER BY sign.cleared DESC NULLS LAST))[1]
FROM oss_alarms_alarm root
JOIN oss_alarms_alarm sign ON sign.key = ANY(ARRAY(SELECT jsonb_array_elements_text(root.because -> 'signs')))
     AND (sign.state <> 'cleared' OR sign.cleared >= root.raised)
WHERE root.source = 'correlation' AND root.state <> 'cleared'
GROUP BY root.id, root.key
HAVING count(*) FILTER (WHERE sign.state <> 'cleared') < coalesce((root.because ->> 'least')::int, 1)
"""

NOTIFY = f"SELECT pg_notify('{events.CHANNEL}', '')"

STORE_NOTIFICATIONS = """
COPY oss_alarms_alarmnotification
    (id, arrived, at, source, peer, element_id, kind, key, text, fields, outcome, alarm_id)
FROM STDIN WITH (FORMAT csv, NULL '\\N')
"""
