WITH meter AS MATERIALIZED (
    SELECT process, point, parent, role, flow, age_s
    FROM grafana.latest
    WHERE enterprise = ${enterprise:sqlstring} AND carrier = 'electricity' AND role = 'consumed' AND flow_unit = 'kW'
)
SELECT pr.name_zh AS "工序 process", CASE WHEN count(*) = count(m.flow) THEN sum(m.flow) / 1000 END AS "电力 power",
       count(m.flow) || ' / ' || count(*) AS "计量 meters", max(m.age_s) AS "数据时效 age"
FROM grafana.process AS pr
JOIN meter AS m USING (process)
WHERE pr.enterprise = ${enterprise:sqlstring}
  AND NOT EXISTS (SELECT 1 FROM meter AS up WHERE up.point = m.parent AND up.process = m.process)
GROUP BY pr.name_zh, pr.position
ORDER BY 2 DESC NULLS LAST
