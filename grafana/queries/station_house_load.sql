SELECT '厂用 ' || coalesce(round((kw / 1000)::numeric, 1)::text, '—') || ' MW' AS name, 100 * kw / nullif(produced_kw, 0) AS value
FROM grafana.power_now
WHERE enterprise = ${enterprise:sqlstring}
