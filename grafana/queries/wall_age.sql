SELECT CASE WHEN f.newest IS NULL THEN '从未上报' WHEN f.silent + f.never > 0 THEN '静默 ' || f.silent + f.never || ' 点'
            ELSE '数据时效' END AS name, f.age_s / 60 AS value
FROM grafana.enterprise AS e
LEFT JOIN grafana.freshness AS f USING (enterprise)
WHERE e.enterprise = ${enterprise:sqlstring}
