SELECT regexp_replace(name_zh, '(工序|综合)+能耗$', '单耗') AS name, value
FROM (
    SELECT DISTINCT ON (enpi) enpi, name_zh, local_date, value
    FROM grafana.enpi_day
    WHERE enterprise = ${enterprise:sqlstring} AND local_date >= current_date - 2 AND NOT provisional
      AND enpi IN (SELECT enpi FROM grafana.enpi WHERE enterprise = ${enterprise:sqlstring} AND standard IS NOT NULL)
    ORDER BY enpi, local_date DESC
) AS d
ORDER BY enpi
LIMIT 2
