SELECT e.name_zh AS name, CASE WHEN count(*) = count(d.tce) THEN sum(d.tce) END AS value
FROM grafana.enterprise AS e
LEFT JOIN grafana.enterprise_day AS d ON d.enterprise = e.enterprise AND d.local_date >= current_date - 8 AND d.time + interval '1 day' <= now()
GROUP BY e.name_zh
ORDER BY 2 DESC NULLS LAST
