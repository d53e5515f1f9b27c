SELECT date_bin(greatest(interval '$__interval', interval '1 minute'), r.time, timestamptz '2000-01-01 00:00:00+00') AS time,
       pr.name_zh AS metric, avg(r.value) AS value
FROM grafana.reading AS r
JOIN grafana.process AS pr ON pr.enterprise = r.enterprise AND pr.process = r.process
WHERE r.enterprise = ${enterprise:sqlstring} AND $__timeFilter(r.time) AND r.unit = 'MW' AND r.quality <> 'bad'
  AND pr.enterprise = ${enterprise:sqlstring} AND pr.kind = 'generating_unit'
GROUP BY 1, 2
ORDER BY 1
