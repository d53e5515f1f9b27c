SELECT e.name_zh || ' ' || regexp_replace(d.name_zh, '(工序|综合)+能耗$', '') || CASE WHEN d.value > d.limit_value THEN ' 超限' ELSE ' 余量' END AS name, d.limit_value - d.value AS value
FROM (
    SELECT DISTINCT ON (enterprise, enpi) enterprise, enpi, name_zh, local_date, value, limit_value
    FROM grafana.enpi_day
    WHERE local_date >= current_date - 2 AND NOT provisional AND unit = 'kgce/t'
    ORDER BY enterprise, enpi, local_date DESC
) AS d
JOIN grafana.enterprise AS e USING (enterprise)
WHERE d.limit_value IS NOT NULL
ORDER BY d.limit_value - d.value
LIMIT 1
