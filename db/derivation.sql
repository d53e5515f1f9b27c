-- The ledger's write side: readings into quarter hours, set-based, and what follows from them.
--
-- Ordinary stretches are derived here; every spot that is not ordinary is only found here, and derived by the
-- reference (enms.intervals). Both add in the same order, so that they agree to the last bit: within a quarter hour
-- first the pieces inside it, then those that cross an edge, each in order of time.
--
-- Instants in arithmetic are seconds since 1970 as float8, as date_part gives them: date_part of an instant and
-- Python's datetime.timestamp() are the same double, and differences of such doubles are exact. Values below 1e-100
-- are 0 and beyond 1e100 are none: the server refuses arithmetic that leaves the range of float8.

-- name: create_draft()!
-- Where derived rows wait to be compared with the ledger; the session's own, empty outside a transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS draft (
    e              integer NOT NULL,
    p              integer NOT NULL,
    start          timestamptz NOT NULL,
    amount         double precision NOT NULL,
    covered_s      double precision NOT NULL,
    estimated_s    double precision NOT NULL,
    apportioned_s  double precision NOT NULL,
    basis          smallint NOT NULL,
    suspect        boolean NOT NULL
) ON COMMIT DELETE ROWS;

-- name: draft_registers(n, e, p, f, t, factor, multiplier, rise_per_s, slack, gap_s)
-- Registers whose readings rise as they may. Two good readings on each side of the piece: the neighbour of its edge,
-- and that one's neighbour, from which it would show as a spike. Returns, by quarter hour, stretches that are odd.
WITH piece AS (
    SELECT * FROM unnest(
        :n::int[], :e::int[], :p::int[], :f::timestamptz[], :t::timestamptz[], :factor::float8[],
        :multiplier::float8[], :rise_per_s::float8[], :slack::float8[], :gap_s::float8[]
    ) AS piece (n, e, p, f, t, factor, multiplier, rise_per_s, slack, gap_s)
),
quarter AS MATERIALIZED (
    SELECT piece.n, piece.e, piece.p, date_part('epoch', piece.f) AS x0, date_part('epoch', piece.t) AS x1, part.*
    FROM piece
    CROSS JOIN LATERAL (
        SELECT min(ts) AS low FROM (
            SELECT r.ts FROM reading AS r
            WHERE r.e = piece.e AND r.p = piece.p AND r.ts < piece.f
              AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
            ORDER BY r.ts DESC LIMIT 2
        ) AS before
    ) AS lowest
    CROSS JOIN LATERAL (
        SELECT max(ts) AS high FROM (
            SELECT r.ts FROM reading AS r
            WHERE r.e = piece.e AND r.p = piece.p AND r.ts >= piece.t
              AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
            ORDER BY r.ts LIMIT 2
        ) AS after
    ) AS highest
    CROSS JOIN LATERAL (
        SELECT q,
               sum(amount) FILTER (WHERE a >= q * 900) AS inside,
               max(amount) FILTER (WHERE a < q * 900) AS crossing,
               min(a) AS a, min(b) AS b, max(b) AS until, bool_or(odd) AS odd
        FROM (
            SELECT a, b, ceil(b / 900) - 1 AS q, rise * piece.factor AS amount,
                   quality <> 0 OR rise < 0 OR rise > 1e100 OR b - a > piece.gap_s
                   OR rise * piece.multiplier > piece.rise_per_s * (b - a) + piece.slack AS odd
            FROM (
                SELECT x AS b, lag(x) OVER course AS a, value - lag(value) OVER course AS rise, quality
                FROM (
                    SELECT date_part('epoch', r.ts) AS x, r.quality, r.ts,
                           CASE WHEN abs(r.value) < 1e-100 THEN 0 ELSE r.value END AS value
                    FROM reading AS r
                    WHERE r.e = piece.e AND r.p = piece.p
                      AND r.ts >= coalesce(lowest.low, piece.f) AND r.ts <= coalesce(highest.high, piece.t)
                ) AS readings
                WINDOW course AS (ORDER BY ts)
            ) AS steps
        ) AS judged
        GROUP BY q
    ) AS part
),
share AS (
    SELECT n, e, p, q, 0 AS crosses, inside AS amount, until - CASE WHEN a < q * 900 THEN b ELSE a END AS s, q * 900 AS a
    FROM quarter
    WHERE inside IS NOT NULL AND q * 900 >= x0 AND q * 900 < x1
    UNION ALL
    SELECT n, e, p, q, 1, crossing * (s / (b - a)), s, a
    FROM (
        SELECT n, e, p, at.q, crossing, a, b, least(b, at.q * 900 + 900) - greatest(a, at.q * 900) AS s
        FROM quarter
        CROSS JOIN LATERAL generate_series(
            greatest(floor(a / 900), x0 / 900)::int, least(quarter.q, x1 / 900 - 1)::int) AS at (q)
        WHERE crossing IS NOT NULL
    ) AS crossed
),
put AS (
    INSERT INTO draft (e, p, start, amount, covered_s, estimated_s, apportioned_s, basis, suspect)
    SELECT e, p, to_timestamp(q * 900), sum(amount ORDER BY crosses, a), round(sum(s) * 1e6) / 1e6, 0, 0, 0, false
    FROM share
    GROUP BY n, e, p, q
)
SELECT n, least(a, b) AS odd_from, until AS odd_to FROM quarter WHERE odd;

