SELECT l.time, sum(t.sign * l.amount * t.to_kwh * 3600 / nullif(l.covered_s, 0))
       / CASE WHEN count(*) = max(n.meters) AND bool_and(l.amount IS NOT NULL) THEN 1000 END AS "用电 used"
FROM grafana.ledger AS l
JOIN grafana.power_term AS t ON t.enterprise = l.enterprise AND t.point = l.point
CROSS JOIN (SELECT count(*) AS meters FROM grafana.power_term WHERE enterprise = ${enterprise:sqlstring}) AS n
WHERE l.enterprise = ${enterprise:sqlstring} AND l.carrier = 'electricity' AND l.role IN ('purchased', 'produced', 'sold', 'consumed')
  AND t.enterprise = ${enterprise:sqlstring} AND $__timeFilter(l.time)
GROUP BY l.time
ORDER BY l.time
