-- While rules do not run, or have nothing new to judge, nothing open is not known to be nothing.
SELECT CASE WHEN NOT stopped OR critical > 0 THEN critical END AS "紧急 critical", CASE WHEN NOT stopped OR warning > 0 THEN warning END AS "警告 warning",
       CASE WHEN NOT stopped OR notice > 0 THEN notice END AS "提示 notice",
       CASE WHEN NOT stopped OR unacknowledged > 0 THEN unacknowledged END AS "未确认 unacknowledged",
       CASE WHEN NOT stopped OR withheld > 0 THEN withheld END AS "数据不足 withheld"
FROM (
    SELECT count(*) FILTER (WHERE severity = 'critical') AS critical, count(*) FILTER (WHERE severity = 'warning') AS warning,
           count(*) FILTER (WHERE severity = 'notice') AS notice, count(*) FILTER (WHERE acknowledged_at IS NULL) AS unacknowledged,
           count(*) FILTER (WHERE withheld_since IS NOT NULL) AS withheld
    FROM grafana.alert
    WHERE state = 'firing' AND enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[])
) AS open
CROSS JOIN (
    SELECT coalesce(bool_or(rules_age_s IS NULL OR rules_age_s > 1800 OR behind), true) AS stopped
    FROM grafana.judge
    WHERE enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[])
) AS judges
