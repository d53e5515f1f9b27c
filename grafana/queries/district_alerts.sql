SELECT count(*) FILTER (WHERE severity = 'critical') AS "紧急 critical",
       count(*) FILTER (WHERE severity = 'warning') AS "警告 warning",
       count(*) FILTER (WHERE severity = 'notice') AS "提示 notice"
FROM grafana.alert
WHERE state = 'firing'
