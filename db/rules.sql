-- name: put_rule_file(e, file, sha256, now, rules, mistakes)!
INSERT INTO rule_file (e, file, sha256, loaded_at, rules, mistakes)
VALUES (:e, :file, :sha256, :now, :rules::text[], :mistakes::jsonb)
ON CONFLICT (e, file) DO UPDATE SET
    sha256 = excluded.sha256, loaded_at = excluded.loaded_at, rules = excluded.rules, mistakes = excluded.mistakes;

-- name: forget_rule_files(e, files)!
DELETE FROM rule_file WHERE e = :e AND file <> ALL (:files::text[]);

-- name: rule_files(e)
SELECT file, sha256, loaded_at, rules, mistakes::text AS mistakes FROM rule_file WHERE e = :e ORDER BY file;

-- name: current_rules(es)
SELECT e, rule, version, sha256, recorded_at, file, kind, purpose, severity, cadence, unit, title_zh, title_en, source,
       definition::text AS definition
FROM rule_version WHERE e = ANY (:es::int[]) AND retired_at IS NULL
ORDER BY e, rule;

-- name: rule_versions(e)
SELECT rule, max(version) AS newest, max(version) FILTER (WHERE retired_at IS NULL) AS current,
       max(sha256) FILTER (WHERE retired_at IS NULL) AS sha256
FROM rule_version WHERE e = :e GROUP BY rule;

-- name: wordings(e, rule, versions)
SELECT version, definition::text AS definition FROM rule_version WHERE e = :e AND rule = :rule AND version = ANY (:versions::int[]);

-- name: retire_rule(e, rule, now)!
UPDATE rule_version SET retired_at = :now WHERE e = :e AND rule = :rule AND retired_at IS NULL;

-- name: insert_rule_version(e, rule, version, sha256, now, file, kind, purpose, severity, cadence, unit, title_zh, title_en, source, definition)!
INSERT INTO rule_version (
    e, rule, version, sha256, recorded_at, file, kind, purpose, severity, cadence, unit, title_zh, title_en, source, definition)
VALUES (
    :e, :rule, :version, :sha256, :now, :file, :kind, :purpose, :severity, :cadence, :unit, :title_zh, :title_en, :source,
    :definition::jsonb);

-- name: rule_health(es)
-- What each rule judges and how it is doing.
SELECT e, rule, count(*) FILTER (WHERE ended_at IS NULL)::int AS subjects,
       count(*) FILTER (WHERE ended_at IS NULL AND truth = 2)::int AS unknown,
       count(*) FILTER (WHERE ended_at IS NULL AND phase = 'pending')::int AS pending,
       count(*) FILTER (WHERE ended_at IS NULL AND phase = 'firing')::int AS firing,
       max(error) AS error,
       min(evaluated_until) FILTER (WHERE ended_at IS NULL) AS evaluated_until
FROM rule_subject WHERE e = ANY (:es::int[])
GROUP BY e, rule;

-- name: accepted_nowhere(es)
-- Codes of which a rule accepts a changed loss, and which are a subject of it at no enterprise; known once it was judged.
SELECT v.e, v.rule, array_agg(k.code ORDER BY k.code) AS codes
FROM rule_version AS v
JOIN rule_cursor AS c ON c.e = v.e AND c.evaluated_at >= v.recorded_at
CROSS JOIN LATERAL jsonb_object_keys(v.definition -> 'condition' -> 'accepted') AS k (code)
WHERE v.e = ANY (:es::int[]) AND v.kind = 'balance' AND v.retired_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM rule_subject AS s WHERE s.rule = v.rule AND s.subject = k.code)
GROUP BY v.e, v.rule;

-- name: subjects(e, rule)
SELECT rule, subject, version, evaluated_until, configured_at, redo_from, memory::text AS memory, phase, phase_since, truth,
       reason, value, limit_value, error, ended_at, worded_from, worded_memory::text AS worded_memory, redo_until, retell_from
