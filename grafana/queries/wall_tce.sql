SELECT to_char(local_date, 'MM-DD') || CASE WHEN tce IS NULL THEN ' ✕ ' || missing ELSE '' END AS name, tce AS value
FROM grafana.enterprise_day
WHERE enterprise = ${enterprise:sqlstring} AND local_date BETWEEN current_date - 3 AND current_date
  AND time + interval '1 day' <= now()
ORDER BY tce IS NULL, local_date DESC
LIMIT 1
