SELECT CASE WHEN d.time + interval '1 day' > now() THEN '今日至 ' || to_char(f.closed_until AT TIME ZONE e.timezone, 'HH24:MI')
            ELSE to_char(d.local_date, 'MM-DD') END || CASE WHEN d.tce IS NULL THEN ' ✕ ' || d.missing ELSE '' END AS name,
       d.tce AS value
FROM grafana.enterprise AS e
JOIN grafana.freshness AS f USING (enterprise)
JOIN grafana.enterprise_day AS d USING (enterprise)
WHERE d.enterprise = ${enterprise:sqlstring} AND e.enterprise = ${enterprise:sqlstring} AND f.enterprise = ${enterprise:sqlstring}
  AND d.local_date BETWEEN current_date - 1 AND current_date + 1 AND d.local_date >= e.today - 1
ORDER BY d.local_date DESC
