SELECT '自发电率' AS name, 100 * produced_kw / nullif(kw, 0) AS value
FROM grafana.power_now
WHERE enterprise = ${enterprise:sqlstring}
