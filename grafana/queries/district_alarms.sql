WITH open AS (
    SELECT CASE severity WHEN 'critical' THEN '紧急' WHEN 'warning' THEN '警告' ELSE '提示' END AS word,
           array_position(ARRAY['critical', 'warning', 'notice'], severity) AS rank, enterprise, enterprise_zh, title_zh, subject,
           started_at, round(extract(epoch FROM now() - started_at) / 3600) AS hours
    FROM grafana.alert
    WHERE state = 'firing' AND (shelved_until IS NULL OR shelved_until < now())
),
shown AS (
    SELECT * FROM open ORDER BY rank, started_at LIMIT 5
),
told AS (
    SELECT rank, started_at, word || ' ' || hours || 'h · ' || enterprise_zh || ' · ' || title_zh || ' · ' || coalesce(n.name_zh, subject) AS alarm
    FROM shown
    LEFT JOIN LATERAL (
        SELECT s.name_zh FROM grafana.subject AS s WHERE s.enterprise = shown.enterprise AND s.subject = shown.subject LIMIT 1
    ) AS n ON true
    UNION ALL
    SELECT 0, now(), '规则未运行 · ' || coalesce(string_agg(enterprise, ', '), '') || ' · 状态未知'
    FROM grafana.pipeline
    WHERE rules_age_s IS NULL OR rules_age_s > 1800
    HAVING count(*) > 0
    UNION ALL
    SELECT 9, now(), '无未关闭报警 no open alert' WHERE NOT EXISTS (SELECT 1 FROM open)
)
SELECT CASE WHEN length(alarm) > 42 THEN left(alarm, 41) || '…' ELSE alarm END AS alarm
FROM told
ORDER BY rank, started_at LIMIT 5
