SELECT max(data_age_s) AS "数据 data", max(arrival_age_s) AS "到达 arrival", max(ledger_age_s) AS "账本 ledger", max(rules_age_s) AS "规则 rules"
FROM grafana.pipeline
