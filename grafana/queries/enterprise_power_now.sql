SELECT kw / 1000 AS "用电 used", purchased_kw / 1000 AS "外购 bought", produced_kw / 1000 AS "自发 made", sold_kw / 1000 AS "外送 sold"
FROM grafana.power_now
WHERE enterprise = ${enterprise:sqlstring}
