-- While rules do not run, or have nothing new to judge, nothing open is not known to be nothing.
SELECT CASE WHEN NOT stopped OR critical > 0 THEN critical END AS "紧急", CASE WHEN NOT stopped OR warning > 0 THEN warning END AS "警告",
       CASE WHEN NOT stopped OR notice > 0 THEN notice END AS "提示"
FROM (
    SELECT count(*) FILTER (WHERE severity = 'critical') AS critical, count(*) FILTER (WHERE severity = 'warning') AS warning,
           count(*) FILTER (WHERE severity = 'notice') AS notice
    FROM grafana.alert WHERE state = 'firing'
) AS open
CROSS JOIN (SELECT coalesce(bool_or(rules_age_s IS NULL OR rules_age_s > 1800 OR behind), true) AS stopped FROM grafana.judge) AS judges
