-- name: metered_points(e)
-- Points with a meter, as configured last, with the meter on each.
SELECT point.p, point.code, c.process, c.carrier, c.role, c.parent, c.reading, c.unit, c.amount_unit, c.aggregate, c.to_amount,
       c.period_s, c.reporting, c.in_service_from, c.max_gap_s, c.min_value, c.max_value, c.frozen_after_s, c.ncv,
       coalesce(i.multiplier, 1) AS multiplier,
       CASE WHEN c.reading = 'register' THEN abs(i.resolution * i.multiplier * c.to_amount) END AS step, i.accuracy_class,
       i.calibrated
FROM point
JOIN LATERAL (
    SELECT * FROM point_config_span AS k WHERE k.e = point.e AND k.p = point.p ORDER BY k.valid_from DESC LIMIT 1
) AS c ON true
LEFT JOIN LATERAL (
    SELECT * FROM installation_span AS k WHERE k.e = point.e AND k.p = point.p ORDER BY k.installed_at DESC LIMIT 1
) AS i ON true
WHERE point.e = :e AND c.reading <> 'virtual' AND NOT c.retired
ORDER BY point.code;

-- name: meters(e, points)
-- The meters on points, each for as long as it was there; without numbers on all points.
SELECT p, installed_at, removed_at, multiplier, resolution, accuracy_class, calibrated
FROM installation_span
WHERE e = :e AND (:points::int[] IS NULL OR p = ANY (:points::int[]))
ORDER BY p, installed_at;

-- name: window_sums(e, points, starts, ends)
-- Sums of points over windows that do not overlap, in order; n counts windows from 1.
SELECT p, n, bool_or(mean) AS mean, sum(amount ORDER BY start) AS amount, sum(amount * covered_s ORDER BY start) AS weighed,
       sum(covered_s ORDER BY start) AS covered_s, sum(estimated_s ORDER BY start) AS estimated_s,
       sum(apportioned_s ORDER BY start) AS apportioned_s
FROM (
    SELECT u.p, width_bucket(i.start, :starts::timestamptz[]) AS n, i.*, c.aggregate = 'mean' AS mean
    FROM unnest(:points::int[]) AS u (p)
    JOIN LATERAL (
        SELECT aggregate FROM point_config_span AS k WHERE k.e = :e AND k.p = u.p ORDER BY k.valid_from DESC LIMIT 1
    ) AS c ON true
    CROSS JOIN LATERAL ledger_rows(
        :e, u.p, (:starts::timestamptz[])[1], (:ends::timestamptz[])[cardinality(:ends::timestamptz[])]) AS i
    WHERE i.amount IS NOT NULL
) AS rows
WHERE start < (:ends::timestamptz[])[n]
GROUP BY p, n
ORDER BY p, n;

-- name: day_sums(e, points, first, last)
-- The same sums over an enterprise's own days, as the ledger keeps them; last left out.
SELECT p, local_date, amount, covered_s, estimated_s, apportioned_s
FROM day_total
WHERE e = :e AND p = ANY (:points::int[]) AND local_date >= :first AND local_date < :last AND amount IS NOT NULL
ORDER BY p, local_date;

-- name: quarter_amounts(e, points, f, t)
SELECT u.p, i.start, i.amount, i.covered_s, i.estimated_s, i.apportioned_s
FROM unnest(:points::int[]) AS u (p)
CROSS JOIN LATERAL ledger_rows(:e, u.p, :f, :t) AS i
WHERE i.amount IS NOT NULL
ORDER BY u.p, i.start;

-- name: known_shares(e, points, graces, starts, ends, step_s, window_s)
-- How much of the window before each step's end was known when that closed, and since when the point has readings. What a
-- quarter hour held when it closed (revision 1) was known; what came later was, if it came before the step's end closed:
-- with the first figures of its last quarter hour, or a grace later where that has none.
SELECT s.p, until, coalesce(known.covered_s, 0) AS covered_s, extract(epoch FROM until - state.first_ts)::float8 AS served_s
FROM unnest(:points::int[], :graces::float8[], :starts::timestamptz[], :ends::timestamptz[]) AS s (p, grace, starts, ends)
JOIN point_state AS state ON state.e = :e AND state.p = s.p
CROSS JOIN LATERAL generate_series(
    s.starts + :step_s * interval '1 second', s.ends, :step_s * interval '1 second') AS until
