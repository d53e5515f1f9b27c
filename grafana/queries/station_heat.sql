SELECT CASE WHEN count(*) = count(flow) THEN '供热供汽' ELSE count(flow) || '/' || count(*) || ' 表' END AS name,
       CASE WHEN count(*) > 0 AND count(*) = count(flow) THEN sum(flow) END AS value
FROM grafana.latest
WHERE enterprise = ${enterprise:sqlstring} AND role = 'sold' AND carrier IN ('heat', 'steam') AND flow_unit = 'GJ/h'
