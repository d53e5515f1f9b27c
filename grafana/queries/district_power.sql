SELECT CASE WHEN count(*) = count(kw) THEN '用电负荷' ELSE count(kw) || '/' || count(*) || ' 家' END AS name,
       CASE WHEN count(*) = count(kw) THEN sum(kw) / 1000 END AS value
FROM grafana.power_now
