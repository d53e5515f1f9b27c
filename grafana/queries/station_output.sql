SELECT '发电 gross' AS name, produced_kw / 1000 AS value FROM grafana.power_now WHERE enterprise = ${enterprise:sqlstring}
UNION ALL
SELECT '上网 sent out', sold_kw / 1000 FROM grafana.power_now WHERE enterprise = ${enterprise:sqlstring}
