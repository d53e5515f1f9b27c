WITH step AS (
    SELECT time, point, role, reading, value, to_amount, coalesce(multiplier, 1) AS multiplier,
           lag(time) OVER w AS before, lag(value) OVER w AS old
    FROM grafana.reading
    WHERE enterprise = ${enterprise:sqlstring} AND carrier = 'blast_furnace_gas' AND role IN ('recovered', 'consumed', 'flared')
      AND time BETWEEN $__timeFrom()::timestamptz - interval '15 minutes' AND $__timeTo()::timestamptz AND quality <> 'bad'
    WINDOW w AS (PARTITION BY point ORDER BY time)
),
flow AS (
    SELECT time, point, role,
           CASE WHEN reading = 'gauge' THEN value * to_amount
                WHEN value >= old AND time - before <= interval '15 minutes'
                THEN (value - old) * multiplier * 3600 / extract(epoch FROM time - before)::float8 END AS per_hour
    FROM step
),
bin AS (
    SELECT date_bin(greatest(interval '$__interval', interval '5 minutes'), time, timestamptz '2000-01-01 00:00:00+00') AS time,
           role, point, avg(per_hour) AS per_hour
    FROM flow
    WHERE $__timeFilter(time)
    GROUP BY 1, 2, 3
)
SELECT time, CASE role WHEN 'recovered' THEN '发生 made' WHEN 'consumed' THEN '使用 used' ELSE '放散 flared' END AS metric,
       -- a meter that says nothing makes the sum unknown, not smaller
       CASE WHEN count(per_hour) = max(meters) THEN sum(per_hour) / 1000 END AS value
FROM bin
JOIN (
    SELECT role, count(*) AS meters FROM grafana.point
    WHERE enterprise = ${enterprise:sqlstring} AND carrier = 'blast_furnace_gas' AND reading <> 'virtual'
    GROUP BY role
) AS metered USING (role)
WHERE time < $__timeTo()::timestamptz - interval '6 minutes'
GROUP BY time, role
ORDER BY time
