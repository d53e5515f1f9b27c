-- The last day that is known. A unit in service that is not known makes it unknown, as in the fleet's rate over
-- twelve months; a plant file that describes no units has its EnPIs.
WITH told AS MATERIALIZED (
    SELECT * FROM grafana.enpi_day
    WHERE enterprise = ${enterprise:sqlstring} AND local_date >= current_date - 2 AND NOT provisional AND unit = 'gce/kWh'
),
described AS (SELECT * FROM grafana.generating_unit WHERE enterprise = ${enterprise:sqlstring}),
unit AS (
    SELECT enpi, coarsest_s, valid_from, valid_to FROM described
    UNION ALL
    SELECT enpi, 0, '-infinity', 'infinity' FROM grafana.enpi
    WHERE enterprise = ${enterprise:sqlstring} AND enpi LIKE '%supply_coal' AND unit = 'gce/kWh' AND NOT EXISTS (SELECT FROM described)
)
SELECT to_char(local_date, 'MM-DD') || CASE WHEN value IS NULL THEN ' 未知' ELSE ' 规划305' END AS name, value
FROM (
    SELECT d.local_date,
           CASE WHEN bool_and((t.state <> 'unknown' AND t.completeness >= 0.9 AND u.coarsest_s <= 86400) IS TRUE)
                THEN 1000 * sum(t.kgce) / nullif(sum(t.output), 0) END AS value
    FROM (SELECT DISTINCT local_date, time FROM told) AS d
    JOIN unit AS u ON u.valid_from <= d.time AND u.valid_to > d.time
    LEFT JOIN told AS t ON t.local_date = d.local_date AND t.enpi = u.enpi
    GROUP BY d.local_date
) AS d
ORDER BY value IS NULL, local_date DESC
LIMIT 1
