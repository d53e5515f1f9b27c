SELECT name_zh AS "电动机 motor", model AS "型号 model", year AS "年份 year", type AS "类型 type", rated_kw AS "额定 rated", efficiency_pct AS "效率 efficiency",
       duty AS "工作制 duty", CASE WHEN vsd THEN '是 yes' ELSE '否 no' END AS "变频 drive", drives AS "负载 drives"
FROM grafana.motor
WHERE enterprise = ${enterprise:sqlstring} AND motor = ${motor:sqlstring}
