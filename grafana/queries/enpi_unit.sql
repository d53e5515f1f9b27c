SELECT 'suffix: ' || unit AS unit, 'suffix: ' || output_unit AS output_unit
FROM grafana.enpi
WHERE enterprise = ${enterprise:sqlstring} AND enpi = ${enpi:sqlstring}
