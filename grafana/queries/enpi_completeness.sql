SELECT 100 * completeness AS "完整率 completeness"
FROM grafana.enpi_day
WHERE enterprise = ${enterprise:sqlstring} AND enpi = ${enpi:sqlstring} AND NOT provisional AND local_date >= current_date - 7
ORDER BY local_date DESC
LIMIT 1
