WITH gas AS (
    SELECT carrier, CASE WHEN count(*) FILTER (WHERE role = 'recovered') = count(flow) FILTER (WHERE role = 'recovered')
                         THEN sum(flow) FILTER (WHERE role = 'recovered') END AS made,
           CASE WHEN count(*) FILTER (WHERE role = 'flared') = count(flow) FILTER (WHERE role = 'flared')
                THEN sum(flow) FILTER (WHERE role = 'flared') END AS flared
    FROM grafana.latest
    WHERE enterprise = ${enterprise:sqlstring} AND carrier IN ('blast_furnace_gas', 'coke_oven_gas', 'converter_gas')
    GROUP BY carrier
)
SELECT CASE carrier WHEN 'blast_furnace_gas' THEN '高炉煤气' WHEN 'coke_oven_gas' THEN '焦炉煤气' ELSE '转炉煤气' END AS name,
       100 * (1 - flared / nullif(made, 0)) AS value
FROM gas
ORDER BY carrier
