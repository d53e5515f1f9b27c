-- name: list_alerts(es, state, severities, purpose, rule, subject, text, since, before_at, before_id, n)
SELECT a.*, enterprise.code AS enterprise, v.title_zh, v.title_en, v.source,
       (SELECT max(n) FROM transition AS t WHERE t.e = a.e AND t.alert = a.id) AS transitions
FROM alert AS a
JOIN enterprise USING (e)
JOIN rule_version AS v ON v.e = a.e AND v.rule = a.rule AND v.version = a.rule_version
WHERE a.e = ANY (:es::int[])
  AND (:state::text IS NULL OR a.state = :state)
  AND (:severities::text[] IS NULL OR a.severity = ANY (:severities))
  AND (:purpose::text IS NULL OR a.purpose = :purpose)
  AND (:rule::text IS NULL OR a.rule = :rule)
  AND (:subject::text IS NULL OR a.subject = :subject)
  AND (:text::text IS NULL
       OR strpos(lower(concat_ws(' ', a.rule, a.subject, v.title_zh, v.title_en, a.assigned_to)), lower(:text)) > 0)
  AND (:since::timestamptz IS NULL OR a.resolved_at IS NULL OR a.resolved_at >= :since)
  AND (:before_at::timestamptz IS NULL OR (a.fired_at, a.id) < (:before_at, :before_id::bigint))
ORDER BY a.fired_at DESC, a.id DESC
LIMIT :n;

-- name: alerts_within(e, f, t, n)
-- What began before t and was not over by f, last raised first; in_all: how many there are, listed or not.
SELECT a.*, enterprise.code AS enterprise, v.title_zh, v.title_en, v.source,
       (SELECT max(n) FROM transition AS x WHERE x.e = a.e AND x.alert = a.id) AS transitions,
       count(*) OVER ()::int AS in_all
FROM alert AS a
JOIN enterprise USING (e)
JOIN rule_version AS v ON v.e = a.e AND v.rule = a.rule AND v.version = a.rule_version
WHERE a.e = :e AND NOT a.retracted
  AND a.started_at < :t AND (a.resolved_at IS NULL OR a.resolved_at > :f)
ORDER BY a.fired_at DESC, a.id DESC
LIMIT :n;

-- name: alert(id)^
SELECT a.*, enterprise.code AS enterprise, v.title_zh, v.title_en, v.source,
       (SELECT max(n) FROM transition AS t WHERE t.e = a.e AND t.alert = a.id) AS transitions
FROM alert AS a
JOIN enterprise USING (e)
JOIN rule_version AS v ON v.e = a.e AND v.rule = a.rule AND v.version = a.rule_version
WHERE a.id = :id;

-- name: alerts_by_id(ids)
SELECT a.*, enterprise.code AS enterprise, v.title_zh, v.title_en, v.source,
       (SELECT max(n) FROM transition AS t WHERE t.e = a.e AND t.alert = a.id) AS transitions
FROM alert AS a
JOIN enterprise USING (e)
JOIN rule_version AS v ON v.e = a.e AND v.rule = a.rule AND v.version = a.rule_version
WHERE a.id = ANY (:ids::bigint[])
ORDER BY a.id;

-- name: open_counts(es)
SELECT e, severity, count(*)::int AS alerts, min(started_at) AS since
FROM alert WHERE e = ANY (:es::int[]) AND state = 'firing'
GROUP BY e, severity;

-- name: judged(es)
-- When rules were last judged; null: never yet.
SELECT u.e, c.evaluated_at FROM unnest(:es::int[]) AS u (e) LEFT JOIN rule_cursor AS c ON c.e = u.e;

-- name: transitions(e, alert)
SELECT n, kind, at, recorded_at, actor, detail::text AS detail
FROM transition WHERE e = :e AND alert = :alert ORDER BY n;

-- name: evidence(e, alert)
SELECT version, sha256, body, recorded_at FROM evidence WHERE e = :e AND alert = :alert ORDER BY version;

-- name: lock_alert(e, id)$
-- Transitions are numbered under this lock.
SELECT e FROM alert WHERE e = :e AND id = :id FOR UPDATE;

-- name: insert_alert(e, rule, rule_version, subject, kind, purpose, severity, state, closed, started_at, fired_at, resolved_at, detected_at, withheld_since, value, limit_value, unit, certainty, late, split_from)$
INSERT INTO alert (
    e, rule, rule_version, subject, kind, purpose, severity, state, closed, started_at, fired_at, resolved_at, detected_at,
    withheld_since, value, limit_value, unit, certainty, late, split_from)
