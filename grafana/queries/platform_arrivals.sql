SELECT date_bin(greatest(interval '$__interval', interval '1 minute'), time, timestamptz '2000-01-01 00:00:00+00') AS time, enterprise AS metric,
       count(*)::float8 * 60 / extract(epoch FROM greatest(interval '$__interval', interval '1 minute'))::float8 AS value
FROM grafana.reading
WHERE time >= greatest($__timeFrom()::timestamptz, $__timeTo()::timestamptz - interval '1 hour') AND time <= $__timeTo()::timestamptz
GROUP BY 1, 2
ORDER BY 1
