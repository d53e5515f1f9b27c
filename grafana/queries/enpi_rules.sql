SELECT title_zh AS "规则 rule", CASE answer WHEN 'met' THEN '超限 met' WHEN 'clear' THEN '未超 clear' ELSE '未知 unknown' END AS "判定 answer",
       value AS "数值 value", limit_value AS "限额 limit", unit AS "单位 unit", reason AS "原因 reason", evaluated_until AS "判至 judged until"
FROM grafana.standing
WHERE enterprise = ${enterprise:sqlstring} AND subject = ${enpi:sqlstring}
ORDER BY rule