VALUES (
    :e, :rule, :rule_version, :subject, :kind, :purpose, :severity, :state, :closed, :started_at, :fired_at, :resolved_at,
    :detected_at, :withheld_since, :value, :limit_value, :unit, :certainty, :late, :split_from)
RETURNING id;

-- name: tell_alert(e, id, started_at, fired_at, resolved_at, withheld_since, closed)!
-- What is now known of an alert's episode.
UPDATE alert
SET started_at = :started_at, fired_at = :fired_at, resolved_at = :resolved_at, withheld_since = :withheld_since,
    state = CASE WHEN :resolved_at::timestamptz IS NULL THEN 'firing' ELSE 'resolved' END,
    closed = :closed
WHERE e = :e AND id = :id;

-- name: judge_alert(e, id, value, limit_value, certainty)!
UPDATE alert SET value = :value, limit_value = :limit_value, certainty = :certainty WHERE e = :e AND id = :id;

-- name: close_alert(e, id, closed, resolved_at, merged_into)!
UPDATE alert
SET state = 'resolved', closed = :closed, resolved_at = coalesce(resolved_at, :resolved_at), merged_into = :merged_into,
    retracted = retracted OR :closed = 'retracted', withheld_since = NULL
WHERE e = :e AND id = :id;

-- name: acknowledge_alert(e, id, actor, now)!
UPDATE alert SET acknowledged_at = :now, acknowledged_by = :actor WHERE e = :e AND id = :id;

-- name: assign_alert(e, id, assignee)!
UPDATE alert SET assigned_to = :assignee WHERE e = :e AND id = :id;

-- name: shelve_alert(e, id, until, why)!
UPDATE alert SET shelved_until = :until, shelved_why = :why WHERE e = :e AND id = :id;

-- name: append_transition(e, alert, kind, at, now, actor, detail)$
INSERT INTO transition (e, alert, n, kind, at, recorded_at, actor, detail)
SELECT :e, :alert, coalesce(max(n), 0) + 1, :kind, :at, :now, :actor, :detail::jsonb
FROM transition WHERE e = :e AND alert = :alert
RETURNING n;

-- name: post(e, alert, transition, channel, payload, now)!
INSERT INTO outbox (e, alert, transition, channel, payload, created_at, next_attempt_at)
VALUES (:e, :alert, :transition, :channel, :payload::jsonb, :now, :now);

-- name: announce_alert(payload)$
SELECT pg_notify('enms_alert', :payload)::text;

-- name: latest_evidence(e, alert)^
SELECT version, sha256, body FROM evidence WHERE e = :e AND alert = :alert ORDER BY version DESC LIMIT 1;

-- name: insert_evidence(e, alert, version, sha256, body, now)!
INSERT INTO evidence (e, alert, version, sha256, body, recorded_at)
VALUES (:e, :alert, :version, :sha256, :body, :now);

-- name: alerts_of(e, rule, subject, after)
-- Recorded episodes that reach past an instant and still count.
SELECT id, started_at, fired_at, resolved_at, withheld_since, closed
FROM alert
WHERE e = :e AND rule = :rule AND subject = :subject
  AND (closed IS NULL OR closed IN ('cleared', 'ended', 'period_over'))
  AND (resolved_at IS NULL OR resolved_at > :after)
ORDER BY started_at, id;

-- name: open_alerts(e)
SELECT rule, subject, id, started_at, fired_at, resolved_at, withheld_since, closed
FROM alert WHERE e = :e AND state = 'firing'
ORDER BY rule, subject;

-- name: take_messages(channel, now, n)
-- The oldest waiting message of each alert, so that a later one never overtakes it.
SELECT o.e, o.id, o.alert, o.transition, o.payload::text AS payload, o.attempts
FROM outbox AS o
WHERE o.sent_at IS NULL AND o.channel = :channel AND o.next_attempt_at <= :now
  AND NOT EXISTS (
      SELECT 1 FROM outbox AS earlier
      WHERE earlier.e = o.e AND earlier.alert = o.alert AND earlier.channel = o.channel
        AND earlier.sent_at IS NULL AND earlier.id < o.id)
ORDER BY o.e, o.id
LIMIT :n
FOR UPDATE OF o SKIP LOCKED;

-- name: message_sent(e, id, now)!
UPDATE outbox SET sent_at = :now, attempts = attempts + 1, last_error = NULL WHERE e = :e AND id = :id;

-- name: message_failed(e, id, error, next_attempt_at)!
UPDATE outbox SET attempts = attempts + 1, last_error = :error, next_attempt_at = :next_attempt_at
WHERE e = :e AND id = :id;

-- name: messages_waiting(channel)$
SELECT count(*) FROM outbox WHERE sent_at IS NULL AND channel = :channel;
