SELECT e.name_zh || CASE WHEN count(d.time) = 7 THEN '' ELSE '（' || count(d.time) || ' 天）' END AS name,
       CASE WHEN count(*) = count(d.tce) THEN sum(d.tce) END AS value
FROM grafana.enterprise AS e
LEFT JOIN grafana.enterprise_day AS d ON d.enterprise = e.enterprise AND d.local_date >= current_date - 8
    AND d.local_date BETWEEN e.today - 7 AND e.today - 1
GROUP BY e.name_zh
ORDER BY 2 DESC NULLS LAST
