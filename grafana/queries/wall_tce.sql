SELECT CASE WHEN d.time + interval '1 day' <= now() THEN '昨日' WHEN f.closed_until > now() - interval '40 minutes' THEN '今日'
            ELSE '至 ' || to_char(f.closed_until AT TIME ZONE e.timezone, 'HH24:MI') END
       || CASE WHEN d.tce IS NULL THEN '缺项' ELSE '能耗' END AS name,
       d.tce AS value
FROM grafana.enterprise AS e
JOIN grafana.freshness AS f USING (enterprise)
JOIN grafana.enterprise_day AS d USING (enterprise)
WHERE d.enterprise = ${enterprise:sqlstring} AND e.enterprise = ${enterprise:sqlstring} AND f.enterprise = ${enterprise:sqlstring}
  AND d.local_date BETWEEN current_date - 1 AND current_date + 1 AND d.local_date >= e.today - 1
ORDER BY d.local_date DESC
