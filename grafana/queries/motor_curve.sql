SELECT date_bin(greatest(interval '$__interval', interval '1 second'), r.time, timestamptz '2000-01-01 00:00:00+00') AS time,
       avg(r.value * r.to_amount) AS "输入功率 input"
FROM grafana.reading AS r
WHERE r.enterprise = ${enterprise:sqlstring} AND $__timeFilter(r.time) AND r.quality <> 'bad' AND r.reading = 'gauge'
  AND r.point = (SELECT power_point FROM grafana.motor WHERE enterprise = ${enterprise:sqlstring} AND motor = ${motor:sqlstring})
GROUP BY 1
ORDER BY 1
