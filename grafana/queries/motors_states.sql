WITH n AS MATERIALIZED (SELECT * FROM grafana.motor_now WHERE enterprise = ${enterprise:sqlstring})
SELECT count(*) FILTER (WHERE n.input_ratio >= 0.4) AS "运行 running",
       count(*) FILTER (WHERE n.input_ratio >= 0.15 AND n.input_ratio < 0.4) AS "轻载 light",
       count(*) FILTER (WHERE n.input_ratio > 0.005 AND n.input_ratio < 0.15) AS "空转 idle",
       count(*) FILTER (WHERE n.input_ratio <= 0.005) AS "停机 off",
       count(*) FILTER (WHERE n.input_ratio IS NULL) AS "未知 unknown"
FROM grafana.motor AS m
LEFT JOIN n ON n.motor = m.motor
WHERE m.enterprise = ${enterprise:sqlstring}
