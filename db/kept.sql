-- What is kept so that questions about days stay fast: see migration 0075.

-- name: keep_configuration_if_due()$
SELECT keep_configuration_if_due();

-- name: keep_heat_days(since, n)!
-- At most n closed local days since a date, the newest first, whose products with the heating value were not added up yet
-- or not since either day was put. One statement, so that the sums and what they hold for are of one snapshot.
WITH due AS MATERIALIZED (
    SELECT t.e, t.p, n.p AS ncv_p, t.local_date, t.put_at, n.put_at AS ncv_put_at, day.starts, day.ends
    FROM (
        SELECT DISTINCT c.e, c.p, n.p AS ncv_p
        FROM point_config AS c
        JOIN point AS n ON n.e = c.e AND n.code = c.ncv
    ) AS pair
    JOIN enterprise AS en USING (e)
    JOIN point_state AS s ON s.e = pair.e AND s.p = pair.p
    JOIN point_state AS ns ON ns.e = pair.e AND ns.p = pair.ncv_p
    JOIN day_total AS t ON t.e = pair.e AND t.p = pair.p AND t.local_date >= :since
    JOIN day_total AS n ON n.e = pair.e AND n.p = pair.ncv_p AND n.local_date = t.local_date
    CROSS JOIN LATERAL (
        SELECT (t.local_date + en.day_starts) AT TIME ZONE en.timezone AS starts,
               (t.local_date + 1 + en.day_starts) AT TIME ZONE en.timezone AS ends
    ) AS day
    LEFT JOIN heat_day AS h
        ON h.e = t.e AND h.p = t.p AND h.ncv_p = n.p AND h.local_date = t.local_date
       AND h.put_at = t.put_at AND h.ncv_put_at = n.put_at
    WHERE h.p IS NULL AND s.closed_until >= day.ends AND ns.closed_until >= day.ends
    ORDER BY t.local_date DESC, t.e, t.p
    LIMIT :n
)
INSERT INTO heat_day (e, p, ncv_p, local_date, heat, unconverted_s, put_at, ncv_put_at)
SELECT due.e, due.p, due.ncv_p, due.local_date, x.heat, x.unconverted_s, due.put_at, due.ncv_put_at
FROM due
CROSS JOIN LATERAL (
    SELECT sum(i.amount * v.amount ORDER BY i.start) AS heat,
           coalesce(sum(i.covered_s ORDER BY i.start) FILTER (WHERE i.amount IS NOT NULL AND v.amount IS NULL), 0) AS unconverted_s
    FROM interval AS i
    LEFT JOIN interval AS v
        ON v.e = due.e AND v.p = due.ncv_p AND v.start = i.start AND v.start >= due.starts AND v.start < due.ends
    WHERE i.e = due.e AND i.p = due.p AND i.start >= due.starts AND i.start < due.ends
) AS x
ORDER BY due.e, due.p, due.local_date, due.ncv_p
ON CONFLICT (e, p, local_date, ncv_p) DO UPDATE SET
    heat = excluded.heat, unconverted_s = excluded.unconverted_s, put_at = excluded.put_at, ncv_put_at = excluded.ncv_put_at;

-- name: keep_level_days(since, n)!
-- The same for stocks: the last level of closed days of 24 hours. A day without any level has no row, and is looked for.
WITH due AS MATERIALIZED (
    SELECT t.e, t.p, t.local_date, t.put_at, day.starts, day.ends
    FROM (SELECT DISTINCT c.e, c.p FROM point_config AS c WHERE c.role = 'stock') AS stock
    JOIN enterprise AS en USING (e)
    JOIN point_state AS s USING (e, p)
    JOIN day_total AS t ON t.e = stock.e AND t.p = stock.p AND t.local_date >= :since
    CROSS JOIN LATERAL (
        SELECT (t.local_date + en.day_starts) AT TIME ZONE en.timezone AS starts,
               (t.local_date + 1 + en.day_starts) AT TIME ZONE en.timezone AS ends
    ) AS day
    LEFT JOIN level_day AS l ON l.e = t.e AND l.p = t.p AND l.local_date = t.local_date AND l.put_at = t.put_at
    WHERE l.p IS NULL AND t.amount IS NOT NULL AND s.closed_until >= day.ends AND day.ends = day.starts + interval '24 hours'
    ORDER BY t.local_date DESC, t.e, t.p
    LIMIT :n
)
INSERT INTO level_day (e, p, local_date, start, amount, put_at)
SELECT due.e, due.p, due.local_date, last.start, last.amount, due.put_at
FROM due
CROSS JOIN LATERAL (
    SELECT i.start, i.amount FROM interval AS i
    WHERE i.e = due.e AND i.p = due.p AND i.start >= due.starts AND i.start < due.ends AND i.amount IS NOT NULL
    ORDER BY i.start DESC LIMIT 1
) AS last
ORDER BY due.e, due.p, due.local_date
ON CONFLICT (e, p, local_date) DO UPDATE SET start = excluded.start, amount = excluded.amount, put_at = excluded.put_at;
