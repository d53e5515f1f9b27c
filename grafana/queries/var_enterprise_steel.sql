SELECT enterprise AS __value, name_zh AS __text FROM grafana.enterprise WHERE industry = 'steel' ORDER BY enterprise