FROM rule_subject WHERE e = :e AND (:rule::text IS NULL OR rule = :rule)
ORDER BY rule, subject;

-- name: ensure_cursor(e)!
INSERT INTO rule_cursor (e) VALUES (:e) ON CONFLICT DO NOTHING;

-- name: lock_cursor(e)$
-- No row: somebody else is evaluating this enterprise.
SELECT serial FROM rule_cursor WHERE e = :e FOR UPDATE SKIP LOCKED;

-- name: move_cursor(e, now, by)!
UPDATE rule_cursor
SET evaluated_at = :now, serial = serial + :by::int,
    evaluated_until = (SELECT min(evaluated_until) FROM rule_subject WHERE e = :e AND ended_at IS NULL)
WHERE e = :e;

-- name: cursors()
SELECT e, evaluated_until, evaluated_at FROM rule_cursor ORDER BY e;

-- name: take_changes(e)
-- What the ledger published since it was last asked: which points, from when to when. What the district judges, too, is
-- passed on to it in the same transaction.
WITH taken AS (DELETE FROM ledger_change WHERE e = :e RETURNING p, from_start, to_start, known_at),
span AS (
    SELECT p, min(from_start) AS from_start, max(to_start) AS to_start, max(known_at) AS known_at FROM taken GROUP BY p
),
passed_on AS (
    INSERT INTO ledger_change (e, p, from_start, to_start, known_at)
    SELECT d.e, span.p, span.from_start, span.to_start, span.known_at
    FROM span
    JOIN enterprise AS d ON d.scope = 'district' AND d.e <> :e
    WHERE EXISTS (SELECT FROM generating_unit AS u WHERE u.e = :e)
)
SELECT p, from_start, to_start FROM span ORDER BY p;

-- name: point_states(e)
-- Of the district: those of plants it judges.
SELECT p, first_ts, closed_until FROM point_state
WHERE closed_until IS NOT NULL
  AND (e = :e OR (EXISTS (SELECT FROM enterprise AS d WHERE d.e = :e AND d.scope = 'district')
                  AND e IN (SELECT u.e FROM generating_unit AS u)));

-- name: put_subjects(e, rules, subjects, versions, evaluated_until, configured_at, redo_from, memories, phases, phase_since, truths, reasons, values, limits, errors, worded_from, worded_memories, redo_until, retell_from)!
INSERT INTO rule_subject (
    e, rule, subject, version, evaluated_until, configured_at, redo_from, memory, phase, phase_since, truth, reason, value,
    limit_value, error, ended_at, worded_from, worded_memory, redo_until, retell_from)
SELECT :e, u.rule, u.subject, u.version, u.evaluated_until, u.configured_at, u.redo_from, u.memory::jsonb, u.phase,
       u.phase_since, u.truth, u.reason, u.value, u.limit_value, u.error, NULL, u.worded_from, u.worded_memory::jsonb,
       u.redo_until, u.retell_from
FROM unnest(:rules::text[], :subjects::text[], :versions::int[], :evaluated_until::timestamptz[],
            :configured_at::timestamptz[], :redo_from::timestamptz[], :memories::text[], :phases::text[],
            :phase_since::timestamptz[], :truths::smallint[], :reasons::text[], :values::float8[], :limits::float8[],
            :errors::text[], :worded_from::timestamptz[], :worded_memories::text[],
            :redo_until::timestamptz[], :retell_from::timestamptz[])
    AS u (rule, subject, version, evaluated_until, configured_at, redo_from, memory, phase, phase_since, truth, reason,
          value, limit_value, error, worded_from, worded_memory, redo_until, retell_from)
