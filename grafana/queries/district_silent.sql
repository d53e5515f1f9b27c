SELECT '静默，共 ' || sum(points) AS name, sum(silent + never) AS value FROM grafana.freshness
