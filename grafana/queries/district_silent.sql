SELECT '共 ' || sum(points) || ' 点' AS name, sum(silent + never) AS value FROM grafana.freshness
