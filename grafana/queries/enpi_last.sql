SELECT value AS "最近一日 last day", limit_value AS "约束限额 binding limit", limit_value - value AS "距限额 distance"
FROM grafana.enpi_day
WHERE enterprise = ${enterprise:sqlstring} AND enpi = ${enpi:sqlstring} AND NOT provisional AND local_date >= current_date - 7
ORDER BY local_date DESC
LIMIT 1
