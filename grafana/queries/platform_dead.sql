SELECT now() AS time, max(coalesce(data_age_s / allowed_age_s, 1e9)) AS overdue FROM grafana.pipeline
