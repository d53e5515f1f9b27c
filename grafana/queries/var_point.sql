SELECT point AS __value, name_zh AS __text FROM grafana.point
WHERE enterprise = ${enterprise:sqlstring} AND reading <> 'virtual' ORDER BY position, point
