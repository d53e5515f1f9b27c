SELECT e.name_zh AS "企业 enterprise", f.points AS "计量点 points", f.silent AS "静默 silent", f.never AS "从未上报 never", f.age_s AS "数据时效 age",
       f.newest AS "最新 newest", f.closed_until AS "账本至 closed until"
FROM grafana.enterprise AS e
LEFT JOIN grafana.freshness AS f USING (enterprise)
ORDER BY f.silent + f.never DESC NULLS FIRST
