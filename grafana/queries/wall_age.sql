SELECT CASE WHEN f.newest IS NULL THEN '从未上报' WHEN f.silent + f.never > 0 THEN f.silent + f.never || ' / ' || f.points || ' 静默'
            ELSE f.points || ' 点在线' END AS name, f.age_s AS value
FROM grafana.enterprise AS e
LEFT JOIN grafana.freshness AS f USING (enterprise)
WHERE e.enterprise = ${enterprise:sqlstring}
