SELECT count(*) FILTER (WHERE severity = 'critical') AS "紧急 critical", count(*) FILTER (WHERE severity = 'warning') AS "警告 warning",
       count(*) FILTER (WHERE severity = 'notice') AS "提示 notice", count(*) FILTER (WHERE acknowledged_at IS NULL) AS "未确认 unacknowledged",
       count(*) FILTER (WHERE withheld_since IS NOT NULL) AS "数据不足 withheld"
FROM grafana.alert
WHERE state = 'firing' AND enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[])
