WITH last AS (
    SELECT local_date, value, unit, limit_value, limit_state
    FROM grafana.enpi_day
    WHERE enterprise = ${enterprise:sqlstring} AND enpi = ${enpi:sqlstring} AND NOT provisional AND local_date >= current_date - 7
    ORDER BY local_date DESC
    LIMIT 1
),
judged AS (
    SELECT last.local_date, last.value, last.limit_state, coalesce(last.limit_value, ruled.limit_value) AS limit_value,
           ruled.limit_value IS NOT NULL AS ruled
    FROM last
    LEFT JOIN LATERAL (
        -- what only the rules can work out stands in their newest verdict
        SELECT s.limit_value
        FROM grafana.standing AS s
        WHERE last.limit_state = 'rules' AND s.enterprise = ${enterprise:sqlstring} AND s.subject = ${enpi:sqlstring}
          AND s.kind = 'enpi_limit' AND s.unit = last.unit AND s.limit_value IS NOT NULL
        ORDER BY s.evaluated_until DESC
        LIMIT 1
    ) AS ruled ON true
)
SELECT name, value
FROM (
    SELECT 1 AS position, '最近一日 last day ' || to_char(local_date, 'MM-DD') AS name, value FROM judged
    UNION ALL
    SELECT 2, CASE WHEN ruled THEN '限额（规则判定）limit, by rules' WHEN limit_state = 'none' THEN '无国家限额 no limit'
                   WHEN limit_state = 'input missing' THEN '限额未知：缺修正输入 limit unknown: input missing'
                   WHEN limit_value IS NULL THEN '限额见规则判定 limit: see rules' ELSE '约束限额 binding limit' END, limit_value
    FROM judged
    UNION ALL
    SELECT 3, '距限额 distance', limit_value - value FROM judged
) AS tile
ORDER BY position
