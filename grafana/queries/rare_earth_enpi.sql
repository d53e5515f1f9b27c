SELECT name_zh || ' ' || to_char(local_date, 'MM-DD') AS name, value
FROM (
    SELECT DISTINCT ON (enpi) enpi, name_zh, local_date, value
    FROM grafana.enpi_day
    WHERE enterprise = ${enterprise:sqlstring} AND local_date >= current_date - 2 AND NOT provisional
      AND enpi IN (SELECT enpi FROM grafana.enpi WHERE enterprise = ${enterprise:sqlstring} AND standard IS NOT NULL)
    ORDER BY enpi, local_date DESC
) AS d
ORDER BY enpi
LIMIT 2
