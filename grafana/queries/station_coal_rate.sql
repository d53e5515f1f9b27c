SELECT to_char(local_date, 'MM-DD') || CASE WHEN value IS NULL THEN ' 未知' ELSE ' 规划305' END AS name, value
FROM (
    SELECT local_date, CASE WHEN count(*) = count(value) THEN 1000 * sum(kgce) / nullif(sum(output), 0) END AS value
    FROM grafana.enpi_day
    WHERE enterprise = ${enterprise:sqlstring} AND local_date >= current_date - 2 AND NOT provisional AND unit = 'gce/kWh'
      AND enpi LIKE '%supply_coal'
    GROUP BY local_date
) AS d
ORDER BY value IS NULL, local_date DESC
LIMIT 1
