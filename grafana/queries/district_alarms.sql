WITH open AS (
    SELECT CASE severity WHEN 'critical' THEN '紧急' WHEN 'warning' THEN '警告' ELSE '提示' END AS word,
           array_position(ARRAY['critical', 'warning', 'notice'], severity) AS rank, enterprise, enterprise_zh, title_zh, subject,
           started_at, extract(epoch FROM now() - started_at)::int AS s
    FROM grafana.alert
    WHERE state = 'firing' AND (shelved_until IS NULL OR shelved_until < now())
),
stopped AS (
    -- then no alarm says nothing
    SELECT CASE WHEN running THEN '账本滞后 · ' ELSE '规则未运行 · ' END || string_agg(name_zh, ', ' ORDER BY enterprise) || ' · 状态未知' AS alarm,
           running
    FROM (SELECT enterprise, name_zh, coalesce(rules_age_s <= 1800, false) AS running, behind FROM grafana.judge) AS j
    WHERE NOT running OR behind
    GROUP BY running
),
room AS (
    SELECT count(*)::int AS n, 5 - (SELECT count(*) FROM stopped)::int AS lines FROM open
),
shown AS (
    -- where not all have room, the last line says how many there are beyond
    SELECT * FROM open ORDER BY rank, started_at LIMIT (SELECT CASE WHEN n > lines THEN lines - 1 ELSE lines END FROM room)
),
told AS (
    SELECT rank, started_at, word || ' ' || CASE WHEN s < 5400 THEN greatest(s, 0) / 60 || ' 分钟' WHEN s < 172800 THEN s / 3600 || ' 小时' ELSE s / 86400 || ' 天' END || ' · ' || enterprise_zh || ' · ' || title_zh || ' · ' || coalesce(n.name_zh, subject) AS alarm
    FROM shown
    LEFT JOIN LATERAL (
        SELECT s.name_zh FROM grafana.subject AS s WHERE s.enterprise = shown.enterprise AND s.subject = shown.subject LIMIT 1
    ) AS n ON true
    UNION ALL
    SELECT CASE WHEN running THEN 0.5 ELSE 0 END, now(), alarm FROM stopped
    UNION ALL
    SELECT 8, now(), '另有 ' || n - lines + 1 || ' 条' FROM room WHERE n > lines
    UNION ALL
    SELECT 9, now(), '无未关闭报警' WHERE NOT EXISTS (SELECT 1 FROM open) AND NOT EXISTS (SELECT 1 FROM stopped)
)
SELECT CASE WHEN length(alarm) > 42 THEN left(alarm, 41) || '…' ELSE alarm END AS alarm
FROM told
ORDER BY rank, started_at
