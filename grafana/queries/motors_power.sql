WITH n AS MATERIALIZED (SELECT * FROM grafana.motor_now WHERE enterprise = ${enterprise:sqlstring})
SELECT m.name_zh AS name, n.power_kw AS value
FROM grafana.motor AS m
JOIN n ON n.motor = m.motor
WHERE m.enterprise = ${enterprise:sqlstring} AND n.power_kw IS NOT NULL
ORDER BY n.power_kw DESC
LIMIT 12
