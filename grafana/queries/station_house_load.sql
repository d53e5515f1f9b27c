SELECT '厂用电率' AS name, 100 * kw / nullif(produced_kw, 0) AS value
FROM grafana.power_now
WHERE enterprise = ${enterprise:sqlstring}
