-- What people look at: registers of names, newest values, series. Read only.

-- name: enterprise_shifts(e)
SELECT code, starts, ends FROM shift WHERE e = :e ORDER BY starts, code;

-- name: enterprise_processes(e)
SELECT code, name_zh, name_en, kind, parent, commissioned FROM process WHERE e = :e ORDER BY position, code;

-- name: points(e, at)
SELECT p.e, p.p, p.code, c.name_zh, c.name_en, c.process, c.carrier, c.role, c.reading, c.unit, c.amount_unit, c.to_amount, c.aggregate,
       c.rated_per_hour, c.period_s, c.reporting, c.max_gap_s, c.max_silence_s, c.min_value, c.max_value,
       c.frozen_after_s, c.parent, c.ncv, c.in_service_from, c.virtual::text AS virtual,
       i.multiplier, i.register_max, i.resolution, i.accuracy_class, i.calibrated, i.installed_at,
       s.first_ts, s.newest_ts, s.closed_until
FROM point AS p
JOIN point_config_span AS c ON c.e = p.e AND c.p = p.p AND c.valid_from <= :at AND c.valid_to > :at AND NOT c.retired
LEFT JOIN installation_span AS i ON i.e = p.e AND i.p = p.p AND i.installed_at <= :at AND i.removed_at > :at
LEFT JOIN point_state AS s ON s.e = p.e AND s.p = p.p
WHERE p.e = :e
ORDER BY c.position, p.code;

-- name: point_ever(e, code)^
-- A point as it was configured last, in service or not: its history stays readable.
SELECT p.e, p.p, p.code, c.name_zh, c.name_en, c.process, c.carrier, c.role, c.reading, c.unit, c.amount_unit,
       c.to_amount, c.aggregate, c.rated_per_hour, c.period_s, c.reporting, c.max_gap_s, c.max_silence_s, c.min_value,
       c.max_value, c.frozen_after_s, c.parent, c.ncv, c.in_service_from, c.virtual::text AS virtual,
       i.multiplier, i.register_max, i.resolution, i.accuracy_class, i.calibrated, i.installed_at,
       s.first_ts, s.newest_ts, s.closed_until
FROM point AS p
JOIN LATERAL (
    SELECT * FROM point_config_span AS k WHERE k.e = p.e AND k.p = p.p ORDER BY k.valid_from DESC LIMIT 1
) AS c ON true
LEFT JOIN LATERAL (
    SELECT * FROM installation_span AS k WHERE k.e = p.e AND k.p = p.p ORDER BY k.installed_at DESC LIMIT 1
) AS i ON true
LEFT JOIN point_state AS s ON s.e = p.e AND s.p = p.p
WHERE p.e = :e AND p.code = :code;

-- name: motors(e)
SELECT id, code FROM motor WHERE e = :e ORDER BY code;

-- name: enpis(e)
SELECT id, code FROM enpi WHERE e = :e ORDER BY code;

-- name: newest_closed(e)^
-- How far the whole enterprise's ledger is: its newest closed quarter hour.
SELECT max(closed_until) AS closed_until FROM point_state WHERE e = :e;

-- name: first_seen(e)^
-- The first instant that the ledger knows of an enterprise.
SELECT min(first_ts) AS first_ts FROM point_state WHERE e = :e;

-- name: closed_with_stocks(e)^
-- The same, held back to where the stocks are closed, as long as they are but a little behind: a stock is read by the
-- hour, its intervals close with the next reading, and a purchase without the change of its stock is no consumption.
SELECT least(max(s.closed_until), min(s.closed_until) FILTER (
           WHERE c.role = 'stock' AND s.closed_until > newest.at - interval '2 hours')) AS closed_until
FROM (SELECT max(closed_until) AS at FROM point_state WHERE e = :e) AS newest
JOIN point_state AS s ON s.e = :e
JOIN point_config_span AS c ON c.e = s.e AND c.p = s.p AND c.valid_from <= newest.at AND c.valid_to > newest.at
                           AND NOT c.retired;

-- name: latest(e, ps, rate_window)
-- The newest reading of each point, and the one a rate can be taken from: two steps down the key for every point.
SELECT wanted.p, n.ts, n.start, n.value, n.quality, n.origin, n.received_at,
       b.ts AS before_ts, b.value AS before_value, f.kinds AS findings