-- name: draft_gauges(n, e, p, f, t, factor, over, mean, gap_s)
-- Gauges whose readings follow one another within max_gap; each holds until the next. Returns odd stretches.
WITH piece AS (
    SELECT * FROM unnest(
        :n::int[], :e::int[], :p::int[], :f::timestamptz[], :t::timestamptz[], :factor::float8[], :over::float8[],
        :mean::bool[], :gap_s::float8[]
    ) AS piece (n, e, p, f, t, factor, over, mean, gap_s)
),
quarter AS MATERIALIZED (
    SELECT piece.n, piece.e, piece.p, piece.over, piece.mean,
           date_part('epoch', piece.f) AS x0, date_part('epoch', piece.t) AS x1, part.*
    FROM piece
    CROSS JOIN LATERAL (
        SELECT max(ts) AS low FROM (
            SELECT r.ts FROM reading AS r
            WHERE r.e = piece.e AND r.p = piece.p AND r.ts < piece.f
              AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
            ORDER BY r.ts DESC LIMIT 1
        ) AS before
    ) AS lowest
    CROSS JOIN LATERAL (
        SELECT max(ts) AS high FROM (
            SELECT r.ts FROM reading AS r
            WHERE r.e = piece.e AND r.p = piece.p AND r.ts >= piece.t
              AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
            ORDER BY r.ts LIMIT 1
        ) AS after
    ) AS highest
    CROSS JOIN LATERAL (
        SELECT q,
               sum(amount * ((b - a) / piece.over)) FILTER (WHERE b <= q * 900 + 900) AS inside,
               max(amount) FILTER (WHERE b > q * 900 + 900) AS crossing,
               min(a) AS since, max(a) AS a, max(b) AS b, bool_or(odd) AS odd
        FROM (
            SELECT a, coalesce(next, a + piece.gap_s) AS b, floor(a / 900) AS q, value * piece.factor AS amount,
                   quality <> 0 OR next - a > piece.gap_s OR abs(value) > 1e100 AS odd
            FROM (
                SELECT x AS a, lead(x) OVER course AS next, value, quality
                FROM (
                    SELECT date_part('epoch', r.ts) AS x, r.quality, r.ts,
                           CASE WHEN abs(r.value) < 1e-100 THEN 0 ELSE r.value END AS value
                    FROM reading AS r
                    WHERE r.e = piece.e AND r.p = piece.p
                      AND r.ts >= coalesce(lowest.low, piece.f) AND r.ts <= coalesce(highest.high, piece.t)
                ) AS readings
                WINDOW course AS (ORDER BY ts)
            ) AS holds
        ) AS judged
        GROUP BY q
    ) AS part
),
share AS (
    -- a, b: the last hold of the quarter hour; it is the only one that can cross an edge
    SELECT n, e, p, mean, q, 0 AS crosses, inside AS amount, CASE WHEN crossing IS NULL THEN b ELSE a END - since AS s,
           q * 900 AS a
    FROM quarter
    WHERE inside IS NOT NULL AND q * 900 >= x0 AND q * 900 < x1
    UNION ALL
    SELECT n, e, p, mean, q, 1, crossing * (s / over), s, a
    FROM (
        SELECT n, e, p, mean, over, at.q, crossing, a, least(b, at.q * 900 + 900) - greatest(a, at.q * 900) AS s
        FROM quarter
        CROSS JOIN LATERAL generate_series(
            greatest(quarter.q, x0 / 900)::int, least(ceil(b / 900) - 1, x1 / 900 - 1)::int) AS at (q)
        WHERE crossing IS NOT NULL
    ) AS crossed
),
put AS (
    INSERT INTO draft (e, p, start, amount, covered_s, estimated_s, apportioned_s, basis, suspect)
    SELECT e, p, to_timestamp(q * 900),
           CASE WHEN mean THEN sum(amount ORDER BY crosses, a) / sum(s) ELSE sum(amount ORDER BY crosses, a) END,
           round(sum(s) * 1e6) / 1e6, 0, 0, 0, false
    FROM share
    GROUP BY n, e, p, mean, q
)
SELECT n, since AS odd_from, b AS odd_to FROM quarter WHERE odd;

