SELECT max(data_age_s) / 60 AS "数据 data", max(arrival_age_s) / 60 AS "到达 arrival", max(ledger_age_s) / 60 AS "账本 ledger", max(rules_age_s) / 60 AS "规则 rules"
FROM grafana.pipeline
