SELECT enpi AS __value, name_zh AS __text FROM grafana.enpi WHERE enterprise = ${enterprise:sqlstring} ORDER BY standard IS NULL, id
