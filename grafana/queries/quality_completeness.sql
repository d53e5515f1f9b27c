SELECT d.time, d.enterprise AS metric, 100 * sum(least(d.covered_s, d.elapsed_s)) / nullif(sum(d.elapsed_s), 0) AS value
FROM grafana.day AS d
WHERE d.enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[])
  AND d.local_date >= greatest(($__timeFrom()::timestamptz)::date, ($__timeTo()::timestamptz)::date - 31) AND $__timeFilter(d.time)
GROUP BY d.time, d.enterprise
ORDER BY d.time
