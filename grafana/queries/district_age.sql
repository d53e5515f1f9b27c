SELECT e.name_zh || CASE WHEN f.newest IS NULL THEN ' 从未上报' ELSE '' END AS name, f.age_s / 60 AS value
FROM grafana.enterprise AS e
LEFT JOIN grafana.freshness AS f USING (enterprise)
ORDER BY f.age_s DESC NULLS FIRST
LIMIT 1
