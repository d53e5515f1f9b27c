-- name: conversion_points(e, points)
-- The configuration versions of some points, with the heating-value point where one is declared.
SELECT c.p, point.code, c.valid_from, c.valid_to, c.carrier, c.role, c.process, c.parent, c.reading, c.unit,
       c.amount_unit, c.aggregate, c.period_s, c.ncv, ncv_point.p AS ncv_p, ncv_config.unit AS ncv_unit,
       c.virtual::text AS virtual
FROM point_config_span AS c
JOIN point USING (e, p)
LEFT JOIN point AS ncv_point ON ncv_point.e = c.e AND ncv_point.code = c.ncv
LEFT JOIN LATERAL (
    SELECT unit FROM point_config_span AS n
    WHERE n.e = ncv_point.e AND n.p = ncv_point.p AND n.valid_from < c.valid_to
    ORDER BY n.valid_from DESC LIMIT 1
) AS ncv_config ON true
WHERE c.e = :e AND c.p = ANY (:points::int[]) AND NOT c.retired
ORDER BY c.p, c.valid_from;

-- name: energy_totals(e, as_of, provisional, points, valid_from, valid_to, factor, ncv_points, starts, ends)
-- Amount and standard coal of points over periods.
--
-- A conversion holds for one point over [valid_from, valid_to): kgce = amount x factor, times the mean heating value
-- of the same quarter hour where one is measured. An amount without its heating value has no kgce: it is counted in
-- unconverted_s instead; where that quarter hour is still open and a provisional answer is wanted, the last heating
-- value known is taken, and counted in provisional_s. Sums run in order of time: the same data gives the same bits.
WITH conversion AS (
    SELECT p, valid_from, valid_to, factor, ncv_p
    FROM unnest(:points::int[], :valid_from::timestamptz[], :valid_to::timestamptz[], :factor::float8[],
                :ncv_points::int[]) AS c (p, valid_from, valid_to, factor, ncv_p)
),
period AS (
    SELECT n::int AS n, starts, ends
    FROM unnest(:starts::timestamptz[], :ends::timestamptz[]) WITH ORDINALITY AS u (starts, ends, n)
),
ncv AS MATERIALIZED (
    -- read once however many points burn the same gas, and joined by hash rather than row by row
    SELECT w.p, period.n, v.start, v.amount
    FROM (SELECT DISTINCT ncv_p AS p FROM conversion WHERE ncv_p IS NOT NULL) AS w
    CROSS JOIN period
    CROSS JOIN LATERAL ledger_rows(:e, w.p, period.starts, period.ends, :as_of) AS v
),
part AS (
    SELECT c.p, period.n, i.start, i.amount, i.covered_s, i.estimated_s, i.apportioned_s,
           CASE
               WHEN c.factor IS NULL THEN NULL
               WHEN c.ncv_p IS NULL THEN i.amount * c.factor
               ELSE i.amount * c.factor * coalesce(ncv.amount, latest.amount)
           END AS kgce,
           ncv.amount IS NULL AND latest.amount IS NOT NULL AS provisional
    FROM conversion AS c
    CROSS JOIN period
    CROSS JOIN LATERAL ledger_rows(:e, c.p, greatest(period.starts, c.valid_from), least(period.ends, c.valid_to), :as_of) AS i
    LEFT JOIN ncv ON ncv.p = c.ncv_p AND ncv.n = period.n AND ncv.start = i.start
    LEFT JOIN LATERAL (
        SELECT v.amount
        FROM interval AS v
        JOIN point_state AS s USING (e, p)
        WHERE :provisional AND ncv.amount IS NULL AND i.start >= s.closed_until
          AND v.e = :e AND v.p = c.ncv_p AND v.start < i.start AND v.start >= i.start - interval '7 days'
        ORDER BY v.start DESC
        LIMIT 1
    ) AS latest ON c.ncv_p IS NOT NULL
)
SELECT p, n,
       sum(amount ORDER BY start) AS amount,
       sum(kgce ORDER BY start) AS kgce,
       coalesce(sum(covered_s ORDER BY start) FILTER (WHERE amount IS NOT NULL AND kgce IS NULL), 0) AS unconverted_s,
       coalesce(sum(covered_s ORDER BY start) FILTER (WHERE provisional), 0) AS provisional_s,
       sum(covered_s ORDER BY start) AS covered_s,
       sum(estimated_s ORDER BY start) AS estimated_s,
       sum(apportioned_s ORDER BY start) AS apportioned_s
