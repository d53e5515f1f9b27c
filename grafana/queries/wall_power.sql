SELECT known || ' / ' || meters || ' 表在线' AS name, kw / 1000 AS value
FROM grafana.power_now
WHERE enterprise = ${enterprise:sqlstring}
