SELECT r.time, r.value * r.to_amount AS "输入功率 input"
FROM grafana.reading AS r
WHERE r.enterprise = ${enterprise:sqlstring} AND $__timeFilter(r.time) AND r.quality <> 'bad' AND r.reading = 'gauge'
  AND r.point = (SELECT power_point FROM grafana.motor WHERE enterprise = ${enterprise:sqlstring} AND motor = ${motor:sqlstring})
ORDER BY r.time
