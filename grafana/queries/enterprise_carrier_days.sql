SELECT time, carrier_zh AS metric, kgce / 1000 AS value
FROM grafana.carrier_day
WHERE enterprise = ${enterprise:sqlstring} AND in_total
  AND local_date >= greatest(($__timeFrom()::timestamptz)::date, ($__timeTo()::timestamptz)::date - 92)
  AND $__timeFilter(time)
ORDER BY time
