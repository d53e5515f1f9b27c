-- name: enpi_versions(e, code)
-- The versions of one EnPI, or of all, retired ones too.
SELECT enpi.code, v.valid_from, v.valid_to, v.recorded_at, v.retired, v.definition::text AS definition
FROM enpi JOIN enpi_span AS v USING (e, id)
WHERE enpi.e = :e AND (:code::text IS NULL OR enpi.code = :code)
ORDER BY enpi.code, v.valid_from;

-- name: enpi_points(e, codes)
-- Every version of the points an EnPI is made of.
SELECT point.p, point.code, c.carrier, c.amount_unit, c.period_s, c.in_service_from, c.ncv,
       c.virtual::text AS virtual, s.first_ts, s.closed_until
FROM point
JOIN point_config_span AS c USING (e, p)
LEFT JOIN point_state AS s USING (e, p)
WHERE point.e = :e AND point.code = ANY (:codes::text[])
ORDER BY point.code, c.valid_from;

-- name: commissioned(e, process)^
SELECT commissioned, recorded_at FROM process WHERE e = :e AND code = :process;

-- name: state_means(e, points, starts, ends, as_of)
-- Means of states over periods, weighed by covered time, in order of time.
SELECT c.p, period.n::int AS n,
       sum(i.amount * i.covered_s ORDER BY i.start) AS weighed, sum(i.covered_s ORDER BY i.start) AS covered_s
FROM unnest(:points::int[]) AS c (p)
CROSS JOIN unnest(:starts::timestamptz[], :ends::timestamptz[]) WITH ORDINALITY AS period (starts, ends, n)
CROSS JOIN LATERAL ledger_rows(:e, c.p, period.starts, period.ends, :as_of) AS i
WHERE i.amount IS NOT NULL
GROUP BY c.p, period.n
ORDER BY c.p, period.n;

-- name: idle_quarters(e, points, starts, ends)
-- Of spans: closed quarter hours whose output is known of all these points, and those in which there was none.
SELECT w.n::int AS n, count(*)::int AS known, count(*) FILTER (WHERE q.made = 0)::int AS idle
FROM unnest(:starts::timestamptz[], :ends::timestamptz[]) WITH ORDINALITY AS w (starts, ends, n)
CROSS JOIN LATERAL (
    SELECT i.start, sum(i.amount) AS made
    FROM interval AS i
    WHERE i.e = :e AND i.p = ANY (:points::int[]) AND i.start >= w.starts AND i.start < w.ends AND i.amount IS NOT NULL
    GROUP BY i.start
    HAVING count(*) = cardinality(:points::int[])
) AS q
GROUP BY w.n;
