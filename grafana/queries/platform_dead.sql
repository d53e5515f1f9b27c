SELECT now() AS time, max(coalesce(data_age_s, 1e9)) AS age_s FROM grafana.pipeline
