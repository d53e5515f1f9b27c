WITH step AS (
    SELECT time, enterprise, point, sign, to_kwh, reading, value, to_amount, multiplier, max_gap_s,
           lag(time) OVER w AS before, lag(value) OVER w AS old
    FROM grafana.power_reading
    WHERE time BETWEEN $__timeFrom()::timestamptz - interval '10 minutes' AND $__timeTo()::timestamptz
    WINDOW w AS (PARTITION BY enterprise, point ORDER BY time)
),
flow AS (
    SELECT time, enterprise, point,
           sign * to_kwh * CASE WHEN reading = 'gauge' THEN value * to_amount
                                WHEN value >= old AND time - before <= make_interval(secs => max_gap_s)
                                THEN (value - old) * multiplier * 3600 / extract(epoch FROM time - before)::float8 END AS kw
    FROM step
),
bin AS (
    SELECT date_bin(greatest(interval '$__interval', interval '1 minute'), time, timestamptz '2000-01-01 00:00:00+00') AS time,
           enterprise, point, avg(kw) AS kw
    FROM flow
    WHERE $__timeFilter(time)
    GROUP BY 1, 2, 3
)
SELECT b.time, e.name_zh AS metric, CASE WHEN count(b.kw) = max(t.meters) THEN sum(b.kw) / 1000 END AS value
FROM bin AS b
JOIN (SELECT enterprise, count(*) AS meters FROM grafana.power_term GROUP BY enterprise) AS t USING (enterprise)
JOIN grafana.enterprise AS e USING (enterprise)
WHERE b.time < $__timeTo()::timestamptz - interval '2 minutes'
GROUP BY b.time, e.name_zh
ORDER BY b.time
