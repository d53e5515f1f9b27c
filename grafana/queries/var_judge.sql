SELECT enterprise AS __value, name_zh AS __text FROM grafana.judge ORDER BY scope, enterprise
