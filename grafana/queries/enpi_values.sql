SELECT time, value AS "单耗 EnPI", level1 AS "1级 level 1", level2 AS "2级 level 2", level3 AS "3级 level 3"
FROM grafana.enpi_day
WHERE enterprise = ${enterprise:sqlstring} AND enpi = ${enpi:sqlstring} AND NOT provisional
  AND local_date >= greatest(($__timeFrom()::timestamptz)::date, ($__timeTo()::timestamptz)::date - 92) AND $__timeFilter(time)
ORDER BY time
