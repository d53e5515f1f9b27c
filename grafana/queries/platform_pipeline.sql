SELECT enterprise AS "企业 enterprise", data_age_s AS "数据时效 data age", arrival_age_s AS "到达 arrival age", ledger_age_s AS "账本 ledger age",
       rules_age_s AS "规则 rules age", judged_until AS "判至 judged until", waiting_spans AS "待推导 spans", waiting_messages AS "待发 messages"
FROM grafana.pipeline
ORDER BY data_age_s DESC NULLS FIRST
