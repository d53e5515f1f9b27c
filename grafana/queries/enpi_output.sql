SELECT time, output AS "产量 output"
FROM grafana.enpi_day
WHERE enterprise = ${enterprise:sqlstring} AND enpi = ${enpi:sqlstring} AND NOT provisional
  AND local_date >= greatest(($__timeFrom()::timestamptz)::date, ($__timeTo()::timestamptz)::date - 92) AND $__timeFilter(time)
ORDER BY time
