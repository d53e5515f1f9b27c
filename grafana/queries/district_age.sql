SELECT CASE WHEN f.newest IS NULL THEN e.name_zh || ' 从未上报' ELSE e.name_zh END AS name, f.age_s AS value
FROM grafana.enterprise AS e
LEFT JOIN grafana.freshness AS f USING (enterprise)
ORDER BY f.age_s DESC NULLS FIRST
LIMIT 1
