SELECT id, CASE severity WHEN 'critical' THEN '紧急 critical' WHEN 'warning' THEN '警告 warning' ELSE '提示 notice' END AS "级别 severity",
       enterprise_zh AS "企业 enterprise", title_zh AS "报警 alert", subject AS "对象 subject", value AS "数值 value", limit_value AS "限额 limit",
       unit AS "单位 unit", started_at AS "开始 started", resolved_at AS "结束 resolved",
       extract(epoch FROM coalesce(resolved_at, now()) - started_at)::float8 AS "持续 for",
       CASE WHEN retracted THEN '撤回 retracted' WHEN state = 'firing' THEN '进行中 firing'
            WHEN closed = 'period_over' AND withheld_since IS NOT NULL THEN 'period_withheld' ELSE closed END AS "结果 outcome"
FROM grafana.alert
WHERE enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[]) AND fired_at <= $__timeTo()::timestamptz
  AND (resolved_at IS NULL OR resolved_at >= $__timeFrom()::timestamptz)
ORDER BY fired_at DESC
LIMIT 500