CROSS JOIN LATERAL (
    SELECT coalesce(min(last.known_at), until + s.grace * interval '1 second') AS at
    FROM (
        SELECT known_at FROM interval WHERE e = :e AND p = s.p AND start = until - interval '15 minutes' AND rev = 1
        UNION ALL
        SELECT known_at FROM interval_revision
        WHERE e = :e AND p = s.p AND start = until - interval '15 minutes' AND rev = 1
    ) AS last
) AS closed
CROSS JOIN LATERAL (
    SELECT sum(CASE WHEN i.rev = 1 OR i.known_at <= closed.at THEN i.covered_s
                    ELSE coalesce((
                        SELECT v.covered_s FROM interval_revision AS v
                        WHERE v.e = i.e AND v.p = i.p AND v.start = i.start AND (v.rev = 1 OR v.known_at <= closed.at)
                        ORDER BY v.rev DESC LIMIT 1), 0)
               END) AS covered_s
    FROM interval AS i
    WHERE i.e = :e AND i.p = s.p AND i.start >= until - :window_s * interval '1 second' AND i.start < until
) AS known
ORDER BY s.p, until;

-- name: frozen_quarters(e, points, counts, registers, rates, starts, ends)
-- Spans of quarter hours that are known, those at the end of at least `count` equal ones (met) one by one.
-- A register is frozen where it does not move (equal amounts may be its resolution); a rate of zero stands still. Means of
-- a few coarse readings are equal by chance now and then: a gauge is frozen only where all of its readings are the same.
WITH seen AS (
    SELECT s.p, s.count, s.register, s.starts, i.start, i.amount,
           i.basis = 0 AND abs(i.amount - lag(i.amount) OVER w) <= 1e-9 * abs(i.amount)
               AND i.start = lag(i.start) OVER w + interval '15 minutes' AND lag(i.basis) OVER w = 0
               AND NOT (s.register AND i.amount <> 0) AND NOT (s.rate AND i.amount = 0) AS same
    FROM unnest(:points::int[], :counts::int[], :registers::bool[], :rates::bool[], :starts::timestamptz[],
                :ends::timestamptz[]) AS s (p, count, register, rate, starts, ends)
    CROSS JOIN LATERAL ledger_rows(:e, s.p, s.starts - s.count * interval '15 minutes', s.ends) AS i
    WHERE i.covered_s > 0
    WINDOW w AS (PARTITION BY s.p ORDER BY i.start)
), run AS (
    SELECT *, count(*) FILTER (WHERE same IS NOT TRUE) OVER (PARTITION BY p ORDER BY start) AS run FROM seen
), said AS (
    SELECT p, starts, start, amount, row_number() OVER (PARTITION BY p, run ORDER BY start) AS length, count, register
    FROM run
), met AS (
    SELECT p, start, amount, length,
           length >= count AND (register OR NOT (
               SELECT coalesce(min(r.value) < max(r.value), false) FROM reading AS r
               WHERE r.e = :e AND r.p = said.p AND r.quality < 2
                 AND r.ts >= said.start - (said.count - 1) * interval '15 minutes'
                 AND r.ts < said.start + interval '15 minutes')) AS met
    FROM said WHERE start >= starts
), island AS (
    SELECT *, start - row_number() OVER (PARTITION BY p, met ORDER BY start) * interval '15 minutes' AS island FROM met
)
SELECT p, met, min(start) AS from_ts, max(start) + interval '15 minutes' AS to_ts, max(amount) AS value,
       max(length)::int AS length
FROM island
GROUP BY p, met, island, CASE WHEN met THEN start END
ORDER BY p, from_ts;

-- name: ranged_quarters(e, points, factors, means, lows, highs, starts, ends)
-- Spans of quarter hours that are known, those whose mean is out of range (met) one by one.
WITH seen AS (
    SELECT s.p, i.start, s.low, s.high,
           CASE WHEN s.mean THEN i.amount ELSE i.amount * 3600 / i.covered_s / s.factor END AS value
    FROM unnest(:points::int[], :factors::float8[], :means::bool[], :lows::float8[], :highs::float8[],
                :starts::timestamptz[], :ends::timestamptz[]) AS s (p, factor, mean, low, high, starts, ends)
    CROSS JOIN LATERAL ledger_rows(:e, s.p, s.starts, s.ends) AS i
    WHERE i.covered_s > 0 AND i.amount IS NOT NULL
), said AS (
    SELECT *, (value < low OR value > high) IS TRUE AS met FROM seen
), island AS (
    SELECT *, start - row_number() OVER (PARTITION BY p, met ORDER BY start) * interval '15 minutes' AS island FROM said
)
SELECT p, met, min(start) AS from_ts, max(start) + interval '15 minutes' AS to_ts, max(value) AS value, 1 AS length
FROM island
GROUP BY p, met, island, CASE WHEN met THEN start END
ORDER BY p, from_ts;

