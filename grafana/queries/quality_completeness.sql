SELECT d.time, d.enterprise AS metric, 100 * d.covered_s / nullif(d.elapsed_s, 0) AS value
FROM grafana.completeness_day AS d
WHERE d.enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[])
  AND d.local_date >= greatest(($__timeFrom()::timestamptz)::date, ($__timeTo()::timestamptz)::date - 31) AND $__timeFilter(d.time)
ORDER BY d.time
