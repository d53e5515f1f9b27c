SELECT n.name_zh || CASE WHEN d.value > d.limit_value THEN '超限' WHEN d.limit_value - d.value IS NULL THEN '未知' ELSE '余量' END AS name,
       d.limit_value - d.value AS value
FROM (
    SELECT DISTINCT ON (enpi) enpi, local_date, value, limit_value
    FROM grafana.enpi_day
    WHERE enterprise = ${enterprise:sqlstring} AND local_date >= current_date - 2 AND NOT provisional
      AND enpi IN (SELECT enpi FROM grafana.enpi WHERE enterprise = ${enterprise:sqlstring} AND item = 'blast_furnace')
    ORDER BY enpi, local_date DESC
) AS d
JOIN (
    SELECT n.enpi, pr.name_zh FROM grafana.enpi AS n
    JOIN grafana.process AS pr ON pr.enterprise = n.enterprise AND pr.process = n.process
    WHERE n.enterprise = ${enterprise:sqlstring}
) AS n USING (enpi)
ORDER BY d.enpi
