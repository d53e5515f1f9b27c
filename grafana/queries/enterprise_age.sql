SELECT age_s / 60 AS "数据 data", extract(epoch FROM now() - closed_until)::float8 / 60 AS "账本 ledger closed"
FROM grafana.freshness
WHERE enterprise = ${enterprise:sqlstring}
