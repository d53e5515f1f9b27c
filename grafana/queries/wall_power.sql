SELECT CASE WHEN known = meters THEN '用电负荷' ELSE '用电' || known || '/' || meters || '表' END AS name, kw / 1000 AS value
FROM grafana.power_now
WHERE enterprise = ${enterprise:sqlstring}
