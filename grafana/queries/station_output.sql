SELECT '发电' AS name, produced_kw / 1000 AS value FROM grafana.power_now WHERE enterprise = ${enterprise:sqlstring}
UNION ALL
SELECT '上网', sold_kw / 1000 FROM grafana.power_now WHERE enterprise = ${enterprise:sqlstring}
