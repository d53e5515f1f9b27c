-- name: suppressor(e, id, now)$
SELECT alert_suppressor(:e, :id, :now);

-- name: suppress_alert(e, id, by)!
UPDATE alert SET suppressed_by = :by WHERE e = :e AND id = :id;

-- name: escalate_alert(e, id, now)!
UPDATE alert SET escalated_at = :now WHERE e = :e AND id = :id;

-- name: shelves_over(now)
SELECT e, id FROM alert WHERE shelved_until <= :now ORDER BY e, id;

-- name: suppressions_to_look_at(now, young)
-- Open alerts whose suppression may begin or end: suppressed ones, new ones, and those of a plant with an outage now.
SELECT a.e, a.id, a.suppressed_by
FROM alert AS a
WHERE (a.suppressed_by IS NOT NULL AND a.state <> 'firing')
   OR (a.state = 'firing'
       AND (a.suppressed_by IS NOT NULL OR a.detected_at > :young
            OR EXISTS (SELECT FROM outage AS o
                       WHERE o.e = a.e AND o.cancelled_at IS NULL AND o.from_ts <= :now AND :now < o.to_ts))
       AND a.suppressed_by IS DISTINCT FROM alert_suppressor(a.e, a.id, :now))
ORDER BY a.e, a.id;

-- name: to_escalate(now, severities, waits, withheld, alert)
-- Open alerts nobody took for as long as their rule, or else their severity, allows, counted anew after a shelf or a suppression; and open
-- ones whose verdict has been withheld for too long, taken or not. Those a person or a plan put aside are left alone.
SELECT a.e, a.id, w.why, w.since
FROM alert AS a
JOIN rule_version AS v ON v.e = a.e AND v.rule = a.rule AND v.version = a.rule_version
LEFT JOIN unnest(:severities::text[], :waits::interval[]) AS d (severity, wait) ON d.severity = a.severity
CROSS JOIN LATERAL (
    SELECT CASE v.definition ->> 'escalate_after' WHEN 'never' THEN NULL
           ELSE coalesce((v.definition ->> 'escalate_after')::interval, d.wait) END AS wait
) AS s
CROSS JOIN LATERAL (
    SELECT greatest(a.detected_at, max(t.recorded_at)) AS since
    FROM transition AS t
    WHERE t.e = a.e AND t.alert = a.id AND t.kind IN ('unshelved', 'unsuppressed', 'reopened')
) AS r
CROSS JOIN LATERAL (
    SELECT 'unacknowledged' AS why, r.since
    WHERE a.acknowledged_at IS NULL AND r.since + s.wait <= :now AND (a.escalated_at IS NULL OR a.escalated_at < r.since)
    UNION ALL
    SELECT 'withheld', a.withheld_since
    WHERE a.withheld_since + :withheld::interval <= :now
      AND NOT EXISTS (
          SELECT FROM transition AS t
          WHERE t.e = a.e AND t.alert = a.id AND t.kind = 'escalated' AND t.detail ->> 'why' = 'withheld'
            AND t.recorded_at >= a.withheld_since)
) AS w
WHERE a.state = 'firing' AND (:alert::bigint IS NULL OR a.id = :alert) AND a.shelved_until IS NULL
  AND (a.suppressed_by IS NULL OR a.suppressed_by LIKE 'alert/%')
ORDER BY a.e, a.id, w.why;

-- name: known_subject(e, code)$
-- Whether a code names a point, motor, EnPI or process.
SELECT EXISTS (SELECT FROM point WHERE e = :e AND code = :code) OR EXISTS (SELECT FROM motor WHERE e = :e AND code = :code)
    OR EXISTS (SELECT FROM enpi WHERE e = :e AND code = :code) OR EXISTS (SELECT FROM process WHERE e = :e AND code = :code);

-- name: insert_outage(e, subject, from_ts, to_ts, why, planned_by, now)$
INSERT INTO outage (e, subject, from_ts, to_ts, why, planned_by, recorded_at)
VALUES (:e, :subject, :from_ts, :to_ts, :why, :planned_by, :now)
RETURNING id;

-- name: cancel_outage(id, actor, now)$
UPDATE outage SET cancelled_at = :now, cancelled_by = :actor WHERE id = :id AND cancelled_at IS NULL RETURNING id;

-- name: outage(id)^
SELECT o.e, o.id, enterprise.code AS enterprise, o.subject, o.from_ts, o.to_ts, o.why, o.planned_by, o.recorded_at,
       o.cancelled_at, o.cancelled_by
FROM outage AS o JOIN enterprise USING (e) WHERE o.id = :id;

-- name: outages(es, since, before, n)
-- Those that end after an instant, the last planned first.
SELECT o.e, o.id, enterprise.code AS enterprise, o.subject, o.from_ts, o.to_ts, o.why, o.planned_by, o.recorded_at,
       o.cancelled_at, o.cancelled_by
FROM outage AS o JOIN enterprise USING (e)
WHERE o.e = ANY (:es::int[]) AND (:since::timestamptz IS NULL OR o.to_ts > :since)
  AND (:before::bigint IS NULL OR o.id < :before)
ORDER BY o.id DESC
LIMIT :n;

-- name: assignments_to_tell(since, alert)
-- Assignments of open alerts to somebody, not told to anybody yet; the last one of each alert.
SELECT a.e, a.id, t.n
FROM alert AS a
CROSS JOIN LATERAL (
    SELECT n, recorded_at FROM transition WHERE e = a.e AND alert = a.id AND kind = 'assigned' ORDER BY n DESC LIMIT 1
) AS t
WHERE a.state = 'firing' AND a.assigned_to IS NOT NULL AND (:alert::bigint IS NULL OR a.id = :alert)
  AND t.recorded_at > :since
  AND NOT EXISTS (SELECT FROM outbox AS o WHERE o.e = a.e AND o.alert = a.id AND o.transition = t.n AND o.event = 'assigned')
ORDER BY a.e, a.id;
