SELECT CASE WHEN NOT bool_or(d.time + interval '1 day' > now()) THEN '昨日' WHEN min(f.closed_until) > now() - interval '40 minutes' THEN '今日'
            ELSE '至 ' || to_char(min(f.closed_until AT TIME ZONE e.timezone), 'HH24:MI') END
       || CASE WHEN count(*) > count(d.tce) THEN '缺项' ELSE '能耗' END AS name,
       CASE WHEN count(*) = count(d.tce) THEN sum(d.tce) END AS value
FROM grafana.enterprise AS e
JOIN grafana.freshness AS f USING (enterprise)
JOIN grafana.enterprise_day AS d USING (enterprise)
WHERE d.local_date BETWEEN current_date - 1 AND current_date + 1 AND d.local_date >= e.today - 1
GROUP BY d.local_date
ORDER BY d.local_date DESC
