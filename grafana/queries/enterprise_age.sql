SELECT age_s AS "数据 data", extract(epoch FROM now() - closed_until)::float8 AS "账本 ledger closed"
FROM grafana.freshness
WHERE enterprise = ${enterprise:sqlstring}