-- name: draft_amounts(n, e, p, f, t, low, high, factor, period_s, snap_s, gap_s)
-- Interval readings that neither overlap nor leave holes; low and high: where readings end that can matter.
WITH piece AS (
    SELECT * FROM unnest(
        :n::int[], :e::int[], :p::int[], :f::timestamptz[], :t::timestamptz[], :low::timestamptz[],
        :high::timestamptz[], :factor::float8[], :period_s::float8[], :snap_s::float8[], :gap_s::float8[]
    ) AS piece (n, e, p, f, t, low, high, factor, period_s, snap_s, gap_s)
),
cover AS MATERIALIZED (
    SELECT piece.n, piece.e, piece.p, date_part('epoch', piece.f) AS x0, date_part('epoch', piece.t) AS x1, part.*
    FROM piece
    CROSS JOIN LATERAL (
        SELECT max(ts) AS low FROM (
            SELECT r.ts FROM reading AS r
            WHERE r.e = piece.e AND r.p = piece.p AND r.ts < piece.low
              AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
            ORDER BY r.ts DESC LIMIT 1
        ) AS before
    ) AS lowest
    CROSS JOIN LATERAL (
        SELECT max(ts) AS high FROM (
            SELECT r.ts FROM reading AS r
            WHERE r.e = piece.e AND r.p = piece.p AND r.ts > piece.high
              AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
            ORDER BY r.ts LIMIT 1
        ) AS after
    ) AS highest
    CROSS JOIN LATERAL (
        SELECT a, b, lag(b) OVER ends AS before, amount, floor(a / 900) AS first, ceil(b / 900) - 1 AS last,
               quality <> 0 OR abs(amount) > 1e100 OR b <= a OR a < lag(b) OVER ends
               OR a - lag(b) OVER ends > piece.gap_s AS odd
        FROM (
            SELECT CASE WHEN abs(x - edge) <= piece.snap_s THEN edge ELSE x END AS a,
                   CASE WHEN abs(y - last_edge) <= piece.snap_s THEN last_edge ELSE y END AS b,
                   ts, quality, amount
            FROM (
                SELECT x, floor(x / 900 + 0.5) * 900 AS edge, y, floor(y / 900 + 0.5) * 900 AS last_edge,
                       ts, quality, amount
                FROM (
                    SELECT coalesce(date_part('epoch', r.start), date_part('epoch', r.ts) - piece.period_s) AS x,
                           date_part('epoch', r.ts) AS y, r.ts, r.quality,
                           CASE WHEN abs(r.value) < 1e-100 THEN 0 ELSE r.value END * piece.factor AS amount
                    FROM reading AS r
                    WHERE r.e = piece.e AND r.p = piece.p
                      AND r.ts >= coalesce(lowest.low, piece.low) AND r.ts <= coalesce(highest.high, piece.high)
                ) AS readings
            ) AS edges
        ) AS snapped
        WINDOW ends AS (ORDER BY ts)
    ) AS part
),
share AS (
    SELECT n, e, p, q, crosses, amount * (s / (b - a)) AS amount, s, a
    FROM (
        SELECT n, e, p, at.q, last > first AS crosses, amount, a, b,
               least(b, at.q * 900 + 900) - greatest(a, at.q * 900) AS s
        FROM cover
        CROSS JOIN LATERAL generate_series(
            greatest(first, x0 / 900)::int, least(last, x1 / 900 - 1)::int) AS at (q)
        WHERE b > a
    ) AS parts
),
put AS (
    INSERT INTO draft (e, p, start, amount, covered_s, estimated_s, apportioned_s, basis, suspect)
    SELECT e, p, to_timestamp(q * 900), sum(amount ORDER BY crosses, a), round(sum(s) * 1e6) / 1e6, 0,
           round(coalesce(sum(s) FILTER (WHERE crosses), 0) * 1e6) / 1e6, bool_or(crosses)::int, false
    FROM share
    GROUP BY n, e, p, q
)
SELECT n, least(before, a, b) AS odd_from, greatest(a, b) AS odd_to FROM cover WHERE odd;

