SELECT s.id, s.recorded_at AS "记录 recorded", j.name_zh AS "企业 enterprise", s.title_zh AS "报警 alert", s.subject AS "对象 subject",
       CASE WHEN s.kind = 'period_over' AND s.withheld THEN 'period_withheld' ELSE s.kind END AS "步骤 step", s.at AS "时刻 at", coalesce(s.actor, '规则 rules') AS "谁 who"
FROM grafana.alert_step AS s
JOIN grafana.judge AS j USING (enterprise)
WHERE s.enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[]) AND $__timeFilter(s.recorded_at)
ORDER BY s.recorded_at DESC
LIMIT 200
