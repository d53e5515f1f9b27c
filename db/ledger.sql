-- The ledger's read side. Rows of one point come from the function ledger_rows (migrations/repeatable).

-- name: service(e, points)
-- Since when each point was read and until when it is closed.
SELECT point.p, point.code, s.first_ts, s.closed_until
FROM point
LEFT JOIN point_state AS s USING (e, p)
WHERE point.e = :e AND point.p = ANY (:points::int[]);

-- name: versions(e, points)
-- Every version of points, with the terms of virtual ones as point numbers.
SELECT c.p, c.valid_from, c.valid_to, c.retired, c.reading, c.amount_unit, c.aggregate, c.max_gap_s, c.in_service_from,
       t.points AS term_points, t.signs AS term_signs
FROM point_config_span AS c
LEFT JOIN LATERAL (
    SELECT array_agg(term.p ORDER BY n) AS points, array_agg((entry ->> 'sign')::int ORDER BY n) AS signs
    FROM jsonb_array_elements(c.virtual) WITH ORDINALITY AS terms (entry, n)
    LEFT JOIN point AS term ON term.e = c.e AND term.code = entry ->> 'point'
) AS t ON c.virtual IS NOT NULL
WHERE c.e = :e AND c.p = ANY (:points::int[])
ORDER BY c.p, c.valid_from;

-- name: rows(e, p, f, t, as_of)
SELECT start, amount, covered_s, estimated_s, apportioned_s, basis, suspect, rev, known_at
FROM ledger_rows(:e, :p, :f, :t, :as_of)
ORDER BY start;

-- name: rows_of_terms(e, points, signs, f, t, as_of)
-- A virtual point's quarter hours: those in which every term is known.
SELECT i.start, sum(u.sign * i.amount ORDER BY u.n) AS amount, min(i.covered_s) AS covered_s,
       max(i.estimated_s) AS estimated_s, max(i.apportioned_s) AS apportioned_s, max(i.basis) AS basis,
       bool_or(i.suspect) AS suspect, max(i.rev) AS rev, max(i.known_at) AS known_at
FROM unnest(:points::int[], :signs::int[]) WITH ORDINALITY AS u (p, sign, n)
CROSS JOIN LATERAL ledger_rows(:e, u.p, :f, :t, :as_of) AS i
WHERE i.amount IS NOT NULL
GROUP BY i.start
HAVING count(*) = cardinality(:points::int[])
ORDER BY i.start;

-- name: sums(e, points, starts, ends, as_of)
-- Sums of points over windows that do not overlap, in order; n counts windows from 1.
SELECT p, n, sum(amount ORDER BY start) AS amount, sum(amount * covered_s ORDER BY start) AS weighed,
       sum(covered_s ORDER BY start) AS covered_s, sum(estimated_s ORDER BY start) AS estimated_s,
       sum(apportioned_s ORDER BY start) AS apportioned_s
FROM (
    SELECT u.p, width_bucket(i.start, :starts::timestamptz[]) AS n, i.*
    FROM unnest(:points::int[]) AS u (p)
    CROSS JOIN LATERAL ledger_rows(
        :e, u.p, (:starts::timestamptz[])[1], (:ends::timestamptz[])[cardinality(:ends::timestamptz[])], :as_of) AS i
    WHERE i.amount IS NOT NULL
) AS rows
WHERE start < (:ends::timestamptz[])[n]
GROUP BY p, n
ORDER BY p, n;

-- name: day_sums(e, points, firsts, last)
-- Sums of whole local days from each of `firsts` to the next, and to `last`, exclusive; n counts from 1.
SELECT p, n, sum(amount ORDER BY local_date) AS amount, sum(amount * covered_s ORDER BY local_date) AS weighed,
       sum(covered_s ORDER BY local_date) AS covered_s, sum(estimated_s ORDER BY local_date) AS estimated_s,
       sum(apportioned_s ORDER BY local_date) AS apportioned_s
FROM (
    SELECT d.*, width_bucket(d.local_date, :firsts::date[]) AS n
    FROM day_total AS d
    WHERE d.e = :e AND d.p = ANY (:points::int[]) AND d.amount IS NOT NULL
      AND d.local_date >= (:firsts::date[])[1] AND d.local_date < :last::date
) AS days
GROUP BY p, n
ORDER BY p, n;

-- name: calendar(e)^
SELECT timezone, day_starts, month_starts_day FROM enterprise WHERE e = :e;

-- name: shifts(e)
SELECT starts, ends FROM shift WHERE e = :e ORDER BY starts, ends;

-- name: findings(e, points, f, t)
-- Findings that overlap [f, t).
SELECT p, kind, from_ts, to_ts, detail::text AS detail, found_at
FROM finding
WHERE e = :e AND p = ANY (:points::int[]) AND from_ts < :t AND coalesce(to_ts, from_ts) >= :f
ORDER BY p, from_ts, kind;

-- name: revisions(e, p, f, t)
-- Every value ever published of the quarter hours of [f, t) that have more than one, oldest first.
SELECT start, amount, covered_s, estimated_s, apportioned_s, basis, suspect, rev, known_at
FROM (
    SELECT start, amount, covered_s, estimated_s, apportioned_s, basis, suspect, rev, known_at
    FROM interval_revision WHERE e = :e AND p = :p AND start >= :f AND start < :t
    UNION ALL
    SELECT start, amount, covered_s, estimated_s, apportioned_s, basis, suspect, rev, known_at
    FROM interval WHERE e = :e AND p = :p AND start >= :f AND start < :t AND rev > 1
) AS every
ORDER BY start, rev;

-- name: mark_dirty(e, p, from_ts, to_ts)!
INSERT INTO dirty (e, p, from_ts, to_ts) VALUES (:e, :p, coalesce(:from_ts::timestamptz, '-infinity'),
                                                 coalesce(:to_ts::timestamptz, 'infinity'));

-- name: announce_dirty()$
SELECT pg_notify('enms_dirty', '')::text;

-- name: backlog(e)$
-- Spans that wait for derivation, counted up to a hundred thousand.
SELECT count(*) FROM (SELECT FROM dirty WHERE :e::int IS NULL OR e = :e LIMIT 100000) AS waiting;

-- name: open_before(e, before)
-- Points of an enterprise that were read and are not closed up to an instant.
SELECT point.code
FROM point_state AS s
JOIN point USING (e, p)
WHERE s.e = :e AND s.first_ts < :before AND s.closes_at IS NOT NULL AND coalesce(s.closed_until, '-infinity') < :before
ORDER BY point.code
LIMIT 10;

-- name: lock_enterprise_states(e)!
SELECT FROM point_state WHERE e = :e ORDER BY e, p FOR UPDATE;

-- name: seal(e, before)$
-- Every point of the enterprise, those too that were never read. Never falls.
WITH sealed AS (
    INSERT INTO point_state AS s (e, p, sealed_before)
    SELECT e, p, :before FROM point WHERE e = :e ORDER BY e, p
    ON CONFLICT (e, p) DO UPDATE SET sealed_before = greatest(s.sealed_before, excluded.sealed_before)
    RETURNING 1
)
SELECT count(*) FROM sealed;
