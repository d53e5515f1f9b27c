-- name: motor_versions(e)
-- Every version of every motor that is not over, retired ones too.
SELECT motor.code, v.valid_from, v.valid_to, v.recorded_at, v.retired, v.definition::text AS definition
FROM motor JOIN motor_span AS v USING (e, id)
WHERE motor.e = :e
ORDER BY motor.code, v.valid_from;

-- name: instruments(e, codes)
-- Points as configured last, with the class of the meter on each and how far the ledger is.
SELECT point.p, point.code, c.reading, c.amount_unit, c.aggregate, c.to_amount, c.max_gap_s, s.first_ts, s.closed_until, i.accuracy_class, i.calibrated
FROM point
JOIN LATERAL (
    SELECT reading, amount_unit, aggregate, to_amount, max_gap_s FROM point_config_span AS k
    WHERE k.e = point.e AND k.p = point.p ORDER BY k.valid_from DESC LIMIT 1
) AS c ON true
LEFT JOIN point_state AS s USING (e, p)
LEFT JOIN LATERAL (
    SELECT accuracy_class, calibrated FROM installation_span AS k
    WHERE k.e = point.e AND k.p = point.p ORDER BY k.installed_at DESC LIMIT 1
) AS i ON true
WHERE point.e = :e AND point.code = ANY (:codes::text[]);

-- name: quarter_hours(e, points, starts, ends)
-- Closed quarter hours of points, each over a span of its own.
SELECT s.p, i.start, i.amount, i.covered_s, i.estimated_s
FROM unnest(:points::int[], :starts::timestamptz[], :ends::timestamptz[]) AS s (p, starts, ends)
CROSS JOIN LATERAL ledger_rows(:e, s.p, s.starts, s.ends) AS i
ORDER BY s.p, i.start;

-- name: sampled(e, points, gaps, starts, ends)
-- Least and greatest value a gauge had in each quarter hour, the value it came in with included: a reading holds until
-- the next one, at most its point's gap.
WITH sample AS (
    SELECT s.p, s.starts, s.ends, r.ts, r.value,
           least(lead(r.ts) OVER (PARTITION BY s.p ORDER BY r.ts), r.ts + s.gap * interval '1 second', s.ends) AS until
    FROM unnest(:points::int[], :gaps::float8[], :starts::timestamptz[], :ends::timestamptz[]) AS s (p, gap, starts, ends)
    JOIN reading AS r ON r.e = :e AND r.p = s.p
        AND r.ts >= s.starts - s.gap * interval '1 second' AND r.ts < s.ends AND r.quality < 2
)
SELECT p, q AS start, min(value) AS low, max(value) AS high
FROM sample
CROSS JOIN LATERAL generate_series(
    greatest(starts, date_bin('15 minutes', ts, 'epoch')), until - interval '1 microsecond', '15 minutes') AS q
GROUP BY p, q;

-- name: load_profiles(e, ns, points, to_kwh, widths, starts, ends)
-- Hours that points spent at each power: bins of a width (kW), with the mean power within. A quarter hour of which less
-- than half is covered is left out.
SELECT s.n, floor(k.kw / s.width)::int AS bin, sum(k.kw * i.covered_s) / sum(i.covered_s) AS kw,
       sum(i.covered_s) / 3600 AS hours
FROM unnest(:ns::int[], :points::int[], :to_kwh::float8[], :widths::float8[], :starts::timestamptz[], :ends::timestamptz[])
    AS s (n, p, to_kwh, width, starts, ends)
CROSS JOIN LATERAL ledger_rows(:e, s.p, s.starts, s.ends) AS i
CROSS JOIN LATERAL (SELECT i.amount * s.to_kwh * 3600 / i.covered_s AS kw) AS k
WHERE i.amount IS NOT NULL AND i.covered_s >= 450
GROUP BY s.n, 2
ORDER BY s.n, 2;

-- name: first_readings(e, points)
-- Since when raw readings are still there.
SELECT s.p, r.ts
FROM unnest(:points::int[]) AS s (p)
CROSS JOIN LATERAL (SELECT ts FROM reading WHERE e = :e AND p = s.p ORDER BY ts LIMIT 1) AS r;
