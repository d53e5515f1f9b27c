SELECT sum(waiting_spans) AS "待推导 spans to derive", sum(waiting_messages) AS "待发通知 messages to send" FROM grafana.pipeline
