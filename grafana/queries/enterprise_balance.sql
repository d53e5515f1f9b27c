SELECT carrier_zh AS "能源 carrier", amount AS "数量 amount", unit AS "单位 unit", kgce / 1000 AS "tce", tco2 AS "tCO2",
       CASE method WHEN 'purchased' THEN '购入平衡 purchased' WHEN 'internal' THEN '内部 internal' ELSE '消费合计 consumed' END AS "口径 method",
       CASE WHEN in_total THEN '是 yes' ELSE '否 no' END AS "计入 in total", to_char(local_date, 'YYYY-MM-DD') AS "日期 day"
FROM grafana.carrier_day
WHERE enterprise = ${enterprise:sqlstring}
  AND local_date = (
      SELECT max(local_date) FROM grafana.enterprise_day
      WHERE enterprise = ${enterprise:sqlstring} AND local_date >= current_date - 2 AND time + interval '1 day' <= now())
  AND local_date >= current_date - 2
ORDER BY in_total DESC, kgce DESC NULLS LAST