FROM unnest(:ps::int[]) AS wanted (p)
CROSS JOIN LATERAL (
    SELECT r.ts, r.start, r.value, r.quality, r.origin, r.received_at
    FROM reading AS r
    WHERE r.e = :e AND r.p = wanted.p
    ORDER BY r.ts DESC
    LIMIT 1
) AS n
LEFT JOIN LATERAL (
    SELECT r.ts, r.value
    FROM reading AS r
    WHERE r.e = :e AND r.p = wanted.p AND r.ts <= n.ts - :rate_window::interval AND r.quality < 2
    ORDER BY r.ts DESC
    LIMIT 1
) AS b ON true
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT d.kind ORDER BY d.kind) AS kinds
    FROM finding AS d
    WHERE d.e = :e AND d.p = wanted.p AND (d.to_ts IS NULL OR d.to_ts >= n.ts)
) AS f ON true;

-- name: newest_instant(e, ps, now)^
-- The newest of their readings, where no more of them is asked: a step down the key for each, bounded as grafana.judge is.
SELECT max(n.ts) AS ts
FROM unnest(:ps::int[]) AS wanted (p)
CROSS JOIN LATERAL (
    SELECT r.ts
    FROM reading AS r
    WHERE r.e = :e AND r.p = wanted.p AND r.ts > :now::timestamptz - interval '3 days' AND r.ts <= :now
    ORDER BY r.ts DESC
    LIMIT 1
) AS n;

-- name: ingest_freshness()^
-- The newest arrival over all points, by the key.
SELECT max(n.received_at) AS received_at
FROM point AS p
CROSS JOIN LATERAL (
    SELECT r.received_at FROM reading AS r WHERE r.e = p.e AND r.p = p.p ORDER BY r.ts DESC LIMIT 1
) AS n;

-- name: newest_readings(now)
-- The newest measured instant of each enterprise, as far as it is not in the future; silent_after_s: the least of how long
-- its points may be silent, as PointRow.silent_after_s says of each.
SELECT en.code AS enterprise, max(n.ts) AS ts,
       (SELECT min(CASE
                       WHEN c.reporting = 'on_change' AND c.max_silence_s IS NOT NULL THEN greatest(c.max_silence_s, c.max_gap_s)
                       WHEN c.reading = 'interval' THEN greatest(c.max_gap_s, 2 * c.period_s)
                       ELSE c.max_gap_s
                   END)
        FROM point_config_span AS c
        WHERE c.e = en.e AND c.valid_from <= :now AND c.valid_to > :now AND NOT c.retired AND c.reading <> 'virtual'
       )::float8 AS silent_after_s
FROM enterprise AS en
JOIN point AS p ON p.e = en.e
CROSS JOIN LATERAL (
    SELECT r.ts FROM reading AS r WHERE r.e = p.e AND r.p = p.p AND r.ts <= :now ORDER BY r.ts DESC LIMIT 1
) AS n
GROUP BY en.e, en.code;

-- name: ledger_backlog()^
SELECT count(*) AS spans, min(id) AS oldest FROM (SELECT id FROM dirty LIMIT 100000) AS pending;

-- name: rules_freshness()^
-- When the enterprise that waits longest was evaluated last; failing: rules that could not be judged then.
SELECT min(evaluated_at) AS evaluated_at,
       (SELECT count(DISTINCT (e, rule)) FROM rule_subject WHERE error IS NOT NULL AND ended_at IS NULL) AS failing
FROM rule_cursor;

-- name: readings_raw(e, ps, t0, t1, after_p, after_ts, n)
SELECT r.p, r.ts, r.start, r.value, r.quality, r.origin, r.received_at
FROM reading AS r
WHERE r.e = :e AND r.p = ANY (:ps::int[]) AND r.ts >= :t0 AND r.ts < :t1
  AND (r.p, r.ts) > (:after_p::int, :after_ts::timestamptz)
ORDER BY r.p, r.ts
LIMIT :n;

-- name: readings_binned(e, ps, t0, t1, width, after_p, after_ts, n)
SELECT r.p, date_bin(:width::interval, r.ts, timestamptz '2000-01-01 00:00:00+00') AS ts,
       count(*) AS readings, min(r.value) AS low, max(r.value) AS high, avg(r.value) AS mean,
       (array_agg(r.value ORDER BY r.ts DESC))[1] AS last
FROM reading AS r
WHERE r.e = :e AND r.p = ANY (:ps::int[]) AND r.ts >= :t0 AND r.ts < :t1 AND r.quality < 2
  AND (r.p > :after_p::int OR (r.p = :after_p::int AND r.ts >= :after_ts::timestamptz + :width::interval))
GROUP BY 1, 2
ORDER BY 1, 2
LIMIT :n;

