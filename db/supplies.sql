-- name: supply_versions(e)
-- Every version of every supply, retired ones too.
SELECT supply.code, v.valid_from, v.valid_to, v.recorded_at, v.retired, v.definition::text AS definition
FROM supply JOIN supply_span AS v USING (e, id)
WHERE supply.e = :e
ORDER BY supply.code, v.valid_from;

-- name: budget_versions(e)
-- All that was ever recorded: what corrects the record of one year's plan to another year is that other year's.
SELECT budget.code, v.valid_from, v.recorded_at, v.retired, v.definition::text AS definition
FROM budget JOIN budget_version AS v USING (e, id)
WHERE budget.e = :e
ORDER BY budget.code, v.valid_from, v.recorded_at;

-- name: ten_minute_means(e, points, gaps, f, t)
-- What gauges read over ten minutes, each reading held until the next one, at most its point's gap.
WITH sample AS (
    SELECT s.p, r.value, greatest(r.ts, :f) AS since,
           least(lead(r.ts) OVER (PARTITION BY s.p ORDER BY r.ts), r.ts + s.gap * interval '1 second', :t) AS until
    FROM unnest(:points::int[], :gaps::float8[]) AS s (p, gap)
    JOIN reading AS r ON r.e = :e AND r.p = s.p
        AND r.ts >= :f::timestamptz - s.gap * interval '1 second' AND r.ts < :t::timestamptz AND r.quality < 2
), part AS (
    SELECT p, start, value,
           extract(epoch FROM least(until, start + interval '10 minutes') - greatest(since, start))::float8 AS held_s
    FROM sample
    CROSS JOIN LATERAL generate_series(
        date_bin('10 minutes', since, 'epoch'), until - interval '1 microsecond', '10 minutes') AS start
    WHERE until > since
)
SELECT p, start, sum(value * held_s ORDER BY start, held_s, value) AS weighed, sum(held_s ORDER BY held_s) AS covered_s
FROM part WHERE held_s > 0
GROUP BY p, start
ORDER BY p, start;
