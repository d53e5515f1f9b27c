SELECT id, CASE severity WHEN 'critical' THEN '紧急 critical' WHEN 'warning' THEN '警告 warning' ELSE '提示 notice' END AS "级别 severity",
       enterprise_zh AS "企业 enterprise", title_zh AS "报警 alert", subject AS "对象 subject", value AS "数值 value", limit_value AS "限额 limit",
       unit AS "单位 unit", certainty AS "把握 certainty", started_at AS "开始 started",
       extract(epoch FROM now() - started_at)::float8 AS "持续 for",
       CASE WHEN acknowledged_at IS NOT NULL THEN '已确认 ' || coalesce(acknowledged_by, '') ELSE '未确认 open' END AS "处理 handling",
       assigned_to AS "责任人 assigned", k.number AS "案件 case", runbook_zh AS "处置 runbook"
FROM grafana.alert
LEFT JOIN (
    SELECT enterprise, alert AS id, min(number) AS number FROM grafana.inspection_alert WHERE is_open GROUP BY enterprise, alert
) AS k USING (enterprise, id)
WHERE state = 'firing' AND enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[])
ORDER BY array_position(ARRAY['critical', 'warning', 'notice'], severity), started_at
LIMIT 500
