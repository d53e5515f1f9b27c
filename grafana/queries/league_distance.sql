SELECT e.name_zh AS "企业 enterprise", d.name_zh AS "指标 EnPI", d.value AS "本月 month to date", d.unit AS "单位 unit", d.limit_value AS "约束限额 limit",
       d.level AS "等级 level", d.limit_value - d.value AS "距限额 distance", d.level1 - d.value AS "距1级标杆 to level 1", d.edition AS "标准 edition",
       100 * d.completeness AS "完整率 completeness", '暂定 provisional' AS "状态 state"
FROM (
    SELECT enterprise, enpi, name_zh, unit, max(edition) AS edition, max(level) AS level,
           CASE WHEN bool_and(state <> 'unknown') THEN sum(kgce) / nullif(sum(output), 0) * CASE WHEN unit = 'gce/kWh' THEN 1000 ELSE 1 END END AS value,
           sum(limit_value * output) / nullif(sum(output) FILTER (WHERE limit_value IS NOT NULL), 0) AS limit_value,
           sum(level1 * output) / nullif(sum(output) FILTER (WHERE level1 IS NOT NULL), 0) AS level1, avg(completeness) AS completeness
    FROM grafana.enpi_day
    WHERE local_date >= date_trunc('month', current_date - 1)::date AND NOT provisional
    GROUP BY enterprise, enpi, name_zh, unit
) AS d
JOIN grafana.enpi AS n ON n.enterprise = d.enterprise AND n.enpi = d.enpi AND n.standard IS NOT NULL
JOIN grafana.enterprise AS e ON e.enterprise = d.enterprise
ORDER BY d.limit_value - d.value NULLS LAST
