SELECT motor AS __value, name_zh AS __text FROM grafana.motor
WHERE enterprise = ${enterprise:sqlstring} AND power_point IS NOT NULL ORDER BY rated_kw DESC
