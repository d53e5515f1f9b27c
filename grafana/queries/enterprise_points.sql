SELECT name_zh AS "计量点 point", point AS "编码 code", value AS "读数 reading", unit AS "单位 unit", flow AS "瞬时 flow", CASE WHEN flow IS NOT NULL THEN flow_unit END AS "流量单位 unit",
       CASE state WHEN 'live' THEN '正常 live' WHEN 'silent' THEN '静默 silent' ELSE '从未 never' END AS "状态 state", age_s AS "数据时效 age"
FROM grafana.latest
WHERE enterprise = ${enterprise:sqlstring}
ORDER BY (state = 'live'), position, point
