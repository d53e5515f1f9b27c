SELECT id, recorded_at AS "记录 recorded", enterprise AS "企业 enterprise", title_zh AS "报警 alert", subject AS "对象 subject",
       kind AS "步骤 step", at AS "时刻 at", coalesce(actor, '规则 rules') AS "谁 who"
FROM grafana.alert_step
WHERE enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[]) AND $__timeFilter(recorded_at)
ORDER BY recorded_at DESC
LIMIT 200
