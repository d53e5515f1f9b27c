SELECT CASE WHEN count(*) = count(*) FILTER (WHERE state <> 'unknown')
            THEN sum(kgce) / nullif(sum(output), 0) * CASE WHEN max(unit) = 'gce/kWh' THEN 1000 ELSE 1 END END AS "本月累计 month to date"
FROM grafana.enpi_day
WHERE enterprise = ${enterprise:sqlstring} AND enpi = ${enpi:sqlstring} AND NOT provisional
  AND local_date >= (SELECT month_start_date FROM grafana.enterprise WHERE enterprise = ${enterprise:sqlstring})