-- name: readings_by_day(e, ps, t0, t1, zone, day_starts, after_p, after_ts, n)
-- Days of the enterprise's own clock, in its own zone.
SELECT d.p, (d.local_day + :day_starts::interval) AT TIME ZONE :zone::text AS ts,
       count(*) AS readings, min(d.value) AS low, max(d.value) AS high, avg(d.value) AS mean,
       (array_agg(d.value ORDER BY d.ts DESC))[1] AS last
FROM (
    SELECT r.p, r.ts, r.value, date_trunc('day', r.ts AT TIME ZONE :zone::text - :day_starts::interval) AS local_day
    FROM reading AS r
    WHERE r.e = :e AND r.p = ANY (:ps::int[]) AND r.ts >= :t0 AND r.ts < :t1 AND r.quality < 2
) AS d
WHERE (d.p, (d.local_day + :day_starts::interval) AT TIME ZONE :zone::text) > (:after_p::int, :after_ts::timestamptz)
GROUP BY d.p, d.local_day
ORDER BY 1, 2
LIMIT :n;

-- name: reading_revisions(e, p, t0, t1, n)
SELECT ts, start, value, quality, origin, received_at, recorded_at
FROM reading_revision
WHERE e = :e AND p = :p AND ts >= :t0 AND ts < :t1
ORDER BY recorded_at DESC, ts DESC
LIMIT :n;

-- name: installations(e, p)
SELECT installed_at, removed_at, kind, final_value, initial_value, multiplier, register_max, resolution,
       accuracy_class, calibrated, recorded_at
FROM installation_span
WHERE e = :e AND p = :p
ORDER BY installed_at;

-- name: quarantine(es, reason, text, before, before_key, n)
SELECT q.e, q.payload_sha256, q.reason, q.detail, q.topic, substr(q.payload, 1, 4096) AS payload, q.payload_bytes,
       q.first_seen, q.last_seen, q.count
FROM quarantine AS q
WHERE q.e = ANY (:es::int[])
  AND (:reason::text IS NULL OR q.reason = :reason::text)
  AND (:text::text IS NULL OR strpos(q.detail, :text::text) > 0 OR strpos(q.topic, :text::text) > 0)
  AND (q.last_seen, q.payload_sha256) < (:before::timestamptz, :before_key::bytea)
ORDER BY q.last_seen DESC, q.payload_sha256 DESC
LIMIT :n;

-- name: quarantine_reasons(es, since)
SELECT reason, count(*) AS payloads, sum(count)::bigint AS deliveries, max(last_seen) AS last_seen
FROM quarantine
WHERE e = ANY (:es::int[]) AND last_seen >= :since
GROUP BY reason
ORDER BY 2 DESC, 1;

-- name: power_curve(e, ps, weights, t0, t1)
-- Mean power of each closed quarter hour over a boundary, in weight x amount unit an hour; over the covered time
-- only, so that a half-covered quarter hour does not look like half the load.
SELECT i.start, sum(w.weight * i.amount * 3600 / i.covered_s ORDER BY w.p) AS power, count(*)::int AS known,
       max(i.basis)::int AS basis
FROM unnest(:ps::int[], :weights::float8[]) AS w (p, weight)
JOIN interval AS i ON i.e = :e AND i.p = w.p AND i.start >= :t0 AND i.start < :t1
WHERE i.amount IS NOT NULL AND i.covered_s > 0
GROUP BY i.start
ORDER BY i.start;

-- name: spread_curve(e, ps, t0, t1)
-- Mean, lowest and highest of several states by closed quarter hour, and of how many they are.
SELECT i.start, avg(i.amount) AS mean, min(i.amount) AS lowest, max(i.amount) AS highest, count(*)::int AS known
FROM interval AS i
WHERE i.e = :e AND i.p = ANY (:ps::int[]) AND i.start >= :t0 AND i.start < :t1 AND i.amount IS NOT NULL
GROUP BY i.start
ORDER BY i.start;

-- name: coverage(e, ps, t0, t1)
-- The bases of each point's quarter hours; those without a row are missing.
SELECT i.p, array_agg(extract(epoch FROM i.start)::bigint ORDER BY i.start) AS starts,
       array_agg((CASE WHEN i.amount IS NULL THEN 3 ELSE i.basis END)::int ORDER BY i.start) AS bases
FROM interval AS i
WHERE i.e = :e AND i.p = ANY (:ps::int[]) AND i.start >= :t0 AND i.start < :t1
GROUP BY i.p;
