SELECT to_char(local_date, 'MM-DD') || CASE WHEN tce IS NULL THEN ' ✕ ' || missing ELSE '' END AS name, tce AS value
FROM (
    SELECT local_date, CASE WHEN count(*) = count(tce) THEN sum(tce) END AS tce, string_agg(DISTINCT missing, ', ') AS missing
    FROM grafana.enterprise_day
    WHERE local_date BETWEEN current_date - 3 AND current_date
    GROUP BY local_date
    HAVING bool_and(time + interval '1 day' <= now())
) AS day
ORDER BY tce IS NULL, local_date DESC
LIMIT 1
