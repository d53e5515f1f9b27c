SELECT l.enterprise AS "企业 enterprise", l.name_zh AS "计量点 point", l.point AS "编码 code", l.process AS "工序 process", l.time AS "最后 last heard",
       l.age_s AS "静默 silent for", l.silent_after_s AS "允许 allowed"
FROM grafana.latest AS l
WHERE l.enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[]) AND l.state <> 'live'
ORDER BY l.age_s DESC NULLS FIRST
LIMIT 200
