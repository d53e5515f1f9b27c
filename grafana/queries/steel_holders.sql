SELECT CASE WHEN point LIKE '%bfg%' THEN '高炉煤气柜' WHEN point LIKE '%cog%' THEN '焦炉煤气柜' WHEN point LIKE '%ldg%' THEN '转炉煤气柜'
            ELSE point END AS name, CASE WHEN state = 'live' THEN value END AS value
FROM grafana.latest
WHERE enterprise = ${enterprise:sqlstring} AND role = 'property' AND unit = '%' AND point LIKE '%holder_level'
ORDER BY position
