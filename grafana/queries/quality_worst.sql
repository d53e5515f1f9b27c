SELECT d.enterprise AS "企业 enterprise", d.point AS "计量点 point", d.process AS "工序 process",
       100 * sum(least(d.covered_s, d.elapsed_s)) / nullif(sum(d.elapsed_s), 0) AS "完整率 completeness",
       100 * sum(d.estimated_s) / nullif(sum(d.covered_s), 0) AS "估算 estimated"
FROM grafana.day AS d
WHERE d.enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[]) AND d.local_date >= current_date - 7
GROUP BY d.enterprise, d.point, d.process
HAVING sum(d.covered_s) < 0.999 * sum(d.elapsed_s) OR sum(d.estimated_s) > 0
ORDER BY 4 NULLS FIRST
LIMIT 50
