SELECT count(*) FILTER (WHERE severity = 'critical') AS "紧急",
       count(*) FILTER (WHERE severity = 'warning') AS "警告",
       count(*) FILTER (WHERE severity = 'notice') AS "提示"
FROM grafana.alert
WHERE state = 'firing'
