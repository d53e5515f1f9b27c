SELECT time, sum(sign * amount * to_kwh * 3600 / nullif(covered_s, 0))
       / CASE WHEN count(*) = max(meters) AND bool_and(amount IS NOT NULL) THEN 1000 END AS "用电 used"
FROM grafana.power_ledger
WHERE enterprise = ${enterprise:sqlstring} AND $__timeFilter(time)
GROUP BY time
ORDER BY time
