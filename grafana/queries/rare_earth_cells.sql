WITH cell AS (
    SELECT d.local_date, d.role, d.unit, d.amount, d.covered_s, d.elapsed_s, d.point, d.carrier
    FROM grafana.day AS d
    WHERE d.enterprise = ${enterprise:sqlstring} AND d.local_date BETWEEN current_date - 2 AND current_date
      AND d.process IN (SELECT process FROM grafana.process WHERE enterprise = ${enterprise:sqlstring} AND kind = 'electrolysis')
      AND d.time + interval '1 day' <= now()
),
day AS (
    SELECT local_date,
           CASE WHEN bool_and(amount IS NOT NULL) FILTER (WHERE role = 'output')
                THEN sum(amount) FILTER (WHERE role = 'output' AND unit = 'kg') END AS kg,
           CASE WHEN bool_and(amount IS NOT NULL) FILTER (WHERE unit = 'kA')
                THEN sum(amount * elapsed_s / 3600) FILTER (WHERE unit = 'kA') END AS kah,
           CASE WHEN bool_and(amount IS NOT NULL) FILTER (WHERE point LIKE '%.dc.%')
                THEN sum(amount) FILTER (WHERE point LIKE '%.dc.%' AND unit = 'kWh') END AS dc_kwh
    FROM cell
    GROUP BY local_date
)
SELECT to_char(local_date, 'MM-DD') AS name, 100 * kg / nullif(kah * 1.78, 0) AS efficiency, dc_kwh / nullif(kg, 0) AS dc_per_kg
FROM day
ORDER BY (kg IS NULL OR kah IS NULL), local_date DESC
LIMIT 1
