SELECT '外购 ' || coalesce(round((purchased_kw / 1000)::numeric, 1)::text, '—') || ' MW' AS name, 100 * produced_kw / nullif(kw, 0) AS value
FROM grafana.power_now
WHERE enterprise = ${enterprise:sqlstring}
