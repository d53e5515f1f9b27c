SELECT t.id, t.recorded_at AS "记录 recorded", t.enterprise AS "企业 enterprise", a.title_zh AS "报警 alert", a.subject AS "对象 subject",
       t.kind AS "步骤 step", t.at AS "时刻 at", coalesce(t.actor, '规则 rules') AS "谁 who"
FROM grafana.alert_step AS t
JOIN grafana.alert AS a ON a.enterprise = t.enterprise AND a.id = t.id
WHERE t.enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[]) AND $__timeFilter(t.recorded_at)
ORDER BY t.recorded_at DESC
LIMIT 200
