SELECT max(data_age_s) / 60 AS "数据 data", max(arrival_age_s) / 60 AS "到达 arrival", max(ledger_age_s) / 60 AS "账本 ledger",
       (SELECT max(rules_age_s) / 60 FROM grafana.judge) AS "规则 rules"
FROM grafana.pipeline