FROM part
GROUP BY p, n
ORDER BY p, n;

-- name: last_levels(e, points, edges)
-- The last known level of each stock before each edge, at most a day old.
SELECT point.p, edge.at AS edge, level.start + interval '15 minutes' AS at, level.amount
FROM unnest(:points::int[]) AS point (p)
CROSS JOIN unnest(:edges::timestamptz[]) AS edge (at)
CROSS JOIN LATERAL (
    SELECT i.start, i.amount FROM interval AS i
    WHERE i.e = :e AND i.p = point.p AND i.start < edge.at AND i.start >= edge.at - interval '1 day'
      AND i.amount IS NOT NULL
    ORDER BY i.start DESC LIMIT 1
) AS level;

-- name: service_spans(e, points)
-- Since when each point counts, and until when its intervals are closed.
SELECT point.p, coalesce(c.in_service_from, s.first_ts) AS since, s.closed_until AS until
FROM point
LEFT JOIN point_state AS s USING (e, p)
LEFT JOIN LATERAL (
    SELECT min(in_service_from) AS in_service_from FROM point_config_span AS k WHERE k.e = point.e AND k.p = point.p
) AS c ON true
WHERE point.e = :e AND point.p = ANY (:points::int[]);

-- name: points_by_code(e, codes)
SELECT p, code FROM point WHERE e = :e AND code = ANY (:codes::text[]);

-- name: day_energy(e, points, numbers, firsts, lasts, factors)
-- Amount and standard coal of points over whole local days [first, last), one fixed factor each; n numbers the spans.
SELECT r.p, r.n, sum(d.amount ORDER BY d.local_date) AS amount,
       sum(d.amount * r.factor ORDER BY d.local_date) AS kgce,
       coalesce(sum(d.covered_s ORDER BY d.local_date) FILTER (WHERE r.factor IS NULL), 0) AS unconverted_s,
       0::float8 AS provisional_s, sum(d.covered_s ORDER BY d.local_date) AS covered_s,
       sum(d.estimated_s ORDER BY d.local_date) AS estimated_s,
       sum(d.apportioned_s ORDER BY d.local_date) AS apportioned_s
FROM unnest(:points::int[], :numbers::int[], :firsts::date[], :lasts::date[], :factors::float8[])
     AS r (p, n, first, last, factor)
JOIN day_total AS d ON d.e = :e AND d.p = r.p AND d.local_date >= r.first AND d.local_date < r.last
WHERE d.amount IS NOT NULL
GROUP BY r.p, r.n, r.first
ORDER BY r.p, r.n, r.first;

-- name: ncv_energy(e, points, numbers, starts, ends, factors, ncv_points)
-- The same for points with a measured heating value: quarter hour by quarter hour. The heating values are read first,
-- by their key: else the planner joins two whole tables.
WITH span AS (
    SELECT *
    FROM unnest(:points::int[], :numbers::int[], :starts::timestamptz[], :ends::timestamptz[], :factors::float8[],
                :ncv_points::int[]) AS r (p, n, starts, ends, factor, ncv_p)
),
ncv AS MATERIALIZED (
    SELECT v.p, v.start, v.amount
    FROM (SELECT ncv_p, min(starts) AS starts, max(ends) AS ends FROM span GROUP BY ncv_p) AS s
    JOIN interval AS v ON v.e = :e AND v.p = s.ncv_p AND v.start >= s.starts AND v.start < s.ends
)
SELECT r.p, r.n, sum(i.amount ORDER BY i.start) AS amount,
       sum(i.amount * r.factor * v.amount ORDER BY i.start) AS kgce,
       coalesce(sum(i.covered_s ORDER BY i.start) FILTER (WHERE v.amount IS NULL), 0) AS unconverted_s,
       0::float8 AS provisional_s, sum(i.covered_s ORDER BY i.start) AS covered_s,
       sum(i.estimated_s ORDER BY i.start) AS estimated_s, sum(i.apportioned_s ORDER BY i.start) AS apportioned_s
FROM span AS r
JOIN interval AS i ON i.e = :e AND i.p = r.p AND i.start >= r.starts AND i.start < r.ends AND i.amount IS NOT NULL
LEFT JOIN ncv AS v ON v.p = r.ncv_p AND v.start = i.start
GROUP BY r.p, r.n, r.starts
ORDER BY r.p, r.n, r.starts;
