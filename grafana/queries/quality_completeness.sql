SELECT d.time, e.name_zh AS metric, 100 * sum(least(d.covered_s, d.elapsed_s)) / nullif(sum(d.elapsed_s), 0) AS value
FROM grafana.day AS d
JOIN grafana.enterprise AS e USING (enterprise)
WHERE d.enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[])
  AND d.local_date >= greatest(($__timeFrom()::timestamptz)::date, ($__timeTo()::timestamptz)::date - 31) AND $__timeFilter(d.time)
GROUP BY d.time, e.name_zh
ORDER BY d.time
