SELECT time, CASE WHEN state = 'unknown' OR completeness < 0.9 OR limit_value IS NULL AND state = 'known' THEN 2
                  WHEN state = 'idle' THEN 3 WHEN value > limit_value THEN 1 ELSE 0 END AS "对限额 verdict"
FROM grafana.enpi_day
WHERE enterprise = ${enterprise:sqlstring} AND enpi = ${enpi:sqlstring} AND NOT provisional
  AND local_date >= greatest(($__timeFrom()::timestamptz)::date, ($__timeTo()::timestamptz)::date - 92) AND $__timeFilter(time)
ORDER BY time
