SELECT number AS "编号 number", enterprise_zh AS "企业 enterprise", title AS "案由 title", state AS "状态 state",
       to_char(due_on, 'YYYY-MM-DD') AS "整改期限 due",
       CASE WHEN overdue THEN '逾期 overdue ' || -days_left || ' 天' WHEN days_left IS NOT NULL THEN '剩 ' || days_left || ' 天 left' END
           AS "期限 time left",
       alerts AS "报警 alerts", changed AS "依据有变 changed", opened_at AS "立案 opened", opened_by AS "立案人 by",
       moved_at AS "最近办理 last step"
FROM grafana.inspection_case
WHERE is_open AND enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[])
ORDER BY days_left NULLS LAST, opened_at DESC
LIMIT 500
