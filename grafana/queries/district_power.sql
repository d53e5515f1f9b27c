SELECT count(kw) || ' / ' || count(*) || ' 家在线' AS name,
       CASE WHEN count(*) = count(kw) THEN sum(kw) / 1000 END AS value
FROM grafana.power_now
