WITH n AS MATERIALIZED (SELECT * FROM grafana.motor_now WHERE enterprise = ${enterprise:sqlstring})
SELECT m.name_zh AS "电动机 motor", m.id, pr.name_zh AS "工序 process", m.model AS "型号 model", m.year AS "年份 year", m.rated_kw AS "额定 rated",
       n.power_kw AS "输入功率 input", 100 * n.input_ratio AS "输入比 input ratio", 100 * s.value AS "负载率 load factor",
       CASE WHEN s.answer = 'met' THEN s.title_zh WHEN s.answer = 'clear' THEN '正常 clear' ELSE '未知 cannot tell' END AS "规则判定 rules",
       n.age_s AS "数据时效 age"
FROM grafana.motor AS m
LEFT JOIN n ON n.motor = m.motor
LEFT JOIN grafana.process AS pr ON pr.enterprise = m.enterprise AND pr.process = m.process
LEFT JOIN (
    SELECT DISTINCT ON (subject) subject, value, answer, title_zh
    FROM grafana.standing
    WHERE enterprise = ${enterprise:sqlstring} AND kind LIKE 'motor%'
    ORDER BY subject, array_position(ARRAY['met', 'clear', 'unknown'], answer), rule
) AS s ON s.subject = m.motor
WHERE m.enterprise = ${enterprise:sqlstring}
ORDER BY m.rated_kw DESC