-- name: stamp_offsets(e, points, starts, ends)
-- How far a meter's own readings of each quarter hour came after their stamps, in seconds, and over what time they came.
SELECT s.p, date_bin('15 minutes', r.ts, 'epoch') AS start, count(*)::int AS readings,
       min(extract(epoch FROM r.received_at - r.ts))::float8 AS least,
       max(extract(epoch FROM r.received_at - r.ts))::float8 AS greatest,
       extract(epoch FROM max(r.received_at) - min(r.received_at))::float8 AS arrived_over_s,
       extract(epoch FROM max(r.ts) - min(r.ts))::float8 AS stamped_over_s
FROM unnest(:points::int[], :starts::timestamptz[], :ends::timestamptz[]) AS s (p, starts, ends)
JOIN reading AS r ON r.e = :e AND r.p = s.p AND r.ts >= s.starts AND r.ts < s.ends AND r.origin = 0
GROUP BY s.p, date_bin('15 minutes', r.ts, 'epoch')
ORDER BY 1, 2;

-- name: standing_findings(e, points, kinds, after, before)
-- Findings of some kinds that begin within a span, and whether only a clock that was set back made them: of the two readings
-- of a fall or a jump one came late, and in the order of arrival there is neither.
-- A fall: the first of them came later than the second, which goes on from what had come by then. A jump: the second came
-- later than others that are stamped after it and show less; or later than others that are stamped before the first and
-- show more than that (the last reading of the old time, then the first one past it).
SELECT f.p, f.kind, f.from_ts, f.to_ts, f.detail::text AS detail, EXISTS (
    SELECT FROM reading AS a JOIN reading AS b ON b.e = a.e AND b.p = a.p AND b.ts = f.to_ts
    WHERE f.kind <> 'spike' AND a.e = f.e AND a.p = f.p AND a.ts = f.from_ts AND a.origin = 0 AND b.origin = 0
      AND CASE WHEN b.value < a.value THEN a.received_at > b.received_at AND b.value >= (
              SELECT c.value FROM reading AS c
              WHERE c.e = a.e AND c.p = a.p AND c.ts < a.ts AND c.ts > a.ts - interval '1 day' AND c.origin = 0
                AND c.quality < 2 AND c.received_at <= b.received_at
              ORDER BY c.ts DESC LIMIT 1)
          ELSE a.received_at < b.received_at AND EXISTS (
              SELECT FROM (
                  SELECT ts, value, received_at, origin FROM reading AS r
                  WHERE r.e = a.e AND r.p = a.p AND r.ts > a.ts - interval '1 day' AND r.ts < b.ts + interval '1 day'
                  UNION ALL
                  SELECT ts, value, received_at, origin FROM reading_revision AS r
                  WHERE r.e = a.e AND r.p = a.p AND r.ts > a.ts - interval '1 day' AND r.ts < b.ts + interval '1 day'
              ) AS c
              WHERE c.origin = 0 AND c.received_at < b.received_at
                AND ((c.ts > b.ts AND c.value >= a.value AND c.value < b.value)
                     OR (c.ts <= a.ts AND c.received_at > a.received_at AND c.value > a.value AND c.value <= b.value)))
          END
) AS by_clock
FROM finding AS f
WHERE f.e = :e AND f.p = ANY (:points::int[]) AND f.kind = ANY (:kinds::text[]) AND f.from_ts > :after AND f.from_ts < :before
ORDER BY f.p, f.from_ts, f.kind;

-- name: virtual_points(e)
-- Points that are computed, as configured last.
SELECT point.p, point.code, c.carrier
FROM point
JOIN LATERAL (
    SELECT carrier, reading, retired FROM point_config_span AS k
    WHERE k.e = point.e AND k.p = point.p ORDER BY k.valid_from DESC LIMIT 1
) AS c ON true
WHERE point.e = :e AND c.reading = 'virtual' AND NOT c.retired
ORDER BY point.code;
