SELECT time, tce AS "综合能耗 tce", tco2 AS "碳排放 tCO2"
FROM grafana.enterprise_day
WHERE enterprise = ${enterprise:sqlstring}
  AND local_date >= greatest(($__timeFrom()::timestamptz)::date, ($__timeTo()::timestamptz)::date - 92)
  AND $__timeFilter(time)
ORDER BY time
