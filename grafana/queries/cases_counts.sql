SELECT count(*) AS "未结 open", count(*) FILTER (WHERE overdue) AS "逾期 overdue",
       count(*) FILTER (WHERE days_left BETWEEN 0 AND 7) AS "7 日内到期 due in 7 days",
       count(*) FILTER (WHERE changed > 0) AS "依据有变 changed since"
FROM grafana.inspection_case
WHERE is_open AND enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[])