-- name: spots(n, e, p, f, t, a, b)
-- Odd stretches of registers and gauges, widened by two good readings on each side: one that turns out a spike
-- hands its place to the next. Without that many, to the end of the span. Clipped to the span, on quarter hours.
SELECT spot.n,
       date_bin('15 minutes', greatest(spot.f, low.ts), 'epoch') AS f,
       least(spot.t, date_bin('15 minutes', least(spot.t, high.ts), 'epoch') + INTERVAL '15 minutes') AS t
FROM unnest(:n::int[], :e::int[], :p::int[], :f::timestamptz[], :t::timestamptz[], :a::timestamptz[],
            :b::timestamptz[]) AS spot (n, e, p, f, t, a, b)
LEFT JOIN LATERAL (
    SELECT r.ts FROM reading AS r
    WHERE r.e = spot.e AND r.p = spot.p AND r.ts < spot.a AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
    ORDER BY r.ts DESC OFFSET 1 LIMIT 1
) AS low ON true
LEFT JOIN LATERAL (
    SELECT r.ts FROM reading AS r
    WHERE r.e = spot.e AND r.p = spot.p AND r.ts > spot.b AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
    ORDER BY r.ts OFFSET 1 LIMIT 1
) AS high ON true
WHERE coalesce(low.ts, spot.f) < spot.t AND coalesce(high.ts, spot.t) > spot.f;

-- name: readings_around(n, e, p, f, t, k)
-- The good readings of spans and k on each side, in order of span and time.
SELECT span.n, r.ts, r.start, r.value, r.quality, r.origin, r.received_at
FROM unnest(:n::int[], :e::int[], :p::int[], :f::timestamptz[], :t::timestamptz[]) AS span (n, e, p, f, t)
CROSS JOIN LATERAL (
    SELECT min(ts) AS low FROM (
        SELECT r.ts FROM reading AS r
        WHERE r.e = span.e AND r.p = span.p AND r.ts < span.f AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
        ORDER BY r.ts DESC LIMIT :k
    ) AS before
) AS lowest
CROSS JOIN LATERAL (
    SELECT max(ts) AS high FROM (
        SELECT r.ts FROM reading AS r
        WHERE r.e = span.e AND r.p = span.p AND r.ts >= span.t AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
        ORDER BY r.ts LIMIT :k
    ) AS after
) AS highest
CROSS JOIN LATERAL (
    SELECT r.* FROM reading AS r
    WHERE r.e = span.e AND r.p = span.p
      AND r.ts >= coalesce(lowest.low, span.f) AND r.ts <= coalesce(highest.high, span.t)
      AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
    ORDER BY r.ts
    OFFSET 0
) AS r
ORDER BY span.n, r.ts;

-- name: clear_draft(e, p, f, t)!
DELETE FROM draft
USING unnest(:e::int[], :p::int[], :f::timestamptz[], :t::timestamptz[]) AS spot (e, p, f, t)
WHERE draft.e = spot.e AND draft.p = spot.p AND draft.start >= spot.f AND draft.start < spot.t;

-- name: put_draft(e, p, start, amount, covered_s, estimated_s, apportioned_s, basis, suspect)!
INSERT INTO draft (e, p, start, amount, covered_s, estimated_s, apportioned_s, basis, suspect)
SELECT * FROM unnest(:e::int[], :p::int[], :start::timestamptz[], :amount::float8[], :covered_s::float8[],
                     :estimated_s::float8[], :apportioned_s::float8[], :basis::int[], :suspect::bool[]);

-- name: config_versions(e, p)
SELECT c.e, c.p, point.code, c.valid_from, c.retired, c.process, c.carrier, c.role, c.reading, c.unit, c.amount_unit,
       c.to_amount, c.aggregate, c.rated_per_hour, c.period_s, c.reporting, c.max_gap_s, c.max_silence_s, c.min_value,
       c.max_value, c.frozen_after_s, c.parent, c.ncv, c.in_service_from
FROM point_config_span AS c
JOIN point ON point.e = c.e AND point.p = c.p
WHERE c.e = ANY (:e::int[]) AND c.p = ANY (:p::int[])
ORDER BY c.e, c.p, c.valid_from;

-- name: meters(e, p)
SELECT e, p, installed_at, kind, final_value, initial_value, multiplier, register_max, resolution, accuracy_class,
       calibrated
FROM installation_span
WHERE e = ANY (:e::int[]) AND p = ANY (:p::int[])
ORDER BY e, p, installed_at;

-- name: make_room()!
-- A derivation's rows stay in memory; the session's own setting.
SET work_mem = '32MB';
