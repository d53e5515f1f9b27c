SELECT silent AS "静默 silent", never AS "从未上报 never", points AS "计量点 points"
FROM grafana.freshness
WHERE enterprise = ${enterprise:sqlstring}
