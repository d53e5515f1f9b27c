SELECT d.time, e.name_zh AS metric, d.tce AS value
FROM grafana.enterprise_day AS d
JOIN grafana.enterprise AS e USING (enterprise)
WHERE d.local_date >= greatest(($__timeFrom()::timestamptz)::date, ($__timeTo()::timestamptz)::date - 31) AND $__timeFilter(d.time)
ORDER BY d.time
