SELECT date_bin(greatest(interval '$__interval', interval '1 minute'), time, timestamptz '2000-01-01 00:00:00+00') AS time,
       avg(value) AS "平均 mean", min(value) AS "最低 lowest", max(value) AS "最高 highest"
FROM grafana.reading
WHERE enterprise = ${enterprise:sqlstring} AND $__timeFilter(time) AND unit = 'V' AND quality <> 'bad'
  AND process IN (SELECT process FROM grafana.process WHERE enterprise = ${enterprise:sqlstring} AND kind = 'electrolysis')
GROUP BY 1
ORDER BY 1
