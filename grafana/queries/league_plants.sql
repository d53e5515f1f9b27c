SELECT e.enterprise AS code, e.name_zh AS "企业 enterprise", e.industry AS "行业 industry", p.kw / 1000 AS "负荷 power", f.age_s AS "数据时效 age",
       f.silent + f.never AS "静默点 silent", coalesce(a.open, CASE WHEN j.rules_age_s <= 1800 AND NOT j.behind THEN 0 END) AS "未关闭 open"
FROM grafana.enterprise AS e
JOIN grafana.judge AS j USING (enterprise)
LEFT JOIN grafana.power_now AS p USING (enterprise)
LEFT JOIN grafana.freshness AS f USING (enterprise)
LEFT JOIN (SELECT enterprise, count(*) AS open FROM grafana.alert WHERE state = 'firing' GROUP BY enterprise) AS a USING (enterprise)
ORDER BY a.open DESC NULLS LAST, e.enterprise