ON CONFLICT (e, rule, subject) DO UPDATE SET
    version = excluded.version, evaluated_until = excluded.evaluated_until, configured_at = excluded.configured_at,
    redo_from = excluded.redo_from, memory = excluded.memory, phase = excluded.phase, phase_since = excluded.phase_since,
    truth = excluded.truth, reason = excluded.reason, value = excluded.value, limit_value = excluded.limit_value,
    error = excluded.error, ended_at = NULL, worded_from = excluded.worded_from, worded_memory = excluded.worded_memory,
    redo_until = excluded.redo_until, retell_from = excluded.retell_from;

-- name: end_subject(e, rule, subject, at)!
UPDATE rule_subject SET ended_at = :at, phase = 'inactive', phase_since = NULL, memory = '{}'
WHERE e = :e AND rule = :rule AND subject = :subject;

-- name: verdicts_touching(e, rule, subjects, starts, ends)
-- Spans that overlap or touch [start, end] of each subject.
SELECT s.subject, v.from_ts, v.to_ts, v.truth, v.in_band, v.reason
FROM unnest(:subjects::text[], :starts::timestamptz[], :ends::timestamptz[]) AS s (subject, starts, ends)
CROSS JOIN LATERAL (
    (SELECT from_ts, to_ts, truth, in_band, reason FROM verdict
     WHERE e = :e AND rule = :rule AND subject = s.subject AND from_ts < s.starts AND to_ts >= s.starts
     ORDER BY from_ts DESC LIMIT 1)
    UNION ALL
    (SELECT from_ts, to_ts, truth, in_band, reason FROM verdict
     WHERE e = :e AND rule = :rule AND subject = s.subject AND from_ts >= s.starts AND from_ts <= s.ends)
) AS v
ORDER BY s.subject, v.from_ts;

-- name: last_verdicts(e)
-- Of each subject the span that reaches up to where it was judged.
SELECT s.rule, s.subject, v.from_ts, v.to_ts, v.truth, v.in_band, v.reason
FROM rule_subject AS s
CROSS JOIN LATERAL (
    SELECT from_ts, to_ts, truth, in_band, reason FROM verdict AS k
    WHERE k.e = s.e AND k.rule = s.rule AND k.subject = s.subject AND k.from_ts < s.evaluated_until
    ORDER BY from_ts DESC LIMIT 1
) AS v
WHERE s.e = :e AND v.to_ts = s.evaluated_until;

-- name: anchors(e, rule, subjects, ats)
-- The last instant at or before `at` at which each subject was clear and without an alert.
SELECT s.subject, v.instant
FROM unnest(:subjects::text[], :ats::timestamptz[]) AS s (subject, at)
CROSS JOIN LATERAL (
    SELECT least(to_ts, s.at) AS instant
    FROM verdict AS k
    WHERE k.e = :e AND k.rule = :rule AND k.subject = s.subject AND k.from_ts < s.at AND k.truth = 0 AND NOT k.in_band
      AND NOT EXISTS (
          SELECT 1 FROM alert AS a
          WHERE a.e = :e AND a.rule = :rule AND a.subject = s.subject
            AND (a.closed IS NULL OR a.closed IN ('cleared', 'ended', 'period_over'))
            AND a.started_at < least(k.to_ts, s.at) AND (a.resolved_at IS NULL OR least(k.to_ts, s.at) < a.resolved_at))
    ORDER BY k.from_ts DESC LIMIT 1
) AS v;

-- name: delete_verdicts(e, rule, subjects, starts)!
DELETE FROM verdict AS v USING unnest(:subjects::text[], :starts::timestamptz[]) AS u (subject, from_ts)
WHERE v.e = :e AND v.rule = :rule AND v.subject = u.subject AND v.from_ts = u.from_ts;

-- name: put_verdicts(e, rules, subjects, starts, ends, truths, bands, reasons)!
INSERT INTO verdict (e, rule, subject, from_ts, to_ts, truth, in_band, reason)
SELECT :e, u.*
FROM unnest(:rules::text[], :subjects::text[], :starts::timestamptz[], :ends::timestamptz[], :truths::smallint[], :bands::boolean[],
            :reasons::text[]) AS u
