SELECT CASE WHEN bool_or(d.time + interval '1 day' > now()) THEN '今日至 ' || to_char(min(f.closed_until AT TIME ZONE e.timezone), 'HH24:MI')
            ELSE to_char(d.local_date, 'MM-DD') END
       || CASE WHEN count(*) > count(d.tce) THEN ' ✕ ' || string_agg(DISTINCT d.missing, ', ') ELSE '' END AS name,
       CASE WHEN count(*) = count(d.tce) THEN sum(d.tce) END AS value
FROM grafana.enterprise AS e
JOIN grafana.freshness AS f USING (enterprise)
JOIN grafana.enterprise_day AS d USING (enterprise)
WHERE d.local_date BETWEEN current_date - 1 AND current_date + 1 AND d.local_date >= e.today - 1
GROUP BY d.local_date
ORDER BY d.local_date DESC
