-- name: next_number(year)$
-- The next number of a year; whoever asks waits for the one before, so that none is left out.
INSERT INTO case_count AS c (year, last) VALUES (:year, 1)
ON CONFLICT (year) DO UPDATE SET last = c.last + 1
RETURNING year || '-' || lpad(last::text, greatest(4, length(last::text)), '0');

-- name: insert_case(e, number, title, actor, now)$
INSERT INTO inspection_case (e, number, title, opened_by, opened_at, state, events)
VALUES (:e, :number, :title, :actor, :now, 'opened', 1)
RETURNING id;

-- name: lock_case(number)^
SELECT e, id FROM inspection_case WHERE number = :number FOR UPDATE;

-- name: move_case(e, id, state, due_on)$
UPDATE inspection_case SET state = :state, due_on = coalesce(:due_on, due_on), events = events + 1
WHERE e = :e AND id = :id
RETURNING events;

-- name: append_event(e, case_id, n, kind, now, actor, comment, detail)!
INSERT INTO case_event (e, case_id, n, kind, recorded_at, actor, comment, detail)
VALUES (:e, :case_id, :n, :kind, :now, :actor, :comment, :detail::jsonb);

-- name: lock_alerts(ids)
-- Their evidence and transitions are written under the same lock.
SELECT e, id FROM alert WHERE id = ANY (:ids::bigint[]) ORDER BY id FOR UPDATE;

-- name: alerts_as_they_are(ids)
SELECT a.e, a.id, a.retracted, a.merged_into,
       (SELECT c.number FROM case_alert AS k JOIN inspection_case AS c ON c.e = k.e AND c.id = k.case_id
        WHERE k.e = a.e AND k.alert = a.id AND c.state NOT IN ('closed', 'withdrawn') LIMIT 1) AS in_case
FROM alert AS a
WHERE a.id = ANY (:ids::bigint[])
ORDER BY a.id;

-- name: add_alerts(e, case_id, event, ids)!
INSERT INTO case_alert (e, case_id, alert, event, version, sha256, value, limit_value, certainty, transitions)
SELECT a.e, :case_id, a.id, :event, v.version, v.sha256, a.value, a.limit_value, a.certainty,
       coalesce((SELECT max(n) FROM transition AS t WHERE t.e = a.e AND t.alert = a.id), 0)
FROM alert AS a
LEFT JOIN LATERAL (
    SELECT version, sha256 FROM evidence WHERE e = a.e AND alert = a.id ORDER BY version DESC LIMIT 1
) AS v ON true
WHERE a.e = :e AND a.id = ANY (:ids::bigint[]);

-- name: cases(es, number, states, alert, overdue, now, before, urgent, n)
-- Last opened first, or what is due first. `moved`: alerts that no longer are as they were when they were added; looked
-- up for the cases of the page only.
SELECT c.*, s.alerts, s.moved
FROM (
    SELECT c.e, c.id, c.number, enterprise.code AS enterprise, c.title, c.state, c.opened_by, c.opened_at, c.due_on,
           d.days_left, c.events
    FROM inspection_case AS c
    JOIN enterprise USING (e)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN c.state = 'ordered' THEN c.due_on - (:now::timestamptz AT TIME ZONE enterprise.timezone)::date
               END AS days_left
    ) AS d
    WHERE (:es::int[] IS NULL OR c.e = ANY (:es))
      AND (:number::text IS NULL OR c.number = :number)
      AND (:states::text[] IS NULL OR c.state = ANY (:states))
      AND (:alert::bigint IS NULL
           OR EXISTS (SELECT FROM case_alert AS k WHERE k.e = c.e AND k.case_id = c.id AND k.alert = :alert))
      AND (:overdue::boolean IS NULL OR coalesce(d.days_left < 0, false) = :overdue)
      AND (:before::bigint IS NULL OR c.id < :before)
    ORDER BY CASE WHEN :urgent::boolean THEN d.days_left END NULLS LAST, c.id DESC
    LIMIT :n
) AS c
CROSS JOIN LATERAL (
    SELECT count(*)::int AS alerts,
           count(*) FILTER (
               WHERE a.retracted OR a.merged_into IS NOT NULL
                  OR EXISTS (SELECT FROM evidence AS v
                             WHERE v.e = k.e AND v.alert = k.alert AND v.version > coalesce(k.version, 0)))::int AS moved
    FROM case_alert AS k JOIN alert AS a ON a.e = k.e AND a.id = k.alert
    WHERE k.e = c.e AND k.case_id = c.id
) AS s
ORDER BY CASE WHEN :urgent::boolean THEN c.days_left END NULLS LAST, c.id DESC;

-- name: case_events(e, case_id)
SELECT n, kind, recorded_at, actor, comment, detail::text AS detail
FROM case_event WHERE e = :e AND case_id = :case_id ORDER BY n;

-- name: last_event(e, case_id)^
SELECT n, kind, recorded_at, actor, comment, detail::text AS detail
FROM case_event WHERE e = :e AND case_id = :case_id ORDER BY n DESC LIMIT 1;

-- name: case_alerts(e, case_id)
SELECT k.alert, c.recorded_at AS added_at, c.actor AS added_by, k.version, k.sha256, k.value, k.limit_value, k.certainty,
       a.rule, a.rule_version, a.subject, a.purpose, a.severity, a.unit, a.state, a.closed, a.started_at, a.resolved_at, a.withheld_since,
       a.value AS value_now, a.limit_value AS limit_now, a.retracted, a.merged_into, r.title_zh, r.title_en, r.source,
       v.version AS version_now, v.sha256 AS sha256_now,
       ARRAY(SELECT t.kind FROM transition AS t
             WHERE t.e = k.e AND t.alert = k.alert AND t.n > k.transitions ORDER BY t.n) AS later
FROM case_alert AS k
JOIN case_event AS c ON c.e = k.e AND c.case_id = k.case_id AND c.n = k.event
JOIN alert AS a ON a.e = k.e AND a.id = k.alert
JOIN rule_version AS r ON r.e = a.e AND r.rule = a.rule AND r.version = a.rule_version
LEFT JOIN LATERAL (
    SELECT version, sha256 FROM evidence WHERE e = k.e AND alert = k.alert ORDER BY version DESC LIMIT 1
) AS v ON true
WHERE k.e = :e AND k.case_id = :case_id
ORDER BY k.event, k.alert;