ON CONFLICT (e, rule, subject, from_ts) DO UPDATE SET
    to_ts = excluded.to_ts, truth = excluded.truth, in_band = excluded.in_band, reason = excluded.reason;

-- name: newest_seen(e)
-- The newest reading that the ledger has seen, where it is beyond what is closed.
SELECT p, newest_ts FROM point_state WHERE e = :e AND newest_ts > closed_until;

-- name: first_heard(e, points, ats)
-- When the first reading of each point arrived, whatever its own instant is; of one that had arrived by `at`, that. NULL:
-- there are no readings to tell by; then what the first of them said.
SELECT s.p, state.first_ts,
       CASE WHEN state.first_ts < state.sealed_before OR EXISTS (
                SELECT FROM reading AS r WHERE r.e = :e AND r.p = s.p AND r.received_at <= s.at) THEN s.at
            ELSE (
                SELECT min(r.received_at) FROM (
                    SELECT received_at FROM reading WHERE e = :e AND p = s.p
                    UNION ALL
                    SELECT received_at FROM reading_revision WHERE e = :e AND p = s.p
                ) AS r)
       END AS heard_at
FROM unnest(:points::int[], :ats::timestamptz[]) AS s (p, at)
JOIN point_state AS state ON state.e = :e AND state.p = s.p
WHERE state.first_ts IS NOT NULL;

-- name: verdicts(e, rule, subject, starts, ends)
SELECT from_ts, to_ts, truth, in_band, reason FROM verdict
WHERE e = :e AND rule = :rule AND subject = :subject AND from_ts < :ends AND to_ts > :starts
ORDER BY from_ts;

-- name: metered_points(e)
-- Points with a meter, as configured last; patience_s: how long one that an event reports (a heat) may say nothing.
SELECT point.p, point.code, c.role, c.retired, c.recorded_at,
       CASE WHEN c.reading = 'interval' AND c.reporting = 'on_change' THEN greatest(c.max_silence_s, c.max_gap_s)
           ELSE 0 END AS patience_s
FROM point
JOIN LATERAL (
    SELECT role, retired, reading, reporting, max_gap_s, max_silence_s, recorded_at FROM point_config_span AS k
    WHERE k.e = point.e AND k.p = point.p ORDER BY k.valid_from DESC LIMIT 1
) AS c ON true
WHERE point.e = :e AND c.reading <> 'virtual'
ORDER BY point.code;

-- name: silent_quarters(e, points, starts, ends)
-- Quarter hours of each point's span that held something when they closed, whatever came later: what the ledger published
-- of them first has revision 1; a first revision of 2 was closed as missing before.
SELECT s.p, i.start
FROM unnest(:points::int[], :starts::timestamptz[], :ends::timestamptz[]) AS s (p, starts, ends)
JOIN interval AS i ON i.e = :e AND i.p = s.p AND i.start >= s.starts AND i.start < s.ends
WHERE CASE WHEN i.rev = 1 THEN i.covered_s > 0
           ELSE EXISTS (
               SELECT FROM interval_revision AS v
               WHERE v.e = i.e AND v.p = i.p AND v.start = i.start AND v.rev = 1 AND v.covered_s > 0)
      END
ORDER BY s.p, i.start;

-- name: postpone(e, rule, redo_from, error)!
-- Judging failed: remember from where, so that nothing that changed is forgotten.
UPDATE rule_subject
SET error = :error,
    redo_from = CASE WHEN :redo_from::timestamptz < evaluated_until THEN least(coalesce(redo_from, :redo_from), :redo_from)
                     ELSE redo_from END,
    redo_until = CASE WHEN :redo_from::timestamptz < evaluated_until THEN NULL ELSE redo_until END
WHERE e = :e AND rule = :rule AND ended_at IS NULL;
